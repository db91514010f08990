"""Posts that are hurt at random moments while both sides write: nothing receipted is ever lost.

After each blow, before anything is started again, the dead side's disk is read.
Of the other side's log it must hold everything that the other side has a receipt
for; of its own it must hold every text that it had said was written. At the end
both records are equal and verify.
"""

import random  # noqa: TID251 - a test picks its moments by a printed seed
import threading
import time
from pathlib import Path

from typing_extensions import override

from openline.engine.ports import StoredState
from openline.errors import OpenlineError
from openline.record.bodies import parse_text
from openline.record.entry import parse_entry
from tests.e2e.post_rig import PostProcess, openline, pins, settle

WRITERS = 3
# Dense enough that every kill falls among commits; without it 200 rounds would write more than
# 100,000 entries, and the test would measure how long such a record takes to open.
PAUSE_S = 0.03


class Writer(threading.Thread):
    """Writes texts to one post for as long as it is there, and notes what was promised."""

    def __init__(self, post: PostProcess, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.post = post
        self.done = threading.Event()
        self.lock = threading.Lock()
        self.written: set[str] = set()
        self.number = 0

    @override
    def run(self) -> None:
        while not self.done.is_set():
            self.number += 1
            text = f"{self.name} {self.number}"
            try:
                self.post.ask("text", 5.0, text=text, lang="en", wait="written", timeout=3)
            except OpenlineError:
                time.sleep(0.05)
                continue
            with self.lock:
                self.written.add(text)
            time.sleep(PAUSE_S)

    def promised(self) -> set[str]:
        with self.lock:
            return set(self.written)


def texts_of(state: StoredState, log: int) -> set[str]:
    """The texts of one log and of the outbox as a dead post's disk has them."""
    found = {
        parse_text(entry.body).text
        for entry in state.entries[log][1:]
        if entry.body is not None and parse_entry(entry.leaf).claims.kind == "text"
    }
    return found | {parse_text(item.body).text for item in state.outbox if item.kind == "text"}


def receipted_by_disk(state: StoredState, log: int) -> int:
    sizes = [note.size for note in state.notes if note.log == log and note.receipt is not None]
    return max(sizes, default=0)


class Case:
    """Two posts, their writers, and the judgement after each kill."""

    def __init__(self, posts: tuple[PostProcess, PostProcess], seed: int) -> None:
        self.posts = posts
        self.random = random.Random(seed)
        self.party = ["ab".index(post.status()["party"]) for post in posts]
        self.writers = [
            [Writer(post, f"{post.root.name}-{number}") for number in range(WRITERS)]
            for post in posts
        ]
        self.checked = 0

    def blow(self, post: PostProcess) -> None:
        """What happens to a victim before it is killed; nothing, here."""

    def kill_one_or_both(self) -> None:
        victims = [0, 1] if self.random.random() < 0.25 else [self.random.randrange(2)]
        time.sleep(self.random.uniform(0.05, 1.2))
        for side in victims:
            self.blow(self.posts[side])
        promised = [self.promised(side) for side in (0, 1)]
        for side in victims:
            self.posts[side].kill()
        time.sleep(0.15)  # What was on its way to the one that lives has arrived.
        for side in victims:
            self.judge(side, promised[side])
        for side in victims:
            self.posts[side].start(wait=False)
        for side in victims:
            self.posts[side].until(lambda _status: True)

    def promised(self, side: int) -> set[str]:
        return set().union(*(writer.promised() for writer in self.writers[side]))

    def judge(self, side: int, promised: set[str]) -> None:
        disk = self.posts[side].disk()
        other = self.posts[1 - side]
        other_log = self.party[1 - side]
        if other.process is None:
            receipted = receipted_by_disk(other.disk(), other_log)
        else:
            receipted = int(other.status()["record"]["receipted"])
        held = len(disk.entries[other_log])
        assert held >= receipted, f"{side}: holds {held}, gave receipts up to {receipted}"
        lost = promised - texts_of(disk, self.party[side])
        assert not lost, f"{side}: said to be written and not on disk: {sorted(lost)[:5]}"
        self.checked += 1


def hurt(case: Case, rounds: int, tmp_path: Path) -> None:
    """Kill one or both so often, judge each time; at the end both records are equal and verify."""
    north, south = case.posts
    everyone = [writer for side in case.writers for writer in side]
    for writer in everyone:
        writer.start()
    for _ in range(rounds):
        case.kill_one_or_both()
    for writer in everyone:
        writer.done.set()
    for writer in everyone:
        writer.join(20)
    assert case.checked >= rounds
    settle(north, south)
    for post in (north, south):
        openline("record", post.root, "export", tmp_path / f"{post.root.name}.bundle")
        assert post.stop() == 0
    disks = [post.disk() for post in (north, south)]
    assert [[e.leaf for e in half] for half in disks[0].entries] == [
        [e.leaf for e in half] for half in disks[1].entries
    ]
    for side in (0, 1):
        missing = case.promised(side) - texts_of(disks[1 - side], case.party[side])
        assert not missing
        assert len(case.promised(side)) > rounds
    for name in ("north", "south"):
        openline("verify", tmp_path / f"{name}.bundle", *pins(north, south))
