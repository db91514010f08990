"""Sealed exchanges between two engines: nothing is revealed early, nothing is said of why not."""

from dataclasses import replace

import pytest

from openline.engine.desk_exchange import CommitTo, ExchangeAct, ExchangeView, Reveal
from openline.engine.ports import StoredEntry, Writes
from openline.protocol.frames import FrameClass
from openline.record.entry import parse_entry
from openline.record.exchange import Terms, seal_entry
from tests.unit.engine.pair import DESK, WALL, Pair, Side

UNTIL_S = WALL // 1000 + 600
TERMS = Terms(language="en", title="Sonar contact", size=512, until_s=UNTIL_S, default="No contact")
TEXTS = {"a": "Bearing 041", "b": "Bearing 043"}


@pytest.fixture(params=[(False, "a"), (True, "a"), (False, "b"), (True, "b")], ids=str)
def pair(request: pytest.FixtureRequest) -> Pair:
    """Mirrored: which identity is which party, and who opens."""
    swapped, opener = request.param
    made = Pair(swapped=swapped)
    if opener == "b":
        made.a, made.b = made.b, made.a
    return made


def act(pair: Pair, side: Side, what: ExchangeAct) -> str:
    """Do it; the code of the refusal, or ""."""
    before = len(side.refused())
    side.post.exchange((DESK[side.letter], "x"), what, pair.now)
    pair.settle()
    refused = side.refused()[before:]
    return refused[-1].code if refused else ""


def view(pair: Pair, side: Side) -> ExchangeView:
    return side.post.view(pair.now).exchanges[-1]


def item(pair: Pair) -> str:
    return view(pair, pair.a).item


def commit(pair: Pair, side: Side) -> str:
    return act(pair, side, CommitTo(item=item(pair), lang="en", text=TEXTS[side.letter]))


def reveal(pair: Pair, side: Side) -> str:
    return act(pair, side, Reveal(item=item(pair)))


def opened(pair: Pair) -> None:
    assert act(pair, pair.a, TERMS) == ""
    pair.run(300)


def entries(side: Side, kind: str) -> list[StoredEntry]:
    return [
        entry
        for log in side.store.entries
        for entry in log[1:]
        if parse_entry(entry.leaf).claims.kind == kind
    ]


def states(pair: Pair, side: Side) -> tuple[str, str, str]:
    found = view(pair, side)
    return found.state, found.own.state, found.peer.state


def test_both_commit_both_reveal_and_both_see_the_same(pair: Pair) -> None:
    opened(pair)
    assert (view(pair, pair.a).opener, view(pair, pair.b).opener) == ("own", "peer")
    assert states(pair, pair.b) == ("committing", "none", "none")
    assert commit(pair, pair.b) == ""
    pair.run(300)
    assert states(pair, pair.b) == ("committing", "held", "none")
    assert states(pair, pair.a) == ("committing", "none", "held")
    assert commit(pair, pair.a) == ""
    pair.run(300)
    for side in (pair.a, pair.b):
        assert states(pair, side) == ("revealing", "held", "held")
        assert view(pair, side).may_reveal
        assert view(pair, side).peer.text == ""
    assert reveal(pair, pair.a) == ""
    pair.run(300)
    assert states(pair, pair.b) == ("revealing", "held", "revealed")
    assert reveal(pair, pair.b) == ""
    pair.run(300)
    for side, other in ((pair.a, pair.b), (pair.b, pair.a)):
        found = view(pair, side)
        assert found.state == "both_revealed"
        assert (found.own.text, found.peer.text) == (TEXTS[side.letter], TEXTS[other.letter])
        assert not found.may_commit
        assert not found.may_reveal
        assert not found.own.defaulted
    pair.assert_identical()


def test_no_byte_of_a_text_leaves_before_the_other_side_committed(pair: Pair) -> None:
    opened(pair)
    commit(pair, pair.a)
    pair.run(500)
    words = TEXTS[pair.a.letter].encode()
    assert reveal(pair, pair.a) == "exchange.early"
    assert not any(words in frame.body for frame in pair.a.sent)
    commit(pair, pair.b)
    pair.run(300)
    assert reveal(pair, pair.a) == ""
    pair.run(300)
    assert any(words in frame.body for frame in pair.a.sent)


def test_nothing_is_revealed_before_the_own_commitment_is_receipted(pair: Pair) -> None:
    opened(pair)
    commit(pair, pair.b)
    pair.run(300)
    pair.drop = lambda to, kind, _body: to == pair.a.letter and kind == FrameClass.RECEIPT
    commit(pair, pair.a)
    pair.run(300)
    assert states(pair, pair.a) == ("revealing", "committed", "held")
    assert view(pair, pair.a).why == "exchange.not_held"
    assert reveal(pair, pair.a) == "exchange.not_held"
    pair.drop = lambda _to, _kind, _body: False
    pair.run(2_000)
    assert reveal(pair, pair.a) == ""


