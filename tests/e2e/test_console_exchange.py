"""The page of sealed exchanges, at a post that a test moves by hand."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from openline.engine.desk import Refused, TimelineItem
from openline.engine.desk_exchange import CommitTo, ExchangeView, HalfView, Reveal
from openline.record.exchange import Terms
from tests.e2e.console_rig import Console, chromium, console
from tests.unit.web.fake_desk_api import wall_ms

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.needs_chromium,
    pytest.mark.timeout(120),
]

HOSTILE = "<img src=x onerror=alert(1)> 方位 041"  # tidy: what an attacker would write
NONE, HELD = HalfView(state="none"), HalfView(state="held")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    async with chromium(chromium_path) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser) -> AsyncIterator[Console]:
    async with console(browser) as made:
        await made.sign_in()
        yield made


def shown(**changes: object) -> ExchangeView:
    base = ExchangeView(
        item="b-7", opener="peer", title="Sonar contact", lang="en", size=512,
        until_s=wall_ms() // 1000 + 600, default="No contact", state="committing",
        own=NONE, peer=HELD, may_commit=True, may_reveal=False,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]  # fields of the view


async def words(desk: Console) -> str:
    return await desk.page.inner_text("#exchange")


async def test_an_officer_opens_commits_and_reveals(desk: Console) -> None:
    assert "No sealed exchange" in await words(desk)
    await desk.page.click("#exchange-begin summary")
    await desk.page.fill("#exchange-title", "Sonar contact")
    await desk.page.fill("#exchange-default", "No contact")
    await desk.page.fill("#exchange-minutes", "30")
    await desk.page.click("#exchange-send")
    await desk.until("document.querySelector('#exchange-title').value === ''")
    ((_, terms),) = desk.api.said("exchange")
    assert isinstance(terms, Terms)
    assert (terms.title, terms.default, terms.size) == ("Sonar contact", "No contact", 1024)
    assert abs(terms.until_s - wall_ms() // 1000 - 1_800) < 30

    desk.api.set(exchanges=(shown(),))
    await desk.page.wait_for_selector(".exchange[data-item='b-7'] .exchange-text")
    assert await desk.page.is_disabled(".exchange-commit")
    await desk.page.fill(".exchange-text", "x" * 481)
    assert await desk.page.is_disabled(".exchange-commit")
    await desk.page.fill(".exchange-text", "Bearing 041")
    await desk.page.click(".exchange-commit")
    await desk.acted(("exchange", CommitTo(item="b-7", lang="en", text="Bearing 041")))
    assert await desk.page.input_value(".exchange-text") == "Bearing 041"

    ready = shown(state="revealing", own=HELD, may_commit=False, may_reveal=True)
    desk.api.set(exchanges=(ready,))
    await desk.page.click(".exchange-reveal")
    await desk.acted(("exchange", Reveal(item="b-7")))
    assert await desk.page.query_selector(".exchange-text") is None
    assert desk.faults == []


async def test_a_refusal_is_said_and_what_was_typed_stays(desk: Console) -> None:
    desk.api.set(exchanges=(shown(),))
    await desk.page.fill(".exchange-text", "Bearing 041")
    desk.api.refuse_texts = "exchange.over"
    await desk.page.click(".exchange-commit")
    await desk.until("document.body.textContent.includes('The deadline of this exchange is past')")
    assert await desk.page.input_value(".exchange-text") == "Bearing 041"
    desk.api.tell(Refused(request="exchange", code="exchange.early"))
    await desk.until("document.body.textContent.includes('Nothing was revealed')")


@pytest.mark.parametrize(
    ("lang", "told", "cause"),
    [("en", "Why is not known here", "refuse"), ("zh-Hans", "原因在此无从得知", "拒绝")],
)
async def test_a_missing_reveal_is_told_in_both_languages_without_a_cause(
    browser: Browser, lang: str, told: str, cause: str
) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        if lang != "en":
            await desk.page.keyboard.press("l")
        missing = HalfView(state="held", defaulted=True)
        mine = HalfView(state="revealed", text=HOSTILE, lang="en")
        over = shown(state="over", own=mine, peer=missing, may_commit=False)
        desk.api.set(exchanges=(over,))
        await desk.until(f"document.querySelector('#exchange').textContent.includes('{told}')")
        text = await words(desk)
        assert "No contact" in text
        assert HOSTILE in text
        assert cause not in text
        assert await desk.page.query_selector("#exchange img") is None
        assert desk.faults == []


async def test_the_timeline_says_what_counts_and_what_does_not(desk: Console) -> None:
    facts: dict[str, str | int | bool] = {
        "exchange": "b-7", "title": "Sonar contact", "text": HOSTILE, "lang": "en",
    }  # fmt: skip
    item = TimelineItem(
        id="b-9", whose="peer", kind="seal-reveal", wall_ms=wall_ms(), order=(9, 0), facts=facts,
        officer="W-2",
    )  # fmt: skip
    void = replace(item, id="b-8", order=(8, 0), facts={"void": "exchange.echoed"})
    desk.api.put(item, void)
    await desk.until("document.querySelectorAll('.item').length === 2")
    shown_ = await desk.page.inner_text("#timeline")
    assert f"revealed in the sealed exchange b-7 (Sonar contact): {HOSTILE}" in shown_
    assert "does not count. This commitment was made before" in shown_
    assert desk.faults == []


async def test_a_page_whose_post_is_gone_shows_no_exchange(desk: Console) -> None:
    mine = HalfView(state="revealed", text=HOSTILE, lang="en")
    desk.api.set(exchanges=(shown(own=mine, may_commit=False),))
    await desk.page.wait_for_selector(".exchange")
    await desk.server.stop()
    await desk.until("document.querySelector('.exchange') === null")
    if desk.task is not None:
        await desk.task
