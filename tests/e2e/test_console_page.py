"""The duty officer's page over a fake post: what it shows, and what it must not go on showing."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from openline.engine.desk import Refused, Rung, WatchView
from tests.e2e.console_rig import chromium, console
from tests.unit.web.fake_desk_api import alarm, link_view, post_view, text_item

pytestmark = [pytest.mark.needs_chromium, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    async with chromium(chromium_path) as started:
        yield started


LIVE = "document.querySelector('.mic.m-LIVE') !== null"
HIDE = """(() => {
  Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
})()"""
NOT_LIVE = "document.querySelector('.mic.m-LIVE') === null"


async def test_it_says_how_the_link_is_in_word_shape_tab_and_icon(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        shapes = set()
        for state, ago, icon in (
            ("UP", 90, "up"),
            ("UNSURE", 4000, "unsure"),
            ("DOWN", 15000, "down"),
        ):
            desk.api.set(link=link_view(state, ago=ago))  # type: ignore[arg-type]  # one of LinkWord
            await desk.until(f"document.title.includes('LINK {state}')")
            assert await desk.word() == f"LINK {state}"
            shapes.add(await desk.page.inner_html("#banner .link .shape"))
            assert await desk.page.get_attribute("#icon", "href") == f"icons/{icon}.svg"
            assert await desk.page.evaluate(
                "parseFloat(getComputedStyle(document.querySelector('.link .word')).fontSize) >= 32"
            )
            assert "IN FORCE" in await desk.page.inner_text(".standing")
        assert len(shapes) == 3
        assert "NO CONTACT, CAUSE UNKNOWN" in await desk.page.inner_text("#banner .contact")


async def test_up_is_not_believed_when_the_last_contact_is_old(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        desk.api.set(link=link_view("UP", ago=6000))
        await desk.until("document.title.includes('LINK UNSURE')")
        desk.api.set(link=link_view("UP", ago=None))
        await desk.until("document.title.includes('LINK DOWN')")


async def test_a_page_without_its_post_looks_dead_within_three_seconds(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        desk.api.put(text_item(5, "written before"))
        await desk.page.fill("#draft", "half a thought")
        await desk.stop_server()
        await desk.until("document.body.classList.contains('lost')", timeout_ms=3000)
        assert await desk.word() == "UNKNOWN"
        assert "UNKNOWN" in await desk.page.title()
        assert await desk.page.get_attribute("#icon", "href") == "icons/unknown.svg"
        assert "LOST ITS POST" in await desk.page.inner_text("#strips")
        for part in (".standing", ".watches", ".record .word", ".mic .word"):
            text = (await desk.page.inner_text(part)).lower()
            assert "unknown" in text, part
            assert "attended" not in text
        await desk.start_server()
        await desk.until("!document.body.classList.contains('lost')")
        assert await desk.word() == "LINK UP"
        assert await desk.page.input_value("#draft") == "half a thought"


async def test_a_post_that_hangs_looks_dead_too(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        frozen = desk.api.view()
        desk.api.view = lambda: frozen  # type: ignore[method-assign]  # the engine's clock stands
        await desk.until("document.title.includes('UNKNOWN')", timeout_ms=4000)
        del desk.api.view
        await desk.until("document.title.includes('LINK UP')")


async def test_ticks_that_piled_up_while_the_tab_slept_are_not_news(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        stale = await desk.page.evaluate(
            """async () => {
              const { takeView, fresh, state } = await import("/state.js");
              takeView({ ...state.view, wall_ms: state.view.wall_ms + 1 }, Date.now() - 60_000);
              return fresh();
            }"""
        )
        assert stale is False
        await desk.until("document.title.includes('LINK UP')")


async def test_a_text_is_kept_until_it_is_on_disk_and_climbs_its_ladder(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        page = desk.page
        desk.api.refuse_texts = "store.full"
        await page.fill("#draft", "Your vessel 4471 is adrift.")
        await page.keyboard.press("Control+Enter")
        await desk.until(
            "document.querySelector('#draft-said').textContent.includes('disk is full')"
        )
        assert await page.input_value("#draft") == "Your vessel 4471 is adrift."
        desk.api.refuse_texts = ""
        await page.click("#send")
        await page.wait_for_selector(".item.k-text")
        await desk.until("document.querySelector('#draft').value === ''")
        assert desk.api.acts[-1][2:] == ("Your vessel 4471 is adrift.", "en")
        item = desk.api.items[0]
        names = ("written", "receipted", "sealed", "shown", "opened")
        for reached in range(2, 6):
            ladder = tuple(
                Rung(
                    name=name,  # type: ignore[arg-type]  # one of RungWord
                    state="done" if i < reached else "waiting",
                    wall_ms=item.wall_ms + 150 * i if i < reached else None,
                )
                for i, name in enumerate(names)
            )
            desk.api.put(replace(item, ladder=ladder))
            await desk.until(f"document.querySelectorAll('.ladder .g-done').length === {reached}")
        words = await page.inner_text(".ladder")
        for word in ("written here", "receipted by their post", "post-quantum sealed", "+0.6 s"):
            assert word in words
        assert "never consent" in await page.inner_text("#foot")


async def test_what_is_not_disclosed_is_said_to_be_by_agreement(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        item = text_item(4, "x", reached=3)
        hidden = tuple(
            replace(rung, state="not_reported") if rung.name in ("shown", "opened") else rung
            for rung in item.ladder
        )
        desk.api.put(replace(item, ladder=hidden))
        await desk.page.wait_for_selector(".ladder .g-not_reported")
        assert (await desk.page.inner_text(".ladder")).count("not reported, by agreement") == 2
        desk.api.set(peer_watch=WatchView(attended=None, code=None))
        await desk.until(
            "document.querySelector('.watches').textContent.includes('not reported, by agreement')"
        )


async def test_opening_is_an_act_of_the_officer(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        desk.api.put(text_item(9, "先读后答。", reached=4, id="b-9", whose="peer", lang="zh-Hans"))
        await desk.page.wait_for_selector(".item .open")
        assert "先读后答。" in await desk.page.inner_text(".item .text")
        assert desk.api.said("opened") == []
        await desk.page.click(".item .open")
        await desk.acted(("opened", "b-9"))


async def test_the_outbox_item_gives_way_to_the_entry(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        desk.api.put(text_item(1, "later", id="outbox-ab", order=(2**50, 1)))
        await desk.page.wait_for_selector(".item .outside")
        desk.api.put(text_item(1, "later", id="a-1", replaces="outbox-ab"))
        await desk.page.wait_for_selector("[data-id='a-1']")
        assert await desk.page.locator(".item").count() == 1


async def test_a_text_that_is_too_long_cannot_be_sent(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.page.fill("#draft", "字" * 5001)
        assert "15,003 of 15,000" in await desk.page.inner_text("#draft-size")
        assert await desk.page.is_disabled("#send")
        await desk.page.press("#draft", "Control+Enter")
        assert desk.api.said("text") == []


async def test_a_text_under_way_when_the_post_dies_stays_in_the_field(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        desk.api.write_text = lambda *_: None  # type: ignore[method-assign]  # never answered
        await desk.page.fill("#draft", "lost?")
        await desk.page.keyboard.press("Control+Enter")
        await desk.until("document.querySelector('#draft-said').textContent.includes('Writing')")
        await desk.stop_server()
        await desk.until("document.querySelector('#draft-said').textContent.includes('timeline')")
        assert await desk.page.input_value("#draft") == "lost?"
        await desk.start_server()


async def test_the_language_changes_in_place_and_loses_nothing(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        page = desk.page
        desk.api.put(text_item(3, "Understood."))
        await page.fill("#draft", "unfinished")
        await page.click("#foot")
        await page.keyboard.press("l")
        await desk.until(
            "document.querySelector('#banner .link .word').textContent.includes('链路畅通')"
        )
        assert await page.input_value("#draft") == "unfinished"
        assert "北港" in await page.inner_text("#banner")
        assert "Understood." in await page.inner_text("#timeline")
        assert await page.get_attribute("html", "lang") == "zh-Hans"
        await page.reload()
        await desk.until(
            "document.querySelector('#banner .link .word')?.textContent.includes('链路畅通')"
        )
        assert await page.input_value("#draft") == "unfinished"
        await page.goto(page.url.split("?")[0] + "?lang=en")
        await desk.until(
            "document.querySelector('#banner .link .word')?.textContent.includes('LINK UP')"
        )


async def test_a_text_is_marked_with_the_language_of_the_page_from_the_start(
    browser: Browser,
) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        assert await desk.page.input_value("#draft-lang") == "en"
        await desk.page.click("#foot")
        await desk.page.keyboard.press("l")
        assert await desk.page.input_value("#draft-lang") == "zh-Hans"
        await desk.page.reload()
        await desk.until("document.querySelector('#draft-lang') !== null")
        assert await desk.page.get_attribute("html", "lang") == "zh-Hans"
        assert await desk.page.input_value("#draft-lang") == "zh-Hans"


async def test_alarms_are_acknowledged_and_stand(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        desk.api.set(alarms=(alarm("link_down"), alarm("peer_restored")))
        await desk.page.wait_for_selector(".alarm.loud")
        await desk.page.click("#foot")
        await desk.page.keyboard.press("a")
        await desk.acted(("acknowledge", "link_down"))
        await desk.acted(("acknowledge", "peer_restored"))
        desk.api.set(alarms=(alarm("link_down", acknowledged=True),))
        await desk.page.wait_for_selector(".alarm.quiet")
        assert "NO CONTACT" in await desk.page.inner_text("#alarms")
        assert await desk.page.locator(".alarm button").count() == 0


async def test_a_halted_record_and_a_full_disk_stand_full_width_and_speech_goes_on(
    browser: Browser,
) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        record = replace(post_view().record, state="halted", fault="record.fork")
        desk.api.set(record=record, disk_fault="store.full")
        await desk.page.wait_for_selector(".strip.grave")
        box = await desk.page.locator(".strip.grave").first.bounding_box()
        assert box is not None
        assert box["width"] == 1366
        await desk.page.keyboard.down("Space")
        await desk.until(LIVE)
        await desk.page.keyboard.up("Space")


async def test_the_same_page_twice_takes_the_desk_and_the_first_says_so_and_is_quiet(
    browser: Browser,
) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.page.keyboard.down("Space")
        await desk.until(LIVE)
        seat = await desk.page.evaluate("sessionStorage['openline.seat']")
        second = await desk.context.new_page()
        # What a browser does when it duplicates a tab.
        await second.add_init_script(f"sessionStorage['openline.seat'] = {json.dumps(seat)}")
        await second.goto(desk.server.names.console)
        await second.wait_for_selector("#talk-key")
        await desk.until("document.title.includes('UNKNOWN')")
        assert "ANOTHER PAGE HAS TAKEN THIS DESK" in await desk.page.inner_text("#strips")
        assert await desk.page.evaluate(NOT_LIVE)
        assert (await desk.obeyed("cold")) != []
        await asyncio.sleep(2)
        assert len(desk.api.said("desk_opened")) == 2
        await desk.page.click("#strips button")
        await desk.until("document.title.includes('LINK UP')")
        assert "ANOTHER PAGE" in await second.inner_text("#strips")


async def test_another_page_has_a_seat_of_its_own_and_takes_nothing_away(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.page.keyboard.down("Space")
        await desk.until(LIVE)
        # A browser of its own: a session is one officer at one desk.
        second = await (await browser.new_context()).new_page()
        await second.goto(desk.server.new_launch_url())
        await second.wait_for_selector("#private-key")
        assert (await second.inner_text("#desks li.own")).startswith("Seat 2")
        assert await second.input_value("#role") == "listener"
        await desk.page.bring_to_front()
        assert [seat.slot for seat in desk.api.seats.values()] == [0, 1]
        assert "ANOTHER PAGE" not in await desk.page.inner_text("#strips")
        await desk.page.wait_for_selector("#private-key")
        await second.focus("#private-key")
        await second.keyboard.press("Space")  # meant for the own side: never the talk key
        await second.select_option("#role", "interpreter")
        await desk.acted(("seat", 1, "interpreter"))
        assert desk.api.said("talk") == [("talk", True)]


async def test_a_refusal_stands_in_words(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        desk.api.tell(Refused(request="", code="no.such_code"))
        await desk.page.wait_for_selector(".notice")
        assert "no.such_code" in await desk.page.inner_text(".notice")