def test_who_is_cut_off_reveals_when_the_other_is_there_and_is_not_accused(pair: Pair) -> None:
    opened(pair)
    commit(pair, pair.a)
    commit(pair, pair.b)
    pair.run(300)
    pair.cut()
    assert reveal(pair, pair.a) == ""
    pair.run(12_000)
    assert states(pair, pair.b) == ("revealing", "held", "held")
    pair.connect()
    pair.run(6_000)
    assert view(pair, pair.b).peer.text == TEXTS[pair.a.letter]


def test_after_the_deadline_the_default_stands_and_no_cause(pair: Pair) -> None:
    opened(pair)
    commit(pair, pair.a)
    commit(pair, pair.b)
    pair.run(300)
    reveal(pair, pair.a)
    pair.run(601_000, step=1_000)
    for side, other in ((pair.a, "peer"), (pair.b, "own")):
        found = view(pair, side)
        assert found.state == "over"
        assert getattr(found, other).defaulted
        assert not getattr(found, "own" if other == "peer" else "peer").defaulted
        assert found.default == TERMS.default
    assert reveal(pair, pair.b) == "exchange.over"
    assert not view(pair, pair.b).may_reveal


def test_a_default_binds_nobody_who_did_not_commit(pair: Pair) -> None:
    opened(pair)
    commit(pair, pair.a)
    pair.run(601_000, step=1_000)
    for side in (pair.a, pair.b):
        assert view(pair, side).state == "over"
    assert not view(pair, pair.a).peer.defaulted
    assert not view(pair, pair.b).own.defaulted
    assert commit(pair, pair.b) == "exchange.over"


def test_a_reveal_that_was_under_way_at_the_deadline_reads_late(pair: Pair) -> None:
    opened(pair)
    commit(pair, pair.a)
    commit(pair, pair.b)
    pair.run(300)
    reveal(pair, pair.b)
    pair.run(300)
    pair.cut()
    reveal(pair, pair.a)
    pair.run(602_000, step=1_000)
    pair.connect()
    pair.run(6_000)
    found = view(pair, pair.b)
    assert (found.state, found.peer.late, found.peer.defaulted) == ("over", True, True)
    assert found.peer.text == TEXTS[pair.a.letter]
    mine = view(pair, pair.a)
    assert (mine.own.late, mine.state) == (False, "both_revealed")


def test_a_second_press_writes_nothing(pair: Pair) -> None:
    opened(pair)
    pair.disk_slow = True
    commit(pair, pair.a)
    assert commit(pair, pair.a) == "exchange.asked"
    pair.disk_slow = False
    pair.run(300)
    assert commit(pair, pair.a) == "exchange.twice"
    assert len(entries(pair.a, "seal-commit")) == 1
    commit(pair, pair.b)
    pair.run(300)
    reveal(pair, pair.a)
    pair.run(6_000)
    assert reveal(pair, pair.a) == "exchange.twice"
    assert len(entries(pair.b, "seal-reveal")) == 1


def test_what_was_committed_outlives_kill_and_leaves_the_disk_once_revealed(pair: Pair) -> None:
    opened(pair)
    commit(pair, pair.a)
    commit(pair, pair.b)
    pair.run(300)
    for side in (pair.a, pair.b):
        assert sum(bool(value) for key, value in side.store.meta.items() if key[:5] == "seal-") == 1
        pair.restart(side)
    pair.run(3_000)
    assert reveal(pair, pair.a) == reveal(pair, pair.b) == ""
    pair.run(500)
    assert view(pair, pair.a).state == view(pair, pair.b).state == "both_revealed"
    for side in (pair.a, pair.b):
        assert not any(value for key, value in side.store.meta.items() if key[:5] == "seal-")


