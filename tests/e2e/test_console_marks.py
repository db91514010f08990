"""Marks of texts on the page, at a post that a test moves by hand."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from openline.engine.desk import Refused, Rung
from openline.engine.marked import MarkWish
from tests.e2e.console_rig import Console, chromium, console
from tests.unit.web.fake_desk_api import text_item, wall_ms

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.needs_chromium,
    pytest.mark.timeout(120),
]

HOSTILE = "<img src=x onerror=alert(1)> 误发"  # tidy: what an attacker would write
DONE = Rung(name="declined", state="done", wall_ms=None)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    async with chromium(chromium_path) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser) -> AsyncIterator[Console]:
    async with console(browser) as made:
        await made.sign_in()
        yield made


async def words(desk: Console, item: str) -> str:
    return await desk.page.inner_text(f".item[data-id='{item}']")


async def test_an_own_text_was_sent_in_error(desk: Console) -> None:
    mine = text_item(4, "to somebody else", reached=3)
    desk.api.put(mine)
    place = ".item[data-id='a-4']"
    await desk.page.click(f"{place} .mark-acts summary")
    await desk.page.fill(f"{place} .mark-acts textarea", "Wrong line")
    desk.api.refuse_texts = "engine.mark_later"
    await desk.page.click(f"{place} .mark-error")
    wish = MarkWish(act="error", item="a-4", words="Wrong line", lang="en")
    await desk.acted(("mark", wish))
    await desk.until("document.body.innerText.includes('nothing was written')")
    assert await desk.page.input_value(f"{place} .mark-acts textarea") == "Wrong line"
    said: dict[str, str | int | bool] = {"sent_in_error": True, "error_reason": HOSTILE}
    desk.api.put(replace(mine, facts=said))
    await desk.page.wait_for_selector(f"{place} .m-sent_in_error")
    shown = await words(desk, "a-4")
    assert "SENT IN ERROR" in shown
    assert HOSTILE in shown
    assert "to somebody else" in shown  # it stays readable
    line = await desk.page.eval_on_selector(
        f"{place} .text", "it => getComputedStyle(it).textDecorationLine"
    )
    assert line == "line-through"
    assert await desk.page.query_selector(f"{place} .mark-acts") is None


async def test_what_is_said_of_a_text_of_theirs(desk: Console) -> None:
    theirs = replace(text_item(9, "Keep away", reached=3), id="b-9", whose="peer")
    desk.api.put(theirs)
    place = ".item[data-id='b-9']"
    await desk.page.click(f"{place} .mark-acts summary")
    for act in ("answer", "pass", "protest"):
        assert await desk.page.is_disabled(f"{place} .mark-{act}")
    assert await desk.page.query_selector(f"{place} .mark-error") is None
    await desk.page.fill(f"{place} .mark-acts textarea", "x" * 65)
    assert await desk.page.is_disabled(f"{place} .mark-pass")
    await desk.page.fill(f"{place} .mark-acts textarea", "Coast guard")
    await desk.page.click(f"{place} .mark-pass")
    await desk.acted(("mark", MarkWish(act="pass", item="b-9", words="Coast guard", lang="en")))
    assert await desk.page.is_disabled(f"{place} .mark-decline")  # one press, one entry
    desk.api.put(replace(theirs, facts={"passed": "Coast guard"}))
    await desk.page.wait_for_selector(f"{place} .m-passed")
    assert await desk.page.input_value(f"{place} .mark-acts textarea") == ""
    await desk.page.click(f"{place} .mark-decline")
    await desk.acted(("mark", MarkWish(act="decline", item="b-9", lang="en")))
    facts: dict[str, str | int | bool] = {"passed": "Coast guard", "declined": True}
    desk.api.put(replace(theirs, ladder=(*theirs.ladder, DONE), facts=facts))
    await desk.page.wait_for_selector(f"{place} .m-declined")
    shown = await words(desk, "b-9")
    assert "DECLINED TO ANSWER" in shown
    assert "we declined" in str(await desk.page.get_attribute(f"{place} .m-declined", "title"))
    assert "PROTEST" not in shown


async def test_receipted_and_not_opened_looks_like_neither_a_refusal_nor_the_outbox(
    desk: Console,
) -> None:
    long_ago = text_item(5, "anybody?", reached=2)
    rungs = [
        replace(rung, wall_ms=wall_ms() - 31 * 60_000 - 30_000) if rung.state == "done" else rung
        for rung in long_ago.ladder
    ]
    declined = replace(
        text_item(6, "no", reached=2), ladder=(*rungs, DONE), facts={"declined": True}
    )
    desk.api.put(
        replace(long_ago, ladder=tuple(rungs)),
        declined,
        replace(text_item(7, "waits"), id="outbox-7"),
    )
    await desk.page.wait_for_selector(".item[data-id='a-5'] .not-opened")
    silent, refused, waits = [await words(desk, each) for each in ("a-5", "a-6", "outbox-7")]
    assert "not opened for 31 min. The reason is not known." in silent
    assert "DECLINED TO ANSWER" in refused
    assert "not opened for" not in refused
    assert "written here, not yet in the record" in waits
    assert "not opened for" not in waits
    assert await desk.page.query_selector(".item[data-id='outbox-7'] .mark-acts") is None


async def test_a_refused_mark_is_said_in_words(desk: Console) -> None:
    desk.api.tell(Refused(request="mark", code="engine.no_such_text", facts={"item": "a-1"}))
    await desk.until("document.body.innerText.includes('none of the newest 500')")
