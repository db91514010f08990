"""Where the threads of this process spend their time, looked at now and then."""

import sys
import threading
from collections import Counter
from types import FrameType

from typing_extensions import override

LOOK_S = 0.003
SHOWN = 6


class Sampler(threading.Thread):
    """Counts, for each thread, the function of ours or of a library that runs at each look."""

    def __init__(self) -> None:
        super().__init__(name="sampler", daemon=True)
        self.done = threading.Event()
        self.looks = 0
        self.found: dict[str, Counter[str]] = {}

    @override
    def run(self) -> None:
        while not self.done.wait(LOOK_S):
            names = {thread.ident: thread.name for thread in threading.enumerate()}
            self.looks += 1
            for ident, frame in sys._current_frames().items():
                name = names.get(ident, "?")
                if name != self.name:
                    self.found.setdefault(name, Counter())[place(frame)] += 1

    def rows(self) -> list[str]:
        """Per thread the most frequent places, in per cent of all looks."""
        self.done.set()
        self.join()
        lines = []
        for name, places in self.found.items():
            lines.append(f"  thread {name}")
            for where, count in places.most_common(SHOWN):
                lines.append(f"    {100 * count / self.looks:5.1f} %  {where}")
        return lines


def place(frame: FrameType) -> str:
    """The innermost frame of ours, and what it calls."""
    inner = frame.f_code.co_name
    at: FrameType | None = frame
    while at is not None and "openline" not in at.f_code.co_filename:
        at = at.f_back
    if at is None:
        return inner
    file = at.f_code.co_filename.rpartition("openline/")[2]
    return f"{file}:{at.f_code.co_name}" + ("" if at is frame else f" > {inner}")


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has taken, all threads."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123 - a line of the kernel's
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
