"""Every way a call can be answered, through two whole posts and real pages, who calls in turn.

Each side's account is read from both disks at the end and laid side by side; until then both pages
must say the same of each call.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from openline.engine.call_floor import LATCH_LATE_MS
from openline.protocol.accounts import Account, compare, parse_account
from openline.record.bodies import KIND_CALL
from openline.record.entry import parse_entry
from tests.e2e.post_rig import PostProcess, is_up, make_pair, running
from tests.e2e.test_mesh import Desk, seated
from tests.e2e.voice_rig import chromium, write_tone

pytestmark = [pytest.mark.asyncio, pytest.mark.needs_chromium, pytest.mark.timeout(200)]

IN_CALL = "document.querySelector('.truths') !== null"
CALL_TEXT = "(document.querySelector('.call')?.innerText ?? '')"
OPEN = "document.querySelector('.two-way.on') !== null"
MATCHES = "document.querySelectorAll('#timeline .verdict.v-match').length"
RING, TWO_WAY = ".begin button >> nth=0", ".begin button >> nth=1"


@dataclass
class Line:
    """The two sides by what they do; ``expected`` grows with each call that was made."""

    caller: Desk
    called: Desk
    second: Desk
    expected: list[dict[str, Any]] = field(default_factory=list)

    @property
    def both(self) -> tuple[Desk, Desk]:
        return self.caller, self.called

    async def ring(self, button: str = RING) -> None:
        await self.caller.page.click(button)
        for desk in self.both:
            await desk.until(IN_CALL)

    async def over(self, **account: Any) -> None:  # noqa: ANN401 - fields of an account
        """The call is over at both, and both pages have laid the two accounts side by side."""
        self.expected.append(account)
        for desk in self.both:
            await desk.until(f"!({IN_CALL})")
            await desk.until(f"{MATCHES} === {len(self.expected)}")

    async def shown(self, *words: str) -> None:
        for desk in self.both:
            for word in words:
                await desk.until(f"{CALL_TEXT}.includes({word!r})")


async def key(desk: Desk, letter: str) -> None:
    await desk.page.keyboard.press(letter)


async def taken(line: Line) -> None:
    await line.ring()
    await line.called.press()
    await line.called.mic("LIVE")
    await line.caller.hears()
    await line.called.release()
    await key(line.caller, "e")
    await line.over(outcome="ended", taken=True, pressed=True, answer="")


async def fetching(line: Line) -> None:
    await line.ring()
    await key(line.called, "f")
    await line.shown("rincipal")
    await key(line.caller, "e")
    await line.over(outcome="withdrawn", taken=False, pressed=True, answer="fetching", due_s=300)


async def reply(line: Line) -> None:
    await line.ring()
    await key(line.called, "r")
    await line.over(outcome="reply_promised", taken=False, pressed=True, answer="reply", due_s=3600)
    for desk in line.both:  # and the promise stands at both until it is kept
        await desk.until("document.querySelectorAll('#promises .promise').length === 1")
    await line.called.write("This is the reply that was promised.")
    for desk in line.both:
        await desk.until("document.querySelectorAll('#promises .promise').length === 0")


async def declined(line: Line) -> None:
    await line.ring()
    await key(line.called, "d")
    await line.over(outcome="declined", taken=False, pressed=True, answer="declined")


async def silenced(line: Line) -> None:
    await line.ring()
    await key(line.called, "s")
    await line.shown("ilenced")
    await key(line.caller, "e")
    await line.over(outcome="withdrawn", taken=False, silenced=True, pressed=True)


async def unanswered(line: Line) -> None:
    await line.ring()
    await key(line.caller, "e")
    await line.over(outcome="withdrawn", taken=False, silenced=False, pressed=False, answer="")


async def both_ways(line: Line) -> None:
    """Open by two acts, and shut at both by one, of the side that did not ask."""
    await line.ring()
    await line.called.press()
    await line.called.release()
    await line.called.mic("ARMED")
    await key(line.caller, "w")
    await line.called.until("document.querySelector('.two-way.asked') !== null")
    assert not await line.caller.page.evaluate(OPEN)
    await key(line.called, "w")
    for desk in line.both:
        await desk.until(OPEN)
        await desk.mic("LIVE")
    for desk in line.both:
        await desk.hears()
    await key(line.called, "w")
    for desk in line.both:
        await desk.until(f"!({OPEN})")
        await desk.mic("ARMED")
    await key(line.called, "e")
    await line.over(outcome="ended", taken=True, two_way=True)
    await asyncio.sleep(LATCH_LATE_MS / 1000)  # a press so soon could be a latch of before


async def taken_over(line: Line) -> None:
    """The call goes to another desk of the called side by hand; no microphone opens by that."""
    await line.ring()
    await line.called.press()
    await line.called.release()
    await line.second.page.click(".elsewhere button")
    await line.called.until("document.querySelector('.elsewhere') !== null")
    await line.second.until("document.querySelector('.elsewhere') === null")
    assert await line.called.page.evaluate("line.seen.state.mic") != "LIVE"
    await line.second.press()
    await line.second.mic("LIVE")
    await line.caller.hears()
    await line.second.release()
    await key(line.second, "e")
    await line.over(outcome="ended", taken=True, pressed=True)


CASES: tuple[Callable[[Line], Awaitable[None]], ...] = (
    taken, fetching, reply, declined, silenced, unanswered, both_ways, taken_over,
)  # fmt: skip


async def interpreters(line: Line) -> None:
    """What each side says of its interpreter is known to the other before it calls."""
    for whose, desk, other in (("p", *line.both), ("q", *line.both[::-1])):
        word = "present" if whose == "p" else "none"
        await desk.page.select_option("#declare-interpreter", word)
        await other.until(
            f"document.querySelector('#before .d-peer').dataset.interpreter === '{word}'"
        )
        await desk.page.evaluate("document.activeElement.blur()")


async def refused(line: Line, post: PostProcess) -> None:
    """A side that takes no ring now says so by itself, and both accounts do."""
    await asyncio.to_thread(post.stop)
    post.environment |= {"OPENLINE_CALLS__RING": "never"}
    await asyncio.to_thread(post.start)
    await asyncio.to_thread(post.until, is_up)
    for desk in line.both:
        await desk.until("document.title.includes('LINK UP')")
        await desk.until("line.seen.state?.pc === 'connected'")
        await desk.until("document.querySelector('#talk-why').textContent === ''")
    await line.caller.page.click(RING)
    await line.over(outcome="refused_by_setting", taken=False, pressed=False)


def accounts(post: PostProcess) -> tuple[list[Account], list[Account]]:
    """Of the two logs on the disk of a stopped post, oldest first."""
    found: list[list[Account]] = []
    for log in post.disk().entries:
        entries = [entry for entry in log if entry.body is not None]
        bodies = [e.body for e in entries if parse_entry(e.leaf).claims.kind == KIND_CALL]
        found.append([parse_account(body) for body in bodies if body is not None])
    return found[0], found[1]


@pytest.mark.parametrize("way", [0, 1], ids=["north-calls", "south-calls"])
async def test_every_answer_stands_in_both_accounts(
    chromium_path: str, tmp_path: Path, way: int
) -> None:
    posts = make_pair(tmp_path)
    calling, called = posts[way], posts[1 - way]
    tone = write_tone(tmp_path / "tone.wav")
    with running(*posts):
        await asyncio.to_thread(posts[0].until, is_up)
        async with (
            chromium(chromium_path, tone) as browser,
            seated(browser, calling) as caller,
            seated(browser, called) as first,
            seated(browser, called) as second,
        ):
            line = Line(caller, first, second)
            for desk in (caller, first, second):
                await desk.until("line.seen.state?.pc === 'connected'")
            await second.becomes_principal()
            await interpreters(line)
            for case in CASES:
                await case(line)
            await refused(line, called)
            for desk in (caller, first, second):
                assert desk.faults == []
        for post in posts:
            await asyncio.to_thread(post.stop)
    for post in posts:
        for one, other, wanted in zip(*accounts(post), line.expected, strict=True):
            assert compare(one, other).word == "match", (one, other)
            for account in (one, other):
                assert {name: getattr(account, name) for name in wanted} == wanted
