"""Two posts in two network namespaces, two paths of 50 ms, one of them cut in mid-traffic."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.pathlab.pathlab import PathLab

ROOT = Path(__file__).parents[2]
POST = ROOT / "tests" / "pathlab" / "link_post.py"


class FarPost:
    """A link in a namespace, as seen through its pipes."""

    def __init__(self, lab: PathLab, side: int, seeds: list[str]) -> None:
        self.process = lab.popen(
            "ab"[side],
            [sys.executable, str(POST), str(side), *seeds],
            env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.row: dict[str, Any] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            if line.startswith("{"):
                self.row = json.loads(line)

    def tell(self, word: str) -> None:
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def end(self) -> None:
        self.tell("end")
        self.process.wait(20)
        self._reader.join(20)
        self.process.stdin.close()
        self.process.stdout.close()


def wait(condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def fell_silent(post: FarPost) -> bool:
    return post.row["talking"] is False


def heard_all(post: FarPost, sent: list[int]) -> bool:
    """How many, how many different ones, and the last: nothing lost, nothing twice."""
    media, batch = sent
    return bool(post.row["media"] == [media] * 3 and post.row["batch"] == [batch] * 3)


@pytest.mark.needs_root
def test_a_path_cut_for_two_seconds_loses_nothing_and_its_lamp_returns() -> None:
    seeds = ["11" * 32, "22" * 32]
    with PathLab(["delay=50", "delay=50"], seed=1) as lab:
        posts = [FarPost(lab, side, seeds) for side in (0, 1)]
        wait(lambda: all(post.row.get("alive") == [True, True] for post in posts))
        assert all(post.row["warnings"] == [[], []] for post in posts)  # two interfaces
        for post in posts:
            post.tell("talk")
        wait(lambda: all(post.row["media"][0] > 50 for post in posts))
        lab.cut(0)
        cut_at = time.monotonic()
        wait(lambda: all(post.row["alive"] == [False, True] for post in posts))
        time.sleep(max(0.0, cut_at + 2.0 - time.monotonic()))
        lab.restore(0)
        wait(lambda: all(post.row["alive"] == [True, True] for post in posts))
        time.sleep(1.0)
        for post in posts:
            post.tell("hush")
        for sender, hearer in (posts, posts[::-1]):
            wait(partial(fell_silent, sender))
            wait(partial(heard_all, hearer, sender.row["sent"]))
        for post in posts:
            post.end()