def test_the_secret_is_on_disk_no_later_than_the_commitment(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(pair)
    store = pair.a.store
    was = store.commit

    def commit_and_look(writes: Writes) -> str | None:
        code = was(writes)
        if entries(pair.a, "seal-commit"):
            assert any(key.startswith("seal-") for key in store.meta)
        return code

    monkeypatch.setattr(store, "commit", commit_and_look)
    assert commit(pair, pair.a) == ""
    assert len(entries(pair.a, "seal-commit")) == 1


def test_a_post_restored_from_before_its_commitment_says_that_it_cannot_reveal(pair: Pair) -> None:
    opened(pair)
    backup = pair.a.store.copy()
    commit(pair, pair.a)
    commit(pair, pair.b)
    pair.run(500)
    pair.restart(pair.a, backup)
    pair.run(4_000)
    assert pair.a.post.view(pair.now).record.state == "live"
    found = view(pair, pair.a)
    assert (found.why, found.may_reveal) == ("exchange.secret", False)
    assert reveal(pair, pair.a) == "exchange.secret"


def test_a_refused_commitment_may_be_made_again_with_other_words(pair: Pair) -> None:
    opened(pair)
    pair.a.store.fault = "store.full"
    assert commit(pair, pair.a) == "store.full"
    pair.a.store.fault = None
    pair.run(6_000)
    assert act(pair, pair.a, CommitTo(item=item(pair), lang="en", text="Other")) == ""
    commit(pair, pair.b)
    pair.run(300)
    assert reveal(pair, pair.a) == ""
    pair.run(300)
    assert view(pair, pair.b).peer.text == "Other"


def test_before_the_record_is_live_a_commitment_waits_in_the_outbox(pair: Pair) -> None:
    opened(pair)
    pair.restart(pair.a, connect=False)
    assert commit(pair, pair.a) == ""
    pair.run(6_000)
    assert commit(pair, pair.a) == "exchange.asked"
    pair.restart(pair.a, connect=False)
    assert commit(pair, pair.a) == "exchange.asked"
    pair.connect()
    pair.run(3_000)
    assert states(pair, pair.b) == ("committing", "none", "held")
    commit(pair, pair.b)
    pair.run(300)
    assert reveal(pair, pair.a) == ""


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (CommitTo(item="a-1", lang="en", text="x"), "exchange.unknown"),
        (CommitTo(item="x", lang="en", text="x"), "exchange.unknown"),
        (CommitTo(item="a-99999999999999999999999", lang="en", text="x"), "exchange.unknown"),
        (Reveal(item="b-²"), "exchange.unknown"),
        (Terms(language="en", title="t", size=512, until_s=5, default="d"), "exchange.until"),
        (Terms(language="en", title="t", size=7, until_s=UNTIL_S, default="d"), "exchange.content"),
    ],
)
def test_what_cannot_be_is_refused(pair: Pair, what: ExchangeAct, code: str) -> None:
    assert act(pair, pair.a, what) == code
    assert not any(
        seal_entry(log, entry.leaf, entry.body)
        for log in (0, 1)
        for entry in pair.a.store.entries[log][1:]
    )


def test_the_text_must_fit_and_may_be_tried_again_at_once(pair: Pair) -> None:
    opened(pair)
    long = CommitTo(item=item(pair), lang="en", text="x" * 600)
    assert act(pair, pair.a, long) == "exchange.too_long"
    assert commit(pair, pair.a) == ""


def test_a_long_text_does_not_go_out_with_every_tick(pair: Pair) -> None:
    long = "方位" * 1_500
    terms = replace(TERMS, size=11_264)
    assert act(pair, pair.a, terms) == ""
    pair.run(300)
    assert act(pair, pair.a, CommitTo(item=item(pair), lang="zh-Hans", text=long)) == ""
    commit(pair, pair.b)
    pair.run(300)
    assert reveal(pair, pair.a) == ""
    pair.run(300)
    assert view(pair, pair.b).peer.text == long[:400] + "…"
    assert pair.b.post.exchanges(pair.now)[-1].peer.text == long
    (line,) = [each for each in pair.b.post.timeline(100) if each.kind == "seal-reveal"]
    assert line.facts["text"] == long


def test_a_locked_desk_exchanges_nothing(pair: Pair) -> None:
    pair.a.post.desk_locked(DESK[pair.a.letter], pair.now)
    assert act(pair, pair.a, TERMS) == "engine.desk_locked"


def test_the_timeline_names_what_counts_and_what_does_not(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The peer is not ours: one that reveals early writes an entry, which is void."""
    opened(pair)
    commit(pair, pair.a)
    pair.run(300)
    monkeypatch.setattr(pair.a.post._exchanges, "_why_not_reveal", lambda _found: "")
    assert reveal(pair, pair.a) == ""
    pair.run(300)
    for side in (pair.a, pair.b):
        (void,) = [each for each in side.post.timeline(100) if each.kind == "seal-reveal"]
        assert void.facts == {"void": "exchange.early"}
        found = view(pair, side)
        assert found.own.text == found.peer.text == ""
        (line,) = [each for each in side.post.timeline(100) if each.kind == "seal-commit"]
        assert line.facts == {"exchange": item(pair), "title": TERMS.title}
        assert line.officer == "W-1"
    pair.restart(pair.b)
    pair.run(1_000)
    (void,) = [each for each in pair.b.post.timeline(100) if each.kind == "seal-reveal"]
    assert void.facts == {"void": "exchange.early"}
