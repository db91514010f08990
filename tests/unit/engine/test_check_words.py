"""Challenge words: both sides hold the same list, nothing of it crosses or is written."""

import pytest

from openline.engine.ports import KeepWords
from openline.protocol.checks import CheckSaid
from openline.protocol.clock import Now
from openline.protocol.control import parse_control
from openline.protocol.frames import FrameClass
from openline.protocol.wordlists import LISTS
from openline.protocol.words import WORDS, WordsSecret
from openline.record.cbor import Value, decode, encode
from openline.record.checks import Result
from tests.unit.engine.check_pages import checks, ready_pair
from tests.unit.engine.pair import Pair, Side

both_ways = pytest.mark.parametrize("swapped", [False, True])
DAY_MS = 86_400_000


def renew(pair: Pair, side: Side) -> None:
    side.post.check_now(text=True, voice=False, words=True, now=pair.now)
    pair.settle()
    pair.run(2_000)


@both_ways
def test_both_sides_hold_the_same_list(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, _pages = ready_pair(swapped=swapped)
    renew(pair, pair.a)
    (one,), (other,) = pair.a.words, pair.b.words
    assert (one.name, one.words) == (other.name, other.words)
    assert len(set(one.words)) == WORDS
    for side in (pair.a, pair.b):
        assert side.post.view(pair.now).checks.words == one.name
        (*_, result) = checks(side)
        assert isinstance(result, Result)
        assert result.words == one.name
    renew(pair, pair.b)
    assert pair.a.words[1].words == pair.b.words[1].words != one.words


@both_ways
def test_no_word_crosses_the_link_or_stands_on_the_disk(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, _pages = ready_pair(swapped=swapped)
    renew(pair, pair.a)
    (kept,) = pair.a.words
    secret = bytes(kept.words)
    said = b"".join(frame.body for side in (pair.a, pair.b) for frame in side.sent)
    disk = b"".join(
        entry.leaf + (entry.body or b"") for side in (pair.a, pair.b)
        for half in side.store.entries for entry in half
    )  # fmt: skip
    for where in (said, disk):
        assert secret not in where
        assert secret[:6] not in where


@both_ways
def test_they_are_renewed_when_old_and_when_the_names_differ(swapped: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, _pages = ready_pair(swapped=swapped, words=7)

    def check() -> int:
        pair.a.post.check_now(text=True, voice=False, words=False, now=pair.now)
        pair.settle()
        pair.run(2_000)
        assert [item.name for item in pair.a.words] == [item.name for item in pair.b.words]
        return len(pair.a.words)

    assert check() == 1, "there is none yet"
    assert check() == 1
    pair.now = Now(pair.now.mono_ms, pair.now.wall_ms + 7 * DAY_MS + 60_000)
    assert check() == 2
    pair.now = Now(pair.now.mono_ms, pair.now.wall_ms - 30 * DAY_MS)
    assert check() == 3, "a clock that was set back keeps no list for ever"
    pair.b.post.checks._words.held = None
    assert check() == 3, "the results show it"
    assert check() == 4


@both_ways
@pytest.mark.parametrize("lost_to", ["a", "b"])
def test_a_lost_last_step_shows_and_is_mended(swapped: bool, lost_to: str) -> None:  # noqa: FBT001 - a parameter of pytest
    pair, _pages = ready_pair(swapped=swapped, words=7)
    pair.drop = lambda to, kind, body: (
        kind == FrameClass.CONTROL and to == lost_to and b"proof" in body
    )
    renew(pair, pair.a)
    pair.run(50_000)
    held = [len(side.words) for side in (pair.a, pair.b)]
    assert held == ([0, 0] if lost_to == "a" else [1, 0])
    pair.drop = lambda _to, _kind, _body: False
    for _ in range(2):
        pair.b.post.check_now(text=True, voice=False, words=False, now=pair.now)
        pair.settle()
        pair.run(2_000)
    assert pair.a.words[-1].words == pair.b.words[-1].words


def altered(body: bytes, **changes: Value) -> bytes:
    outer = decode(body, 4096)
    assert isinstance(outer, list)
    payload = outer[3]
    assert isinstance(payload, dict)
    words = payload["words"]
    assert isinstance(words, dict)
    outer[3] = payload | {"words": words | changes}
    return encode(outer)


@pytest.mark.parametrize(
    "changes", [{"key": bytes(32)}, {"proof": bytes(32)}, {"key": b"k" * 31}, {"more": 1}]
)
def test_a_false_part_is_evidence_and_gives_no_list(changes: dict[str, Value]) -> None:
    pair, _pages = ready_pair(swapped=False)

    def forge(to: str, kind: int, body: bytes) -> bool:
        if kind != FrameClass.CONTROL or to != "a" or b"words" not in body:
            return False
        if parse_control(body).name == "check":
            pair.a.post.frame_received(kind, 1, altered(body, **changes), pair.now)
            return True
        return False

    pair.drop = forge
    renew(pair, pair.a)
    assert pair.a.words == []
    assert {"protocol.check", "record.encoding"} & set(pair.a.store.codes())
    pair.run(50_000)
    assert pair.a.post.view(pair.now).checks.running == ""


def test_the_word_lists_are_whole() -> None:
    for words in LISTS.values():
        assert len(words) == len(set(words)) == 256
    assert len({word[:4] for word in LISTS["en"]}) > 230, "short beginnings tell them apart"
    assert isinstance(KeepWords, type)


def test_words_are_agreed_only_within_a_check_that_was_taken_up() -> None:
    pair, _pages = ready_pair(swapped=False)
    part = WordsSecret(b"s" * 32, b"n" * 16)
    for number in range(3):
        said = CheckSaid(check=bytes([number]) * 8, begins=True, words=part.said)
        frame = encode([pair.b.post._ctx.incarnation[:8], "check", 1 + number, said.payload()])
        pair.a.post.frame_received(FrameClass.CONTROL, 1, frame, pair.now)
    assert pair.a.post.checks._words.check == b""
    assert pair.a.store.codes() == []
