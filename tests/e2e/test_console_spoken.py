"""The page of phrases, declarations and recording, at a post that a test moves by hand."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from openline.engine.desk import Refused
from openline.engine.desk_spoken import (
    DeclaredView,
    RecordCall,
    RecordingView,
    SpeakPhrase,
    SpokenView,
)
from tests.e2e.console_rig import Console, chromium, console
from tests.unit.web.fake_desk_api import wall_ms

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.needs_chromium,
    pytest.mark.timeout(120),
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    async with chromium(chromium_path) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser) -> AsyncIterator[Console]:
    async with console(browser) as made:
        await made.sign_in()
        yield made


def at(desk: Console, whose: str, name: str, value: str) -> str:
    del desk
    return f"document.querySelector('.declared.d-{whose}')?.dataset.{name} === '{value}'"


async def test_declarations_stand_at_all_times_and_what_is_not_known_says_so(
    desk: Console,
) -> None:
    for whose in ("peer", "own"):
        await desk.until(at(desk, whose, "recording", "unknown"))
        await desk.until(at(desk, whose, "interpreter", "unknown"))
    assert "Assume that you may be recorded" in await desk.page.inner_text("#foot")
    desk.api.set(
        peer_declared=DeclaredView(recording="always", now=True, interpreter="eta", eta_ms=-65_000),
        own_declared=DeclaredView(recording="never", interpreter="present"),
    )
    await desk.until(at(desk, "peer", "now", "true"))
    await desk.until(at(desk, "own", "recording", "never"))
    line = await desk.page.inner_text("#foot .declared-lines")  # always in sight
    for words in ("every call is recorded", "RECORDING NOW", "nothing is recorded", "Assume that"):
        assert words in line
    shown = await desk.page.inner_text("#foot .d-peer")
    assert "every call is recorded" in shown
    assert "RECORDING NOW" in shown
    assert re.search(r"overdue by 6\d s", shown)  # its seconds grow as the view ages
    before = await desk.page.inner_text("#before .d-peer")  # beside its label, and with a shape
    assert "always, ON NOW" in before
    assert "OVERDUE by 1:0" in before
    assert await desk.page.locator("#before .d-peer .bad .shape").count() == 1
    assert await desk.page.is_disabled("#record-key")
    await desk.page.keyboard.press("l")
    assert "译员已逾期" in await desk.page.inner_text("#foot .d-peer")
    await desk.stop_server()  # what a page cannot know it does not say
    await desk.until(at(desk, "peer", "recording", "unknown"))
    assert "录音情况不明" in await desk.page.inner_text("#foot .d-peer")
    assert "请假定" in await desk.page.inner_text("#foot")


async def test_one_key_each_and_the_officers_own_word(desk: Console) -> None:
    await desk.until("document.querySelectorAll('.phrase-keys button').length === 10")
    await desk.page.keyboard.press("p")
    await desk.page.keyboard.press("0")
    await desk.page.click(".phrase[data-n='2']")
    await desk.page.keyboard.press("p")
    await desk.acted(("phrase", 10))
    await desk.acted(("phrase", 2))
    await desk.page.fill("#draft", "7")  # a digit in a text is a digit
    await desk.page.evaluate("document.activeElement.blur()")
    await desk.page.select_option("#declare-recording", "never")
    await desk.acted(("declare", "never", "", 0))
    await desk.page.fill("#interpreter-minutes", "45")
    await desk.page.evaluate("document.activeElement.blur()")
    await desk.page.select_option("#declare-interpreter", "eta")
    await desk.acted(("declare", "", "eta", 2_700))
    desk.api.set(own_declared=DeclaredView(recording="never", interpreter="eta", eta_ms=60_000))
    await desk.until(at(desk, "own", "interpreter", "eta"))
    await desk.page.fill("#interpreter-minutes", "30")  # it takes longer than was said
    await desk.page.evaluate("document.activeElement.blur()")
    await desk.acted(("declare", "", "eta", 1_800))
    assert ("phrase", 7) not in desk.api.acts
    desk.api.tell(Refused(request="phrase", code="phrase.too_many"))
    await desk.page.wait_for_selector("#voice .notice")
    assert "20 were spoken" in await desk.page.inner_text("#voice .notice")


async def test_a_phrase_of_the_peer_is_played_in_this_pages_language_and_shown_in_both(
    desk: Console,
) -> None:
    desk.api.set(spoken=SpokenView(whose="peer", n=7, seq=3, wall_ms=wall_ms(), sounded=True))
    desk.api.tell(SpeakPhrase(n=7, seq=3, call="0a0b0c0d"))
    await desk.page.wait_for_selector(".phrase-spoken.p-peer[data-n='7']")
    shown = await desk.page.inner_text(".phrase-spoken")
    assert "I do not understand." in shown
    assert "我听不懂" in shown
    assert "SYNTHETIC VOICE" in shown
    assert await desk.page.is_visible("#said")
    assert not await desk.page.is_visible("#phrases")
    assert "SYNTHETIC VOICE" in await desk.page.inner_text("#phrases")
    (said,) = await desk.obeyed("speak")
    assert said["url"] == f"{desk.server.names.audio}/phrase/en/7"
    for kind in ("talk", "arm"):  # no microphone for it
        assert await desk.obeyed(kind) == []


async def test_the_page_records_only_when_its_post_says_so(desk: Console) -> None:
    assert await desk.obeyed("record") == []
    desk.api.set(recording=RecordingView(state="on", desk="00" * 8))
    desk.api.tell(RecordCall(on=True, call="0a0b0c0d", part=1))
    await desk.page.wait_for_selector("#recording-state[data-state='on']")
    await desk.until("true")
    (begun,) = await desk.obeyed("record")
    assert (begun["on"], begun["call"], begun["part"]) == (True, "0a0b0c0d", 1)
    await desk.page.click("#record-key")
    await desk.acted(("record", False))
    desk.api.set(recording=RecordingView(state="off", fault="recording.disk_full"))
    await desk.page.wait_for_selector("#before .notice")
    assert "the disk is full" in await desk.page.inner_text("#before .notice")
