"""The verifier in the browser says of every bundle what ours and the one-file verifier say.

OPENLINE_SOAK=1 mutates 10,000 bundles instead of 200, and forges 10,000 instead of 220.
"""

import base64
import os
import random  # noqa: TID251 - mutations by a printed seed
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from openline.record.audit import audit
from tests.e2e.console_rig import chromium
from tests.interop.forgery import forged
from tests.interop.test_second_verifier import SEED, mutated
from tests.interop.test_vectors import bundle_of, load
from tests.unit.record.makers import Pair
from tools.verify.openline_verify import ORDER_8, Audit, P

pytestmark = [
    pytest.mark.needs_chromium,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(0 if os.environ.get("OPENLINE_SOAK") == "1" else 120),
]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "tools" / "verify" / "verify.html").as_uri()
FORGERIES = 10_000 if os.environ.get("OPENLINE_SOAK") == "1" else 220
MUTATIONS = 10_000 if os.environ.get("OPENLINE_SOAK") == "1" else 200
BATCH = 50
VERIFY = """async ([bundles, pins, allow]) => {
  const found = [];
  for (const text of bundles) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    found.push(await openlineVerify(bytes, pins, { allowUnreceipted: allow }));
  }
  return found;
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(chromium_path: str) -> AsyncIterator[Page]:
    async with chromium(chromium_path) as browser:
        context = await browser.new_context(locale="en-GB")
        page = await context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(PAGE)
        yield page
        assert all(url.startswith(("file:", "blob:")) for url in asked), "it works offline"


@pytest.fixture(scope="module")
def pair() -> Pair:
    pair = Pair().founded()
    for number in range(5):
        pair.text(number % 2, str(number))
    return pair


async def says(
    page: Page, bundles: list[bytes], pins: tuple[bytes, bytes], *, allow: bool = False
) -> list[dict[str, Any]]:
    encoded = [base64.b64encode(raw).decode() for raw in bundles]
    given = [encoded, [pin.hex() for pin in pins], allow]
    return list(await page.evaluate(VERIFY, given))


async def test_it_agrees_on_every_vector(page: Page) -> None:
    for vector in load("bundle")["bundles"]:
        first, second = (bytes.fromhex(pin) for pin in vector["pins"])
        raw = bundle_of(vector)
        (found,) = await says(page, [raw], (first, second))
        other = Audit(raw, {first, second})
        assert found["verified"] == other.verified == ("refused" not in vector), vector["name"]
        assert found["failed"] == other.failed, vector["name"]
        if other.verified:
            assert found["receipted"] == other.receipted
            assert found["sealed"] == other.sealed


async def test_all_three_say_the_same_of_mutated_bundles(page: Page, pair: Pair) -> None:
    rng, raw, good = random.Random(SEED), pair.bundle(), 0
    for start in range(0, MUTATIONS, BATCH):
        touched = [mutated(raw, rng) for _ in range(BATCH)]
        for at, (one, found) in enumerate(
            zip(touched, await says(page, touched, pair.pins), strict=True)
        ):
            ours, second = audit(one, pair.pins), Audit(one, set(pair.pins))
            told = SEED, start + at, ours.failure, second.reason, found["reason"]
            assert ours.verified == second.verified == found["verified"], told
            assert second.failed == found["failed"], told
            good += ours.verified
    assert good < MUTATIONS


async def test_all_three_say_the_same_of_what_a_party_forges_with_its_own_keys(
    page: Page, pair: Pair
) -> None:
    for number in range(SEED * FORGERIES, (SEED + 1) * FORGERIES):
        forger = forged(pair, number)
        (found,) = await says(page, [forger.bundle], forger.pins)
        ours, second = audit(forger.bundle, forger.pins), Audit(forger.bundle, set(forger.pins))
        told = number, forger.place, ours.failure, second.reason, found["reason"]
        assert ours.verified == second.verified == found["verified"], told
        failed = "" if ours.failure is None else ours.failure.name
        assert failed == second.failed == found["failed"], told
        if ours.verified:
            assert found["receipted"] == second.receipted, told
            assert found["sealed"] == second.sealed, told


async def test_a_browser_without_post_quantum_signatures_says_so(
    page: Page, pair: Pair, tmp_path: Path
) -> None:
    """Everything else is checked there, the seals are not, and nothing counts as sealed."""
    without = await page.context.new_page()
    await without.add_init_script(
        """const real = crypto.subtle.importKey.bind(crypto.subtle);
        crypto.subtle.importKey = (...given) => (String(given[2]).startsWith("ML-DSA")
          ? Promise.reject(new DOMException("no", "NotSupportedError")) : real(...given));"""
    )
    await without.goto(PAGE)
    (found,) = await says(without, [pair.bundle()], pair.pins)
    assert found["verified"]
    assert not found["postQuantum"]
    assert found["sealed"] == [1, 1]
    await without.fill("#pin-one", pair.pins[0].hex())
    await without.fill("#pin-two", pair.pins[1].hex())
    file = tmp_path / "record.bundle"
    file.write_bytes(pair.bundle())
    await without.set_input_files("#file", file)
    await without.wait_for_selector("#verdict.good")
    assert "Post-quantum seals: not checked here" in await without.inner_text("#steps")
    await without.close()
    (found,) = await says(page, [pair.bundle()], pair.pins)
    assert found["postQuantum"]
    assert found["sealed"] == [log.size for log in pair.record.logs]


async def test_weak_keys_are_refused_there_too(page: Page) -> None:
    weak = [0, 1, P - 1, ORDER_8, P - ORDER_8, P, P + 1, 2**255 - 1]
    keys = [(y | sign).to_bytes(32, "little").hex() for y in weak for sign in (0, 1 << 255)]
    refused = """(keys) => keys.map((key) => {
      try { openlineVerify.strong(openlineVerify.unhex(key)); return false; } catch { return true; }
    })"""
    assert await page.evaluate(refused, keys) == [True] * len(keys)
    good = "20fdbac9b10b7587bba7b5bc163bce69e796d71e4ed44c10fcb4488689f7a144"  # of RFC 8032's kind
    assert await page.evaluate(refused, [good]) == [False]


async def test_a_bundle_that_is_dropped_on_the_page_is_judged_in_words(
    page: Page, pair: Pair, tmp_path: Path
) -> None:
    file = tmp_path / "record.bundle"
    file.write_bytes(pair.bundle())
    await page.set_input_files("#file", file)
    assert "Two different fingerprints" in await page.inner_text("#verdict")
    await page.fill("#pin-one", pair.pins[0].hex())
    await page.fill("#pin-two", pair.pins[1].hex().upper())
    await page.set_input_files("#file", file)
    await page.wait_for_selector("#verdict.good")
    assert await page.inner_text("#verdict") == "VERIFIED"
    assert await page.locator("#steps li").count() == 9
    assert "A receipt of storage, not agreement." in await page.inner_text("#closing")
    await page.click("#language")
    assert await page.inner_text("#verdict") == "核验通过"
    file.write_bytes(pair.bundle()[:-1] + b"\x00")
    await page.set_input_files("#file", file)
    await page.wait_for_selector("#verdict.bad")
    assert await page.inner_text("#verdict") == "核验未通过"
    await page.click("#language")
