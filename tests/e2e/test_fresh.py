"""When a desk takes the far sound up anew: after words and in pauses, never in a word."""

import itertools
from pathlib import Path
from typing import cast

import pytest
from playwright.async_api import async_playwright

from openline.web import audio

pytestmark = [pytest.mark.needs_chromium, pytest.mark.asyncio]

SOURCE = (Path(audio.__file__).parent / "fresh.js").read_text(encoding="utf-8")
REPORT_MS = 80
SILENCE, ROOM, SPEECH = -120, -62, -20

# Reports of a meter under a clock of the test's own; gives the times of the renewals.
RUN = """
async ([source, levels, step]) => {
  const { Freshness } = await import("data:text/javascript," + encodeURIComponent(source));
  let now = 0;
  const at = [];
  const fresh = new Freshness(() => at.push(now), () => now);
  for (const dbfs of levels) { now += step; fresh.report(dbfs); }
  return at;
}
"""


async def renewals(chromium_path: str, *parts: tuple[int, float]) -> list[int]:
    """When the sources are taken anew, ms; parts: a level in dBFS, and for how many seconds."""
    levels = [dbfs for dbfs, seconds in parts for _ in range(round(seconds * 1000 / REPORT_MS))]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path, args=["--no-sandbox"]
        )
        page = await browser.new_page()
        at = await page.evaluate(RUN, [SOURCE, levels, REPORT_MS])
        await browser.close()
    return cast("list[int]", at)


async def test_after_a_word_once_and_in_no_word(chromium_path: str) -> None:
    at = await renewals(chromium_path, (SPEECH, 2.0), (SILENCE, 3.0), (SPEECH, 2.0), (SILENCE, 2.0))
    assert len(at) == 2
    assert 2_000 < at[0] <= 2_500  # 400 ms of silence end a word
    assert 7_000 < at[1] <= 7_500


async def test_a_breath_between_two_words_is_not_their_end(chromium_path: str) -> None:
    word = ((SPEECH, 0.8), (SILENCE, 0.24))
    assert await renewals(chromium_path, *word * 20) == []


async def test_an_open_microphone_is_taken_up_in_its_pauses_only(chromium_path: str) -> None:
    """A quiet room is not silence: only each ten seconds, and only where nobody speaks."""
    at = await renewals(chromium_path, (SPEECH, 12.0), (ROOM, 8.0), (SPEECH, 4.0), (ROOM, 3.0))
    assert len(at) == 2
    assert 12_000 < at[0] <= 12_500
    assert 24_000 < at[1] <= 24_500


async def test_an_idle_line_is_taken_up_now_and_then(chromium_path: str) -> None:
    at = await renewals(chromium_path, (SILENCE, 45.0))
    assert len(at) == 4
    assert all(late - early >= 10_000 for early, late in itertools.pairwise(at))


async def test_who_speaks_without_a_pause_is_never_interrupted(chromium_path: str) -> None:
    assert await renewals(chromium_path, (SPEECH, 60.0)) == []
