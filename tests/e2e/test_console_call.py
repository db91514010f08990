"""A call at the page: answers, two-way, latch, own desks; over a scripted post, both languages.

What the engine of this tree cannot produce yet is laid over the post's frames (``Script``).
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from openline.engine.desk import TimelineItem, VoiceAnswer
from tests.e2e.console_rig import Console, Script, chromium, console
from tests.unit.web.fake_desk_api import call_view, text_item, wall_ms

pytestmark = [pytest.mark.needs_chromium, pytest.mark.asyncio(loop_scope="module")]

LIVE = "document.querySelector('.mic.m-LIVE') !== null"
NOT_LIVE = "document.querySelector('.mic.m-LIVE') === null"
CHINESE = "import('/i18n.js').then((words) => words.setLanguage('zh-Hans'))"
LATER = """(() => {
  const now = performance.now.bind(performance);
  performance.now = () => now() + 31_000;
})()"""
CALL: dict[str, Any] = {
    "precedence": "ROUTINE",
    "answer": "",
    "answer_due_ms": None,
    "two_way": "none",
    "holder": "THIS DESK",
    "downgraded": "",
}
DESK = {"mic": "COLD", "talking": False, "private": False, "hears": True}
DESKS = [
    {"desk": "THIS DESK", "slot": 0, "role": "principal", "officer": "W-1"} | DESK,
    {"desk": "bb", "slot": 1, "role": "interpreter", "officer": "W-3"} | DESK,
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    async with chromium(chromium_path) as started:
        yield started


async def shows(desk: Console, where: str, *words: str) -> None:
    """Wait until a part of the page says all these words."""
    for word in words:
        text = f"(document.querySelector({where!r})?.innerText ?? '')"
        await desk.until(f"{text}.includes({word!r})")


async def called(
    desk: Console,
    *,
    over: dict[str, Any] | None = None,
    **changes: Any,  # noqa: ANN401 as replace
) -> None:
    """The post has this call, with what else is laid over it."""
    desk.script.over["call"] = CALL | (over or {})
    desk.api.set(call=call_view(**changes))
    await desk.page.wait_for_selector(".truths")


async def shot(desk: Console, field: str, value: object, until: str) -> None:
    desk.script.over["call"] = desk.script.over["call"] | {field: value}
    await desk.until(until)


async def test_the_called_officer_answers_with_one_key_and_the_letters_can_be_switched_off(
    browser: Browser,
) -> None:
    async with console(browser, scripted=Script()) as desk:
        await desk.sign_in()
        await called(desk, over={"precedence": "FLASH"})
        await shows(desk, ".call", "FLASH", "Principal here in", "Text reply within")
        for key, answer in (
            ("h", {"answer": "heard"}),
            ("f", {"answer": "fetching", "due_s": 300}),
            ("r", {"answer": "reply", "due_s": 3600}),
            ("d", {"answer": "declined"}),
        ):
            await desk.page.keyboard.press(key)
            await desk.sent({"t": "answer"} | answer)
        await desk.page.focus(".chips:first-child .chip:last-child")
        await desk.page.keyboard.press("Enter")
        await desk.sent({"t": "answer", "answer": "fetching", "due_s": 1800})
        await desk.page.evaluate("import('/keys.js').then((keys) => keys.setLetters(false))")
        before = len(desk.script.said("answer"))
        for key in "hfrdwnv":
            await desk.page.keyboard.press(key)
        await desk.page.evaluate(CHINESE)
        await shows(desk, ".call", "特提", "负责人到来需时", "已听到")
        assert len(desk.script.said("answer")) == before
        assert await desk.page.evaluate(NOT_LIVE)
        assert desk.faults == []


async def test_the_caller_sees_the_answer_its_countdown_and_overdue_in_words(
    browser: Browser,
) -> None:
    async with console(browser, scripted=Script()) as desk:
        await desk.sign_in()
        fetching = {"state": "held", "answer": "fetching", "answer_due_ms": 252_400}
        await called(desk, over=fetching, role="caller", peer_sounded=True, ends_in_ms=None)
        await shows(
            desk, ".call", "principal being found, in 4:1", "Their officer pressed an answer"
        )
        truths = [await b.inner_text() for b in await desk.page.locator(".truths b").all()]
        assert truths == ["no", "yes", "yes"]
        await shot(desk, "answer_due_ms", -75_000, "document.querySelector('.left.overdue .shape')")
        await shows(desk, ".call", "OVERDUE by 1:15")
        await shot(desk, "downgraded", "setting", "true")
        await shows(desk, ".call", "that is the called desk's setting for this hour")
        await desk.page.evaluate(CHINESE)
        await shows(desk, ".call", "已逾 1:1", "被叫席位此时段的设置如此")
        desk.api.set(call=call_view(role="caller", state="ended", outcome="no_contact"))
        desk.script.over["call"] = {}
        await shows(desk, ".call", "失去联系", "原因不明")


async def test_two_way_opens_by_ones_own_act_alone_and_closes_with_the_view(
    browser: Browser,
) -> None:
    async with console(browser, scripted=Script()) as desk:
        await desk.sign_in()
        await called(desk, over={"two_way": "open"}, state="taken", ends_in_ms=None)
        await shows(desk, ".two-way", "TWO-WAY", "your microphone is closed")
        await asyncio.sleep(0.6)  # two ticks more: nothing may open it
        assert await desk.page.evaluate(NOT_LIVE)
        await shot(desk, "two_way", "asked_there", "document.querySelector('.two-way.asked')")
        await desk.page.keyboard.press("n")
        await desk.sent({"t": "two-way", "on": False})
        await desk.page.keyboard.press("w")
        await desk.sent({"t": "two-way", "on": True})
        assert await desk.page.evaluate(NOT_LIVE)
        await shot(desk, "two_way", "open", LIVE)
        await shot(desk, "two_way", "none", NOT_LIVE)
        await shows(desk, ".notice", "your microphone is closed")
        await shot(desk, "two_way", "open", "document.querySelector('.two-way.on')")
        await asyncio.sleep(0.6)
        assert await desk.page.evaluate(NOT_LIVE), "an old consent opened it again"
        await shot(desk, "two_way", "none", "document.querySelector('button.wide')")
        await desk.page.keyboard.press("w")
        await desk.page.evaluate(LATER)
        await shot(desk, "two_way", "open", "document.querySelector('.two-way.on')")
        await asyncio.sleep(0.6)
        assert await desk.page.evaluate(NOT_LIVE), "half a minute had passed"
        await desk.page.click(".two-way button:has-text('Open my microphone')")
        await desk.until(LIVE)
        await desk.stop_server()
        await desk.until(NOT_LIVE, timeout_ms=4000)
        await desk.start_server()


async def test_the_latch_is_a_key_of_its_own_and_every_stop_ends_it(browser: Browser) -> None:
    async with console(browser, scripted=Script()) as desk:
        await desk.sign_in()
        for stop in ("key", "blur", "latch", "post"):
            await desk.page.focus("#latch")
            await desk.page.keyboard.press("Enter")
            await desk.until(LIVE)
            await shows(desk, "#latch", "ON: press to stop")
            if stop == "key":
                await desk.page.keyboard.press("Space")
            elif stop == "latch":
                await desk.page.click("#latch")
            elif stop == "blur":
                await desk.page.evaluate("window.dispatchEvent(new Event('blur'))")
            else:
                await desk.stop_server()
            await desk.until(NOT_LIVE, timeout_ms=4000)
            assert await desk.page.get_attribute("#latch", "aria-pressed") == "false"
        await desk.start_server()


async def test_a_precedence_is_for_one_call_and_never_stands_before_the_talk_key(
    browser: Browser,
) -> None:
    async with console(browser, scripted=Script()) as desk:
        await desk.sign_in()
        await desk.page.click("#priority")
        await desk.page.keyboard.press("Space")  # the chooser is open
        await desk.sent({"t": "talk", "on": True})
        await desk.page.click(".choose button:nth-child(4)")
        await desk.page.click(".begin button:nth-child(1)")
        await desk.sent({"t": "talk", "on": True, "manner": "ring", "precedence": "FLASH"})
        assert await desk.obeyed("arm") == []
        await desk.page.click("#foot")
        await desk.page.keyboard.press("Space")
        await desk.sent({"t": "talk", "on": True, "precedence": "FLASH"})
        await desk.page.evaluate(LATER)
        await shows(desk, "body:not(.lost) #talk-key", "or hold Space")
        await desk.page.keyboard.press("Space")
        await desk.sent({"t": "talk", "on": True}, times=2)


async def test_the_private_channel_is_never_live_and_gives_way_to_the_talk_key(
    browser: Browser,
) -> None:
    async with console(browser, scripted=Script(over={"desks": DESKS})) as desk:
        await desk.sign_in()
        await shows(desk, "#desks", "principal W-1", "interpreter W-3")
        await desk.audio().evaluate("window.privatePc = 'connected'; state()")
        await desk.page.wait_for_selector("#private-key[aria-disabled='false']")
        await called(desk, over={"holder": "bb"}, state="taken", ends_in_ms=None)
        await shows(desk, ".call", "Our desk 2 (W-3) has this call.")
        await desk.page.click(".elsewhere button")
        await desk.sent({"t": "take-over"})
        await desk.page.keyboard.down("v")
        await desk.sent({"t": "private", "on": True})
        await shows(desk, ".mic", "PRIVATE", "this side only")
        assert await desk.page.locator("#talk-key.m-LIVE").count() == 0
        assert "LIVE" not in await desk.page.title()
        assert {"t": "talk", "on": True} not in desk.script.frames
        await desk.page.keyboard.down("Space")
        await desk.sent({"t": "private", "on": False})
        await desk.until(LIVE)
        await desk.page.keyboard.up("Space")
        await desk.page.keyboard.up("v")
        await desk.page.select_option("#role", "listener")
        await desk.sent({"t": "seat", "role": "listener"})
        desk.script.over["desks"] = [DESKS[0] | {"role": "listener"}, DESKS[1]]
        await shows(desk, "#talk-why", "hears and does not talk")
        await desk.page.keyboard.press("Space")
        assert await desk.page.evaluate(NOT_LIVE)


async def test_what_a_side_does_not_say_is_said_to_be_unsaid_and_the_abnormal_stands_out(
    browser: Browser,
) -> None:
    async with console(browser, scripted=Script()) as desk:
        await desk.sign_in()
        await shows(desk, "#before", "not said", "not measured yet", "never")
        desk.script.over |= {
            "peer_watch": {"hears": False},
            "peer_declared": {"recording": "per_call", "now": True, "interpreter": "none"},
            "figures": {"to_us_ms": 182, "r": 86, "to_them_ms": 640},
            "checks": {"days": 3, "running": "", "last": None},
        }
        await shows(desk, "#before", "CANNOT HEAR", "ON NOW", "NONE", "good · 182 ms · R 86")
        await shows(desk, "#before", "POOR · 640 ms", "3 days ago")
        assert await desk.page.locator("#before .bad .shape").count() == 2
        await desk.page.evaluate(CHINESE)
        await shows(desk, "#before", "听不到声音", "正在录音", "差 · 640 毫秒", "3 天前")
        await desk.page.fill("#volume", "0")
        await shows(desk, "#strips", "本席位听不到声音")


async def test_two_accounts_stand_side_by_side_and_a_promise_stays_until_kept(
    browser: Browser,
) -> None:
    def account(whose: str, index: int, call: str, **facts: str | int | bool) -> TimelineItem:
        base: dict[str, str | int | bool] = {"id": call, "role": "caller", "manner": "announce"}
        base |= {"outcome": "ended", "taken": True, "start_ms": wall_ms(), "end_ms": wall_ms()}
        return TimelineItem(
            id=f"{whose[0]}-{index}",
            whose="own" if whose == "own" else "peer",
            kind="call",
            wall_ms=wall_ms(),
            order=(index, 0),
            facts=base | facts,
        )

    async with console(browser, scripted=Script()) as desk:
        await desk.sign_in()
        desk.api.put(
            account("own", 1, "aa", compare="differ", differs="taken"),
            account("peer", 2, "aa", taken=False, compare="match"),
            account("peer", 3, "bb", compare="match"),
        )
        await shows(desk, "#timeline", "DIFFER in: taken or not", "Our account is not here yet")
        shown = await desk.page.inner_text("#timeline")
        assert "accounts match" not in shown, "the other side's word of the comparison was believed"
        assert await desk.page.locator("#timeline .k-call").count() == 2
        assert await desk.page.locator(".account .differs").count() == 2
        due = wall_ms() - 75_000
        desk.script.over["promises"] = [
            {"item": "b-9", "whose": "peer", "due_wall_ms": due, "overdue": True}
        ]
        await shows(desk, "#promises", "promised a text", "OVERDUE by 1:1")
        assert await desk.page.locator(".promise.overdue .shape").count() == 1
        desk.script.over["promises"] = []
        await desk.until("document.querySelector('#promises').hidden")


async def test_a_locked_desk_sends_nothing_shows_no_text_and_keeps_the_lines_state(
    browser: Browser,
) -> None:
    async with console(browser, scripted=Script(over={"desks": DESKS})) as desk:
        desk.api.put(text_item(4, "For officers."))
        await desk.sign_in()
        await called(desk)
        await desk.page.keyboard.down("Space")
        await desk.until(LIVE)
        await desk.page.evaluate("document.querySelector('#lock-desk').click()")
        await desk.until(NOT_LIVE)
        await shows(desk, "#lock", "Desk locked")
        await desk.page.keyboard.up("Space")
        quiet = ({"t": "talk", "on": False},)

        def acts() -> list[dict[str, Any]]:
            return [f for f in desk.script.frames if f["t"] != "alive" and f not in quiet]

        before = acts()
        for key in ("Space", "h", "f", "e", "v", "Shift+1"):
            await desk.page.keyboard.press(key)
        assert await desk.page.evaluate(NOT_LIVE)
        assert acts() == before
        assert "For officers." not in await desk.page.inner_text("body")
        assert await desk.word() == "LINK UP"
        assert await desk.page.locator("#signin-passphrase").count() == 1


async def test_phrases_are_one_key_each_in_both_languages(browser: Browser) -> None:
    async with console(browser, scripted=Script()) as desk:
        await desk.sign_in()
        await desk.page.keyboard.press("5")  # a digit alone says nothing while the panel is shut
        await desk.page.keyboard.press("Shift+Digit4")
        await desk.sent({"t": "phrase", "n": 4})
        await desk.page.keyboard.press("p")
        await shows(desk, "#phrases", "Say again.", "请再说一遍。")
        await desk.page.keyboard.press("0")
        await desk.sent({"t": "phrase", "n": 10})
        assert len(desk.script.said("phrase")) == 2
        said = {"whose": "peer", "n": 2, "seq": 1, "wall_ms": wall_ms(), "sounded": True}
        desk.script.over["spoken"] = said
        await shows(desk, "#said", "Fetch your interpreter.", "请叫你方翻译", "SYNTHETIC VOICE")


async def test_an_older_post_is_asked_for_nothing_that_it_does_not_know(browser: Browser) -> None:
    async with console(browser, scripted=Script(acts=(), older=True)) as desk:
        await desk.sign_in()
        await called(desk, state="taken", ends_in_ms=None)
        for key in ("h", "f", "r", "d", "w", "n", "v", "p", "Shift+1"):
            await desk.page.keyboard.press(key)
        await desk.page.keyboard.press("Space")
        await desk.sent({"t": "talk", "on": False})
        kinds = {frame["t"] for frame in desk.script.frames}
        assert kinds <= {"alive", "offer", "sounded", "talk", "silence", "end"}
        for key in (".answers", ".two-way", "#private-key", "#show-phrases", ".begin"):
            assert await desk.page.locator(key).count() == 0, key
        assert desk.faults == []


OUT_OF_SIGHT = """(() => {
  const bottom = (id) => document.getElementById(id).getBoundingClientRect().bottom;
  const end = innerWidth > 1240 ? Math.min(innerHeight, bottom("talking")) : innerHeight - scrollY;
  return Math.max(0, Math.ceil(bottom("voice") - end));
})()"""


@pytest.mark.parametrize("chinese", [False, True])
async def test_the_voice_panel_needs_no_scrolling(browser: Browser, *, chinese: bool) -> None:
    now = {"recording": "per_call", "now": True, "interpreter": "eta", "eta_ms": -65_000}
    said = {"whose": "peer", "n": 6, "seq": 1, "wall_ms": wall_ms(), "sounded": True}
    over_all = {"desks": DESKS, "spoken": said, "peer_declared": now, "own_declared": now}
    async with console(browser, scripted=Script(over=over_all)) as desk:
        await desk.sign_in()
        if chinese:
            await desk.page.evaluate(CHINESE)
        await desk.page.keyboard.press("p")
        digits = "12345 67890 12345 67890 12345 67890"
        desk.api.tell(VoiceAnswer(sdp="v=0", generation=1, digits=digits))
        for state, over in (
            ("announcing", {"precedence": "FLASH"}),
            ("held", {"answer": "fetching", "answer_due_ms": 90_000, "precedence": "PRIORITY"}),
            ("taken", {"two_way": "asked_there", "precedence": "FLASH"}),
            ("taken", {"two_way": "open"}),
        ):
            for width, height in ((1366, 768), (1024, 768), (683, 384)):
                await desk.page.set_viewport_size({"width": width, "height": height})
                ends = None if state == "taken" else 42_000
                await called(desk, over=over | {"state": state}, ends_in_ms=ends)
                await desk.until("document.querySelector('.call')?.innerText.length > 40")
                await desk.page.wait_for_selector("#said .phrase-spoken", state="attached")
                if over.get("two_way") == "open":
                    await desk.page.wait_for_selector("details.digits")
                if state == "taken":  # the post would refuse it
                    assert await desk.page.locator(".answers kbd", has_text="F").count() == 0
                wide = await desk.page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (state, over, width)
                if width == 1366:
                    tall = await desk.page.evaluate("document.documentElement.scrollHeight")
                    assert tall <= height, (state, over)
                if height == 768:
                    hidden = await desk.page.evaluate(OUT_OF_SIGHT)
                    assert hidden == 0, (state, over, width)
