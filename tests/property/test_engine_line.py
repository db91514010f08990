"""Two posts under loss, cuts, kills and slow disks: nothing receipted is lost, all converges."""

from hypothesis import given, settings
from hypothesis import strategies as st

from openline.protocol.frames import FrameClass
from tests.unit.engine.pair import Pair, Random, Side

steps = st.lists(
    st.sampled_from(
        ["text a", "text b", "time", "cut", "connect", "kill a", "kill b", "disk", "full a", "loss"]
    ),
    min_size=4,
    max_size=25,
)


def prefixes(pair: Pair) -> None:
    """Of each log both disks hold a common prefix."""
    for log in (0, 1):
        one, other = pair.leaves(pair.a, log), pair.leaves(pair.b, log)
        count = min(len(one), len(other))
        assert one[:count] == other[:count]


def receipted_is_held(pair: Pair, side: Side) -> None:
    """What ``side`` shows as receipted stands on the other disk, now, before anything else."""
    own = 0 if side.post.view(pair.now).party == "a" else 1
    held = len(pair.other(side).store.entries[own])
    assert side.post.view(pair.now).record.receipted <= held


def act(pair: Pair, step: str, random: Random, number: int) -> None:
    verb, _, letter = step.partition(" ")
    side = pair.sides.get(letter, pair.a)
    match verb:
        case "text":
            pair.text(side, f"text {number}")
        case "kill":
            pair.restart(side, connect=bool(random(1)[0] % 2))
        case "full":
            side.store.fault = None if side.store.fault else "store.full"
        case "cut":
            pair.cut()
        case "connect":
            pair.connect()
        case "disk":
            pair.disk_slow = not pair.disk_slow
        case "loss":
            pair.drop = lambda _to, frame_class, _body: (
                frame_class != FrameClass.HELLO and random(1)[0] % 3 == 0
            )
        case _:
            pair.run(300)


@settings(max_examples=60, deadline=None)
@given(steps=steps, seed=st.integers(0, 2**32))
def test_nothing_receipted_is_lost(steps: list[str], seed: int) -> None:
    pair = Pair()
    random = Random(f"line {seed}")
    for number, step in enumerate(steps):
        act(pair, step, random, number)
        prefixes(pair)
        for side in (pair.a, pair.b):
            receipted_is_held(pair, side)
    heal(pair)
    for side in (pair.a, pair.b):
        assert side.store.codes() == []


def heal(pair: Pair) -> None:
    """Once faults stop, both are live, level and receipted."""
    pair.disk_slow = False
    pair.drop = lambda _to, _class, _body: False
    pair.a.store.fault = pair.b.store.fault = None
    pair.connect()
    pair.run(20_000, step=250)
    pair.assert_identical()
    for side in (pair.a, pair.b):
        view = side.post.view(pair.now)
        assert (view.record.state, view.record.outbox) == ("live", 0)
        assert view.record.receipted == view.record.own_size


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.sampled_from(
            ["text a", "text b", "time", "cut", "connect", "kill a", "kill b", "loss",
             "keep a", "keep b", "old a", "old b"]
        ),
        min_size=4,
        max_size=30,
    ),
    seed=st.integers(0, 2**32),
)  # fmt: skip
def test_old_backups_heal_and_never_fork(steps: list[str], seed: int) -> None:
    pair = Pair()
    random = Random(f"old {seed}")
    kept = {letter: side.store.copy() for letter, side in pair.sides.items()}
    for number, step in enumerate(steps):
        verb, _, letter = step.partition(" ")
        if verb == "keep":
            kept[letter] = pair.sides[letter].store.copy()
        elif verb == "old":
            pair.restart(pair.sides[letter], kept[letter].copy(), connect=bool(random(1)[0] % 2))
        else:
            act(pair, step, random, number)
    heal(pair)
    for side in (pair.a, pair.b):
        assert set(side.store.codes()) <= {
            "handshake.forgot",
            "handshake.head_lost",
            "handshake.own_log_missing",
        }
