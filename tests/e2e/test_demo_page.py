"""The demo's page played through in Chromium: every step holds, by what the posts and pages say."""

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

pytestmark = [pytest.mark.needs_chromium, pytest.mark.timeout(240)]

PORT = 25320
STEPS = ("voice", "path", "text", "kill", "record", "limits")
FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    tmp_path = tmp_path_factory.mktemp("demo")
    demo = subprocess.Popen(
        (sys.executable, "-m", "openline", "demo", "--no-browser", "--port", str(PORT)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
    )
    assert demo.stdout is not None
    try:
        found = None
        for line in demo.stdout:
            found = re.search(r"http://localhost:\d+/\S*", line)
            if found:
                break
        assert found is not None
        yield found[0]
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(20)
        demo.stdout.close()
    assert list(tmp_path.glob("openline-demo-*")) == []


@pytest.fixture
def page(address: str, chromium_path: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=[*FLAGS])
        made = browser.new_page(viewport={"width": 1440, "height": 1000})
        made.goto(address)
        yield made
        browser.close()


def state_of(page: Page, step: str) -> str | None:
    return page.get_attribute(f"#step-{step}", "data-state")


def test_the_first_minute_holds_step_by_step(page: Page) -> None:
    page.wait_for_selector("#start:enabled", timeout=40_000)
    page.click("#start")
    for step in STEPS:
        page.wait_for_selector(
            f"#step-{step}[data-state=held], #step-{step}[data-state=failed]", timeout=60_000
        )
        assert state_of(page, step) == "held", page.inner_text(f"#step-{step}")
    assert "COLD" in page.inner_text("#step-voice")
    assert re.search(r"\b0 voice packets lost", page.inner_text("#step-path"))
    page.wait_for_selector("#hold", state="visible")
    page.keyboard.down("Space")
    page.wait_for_selector("#hold.live", timeout=10_000)
    page.wait_for_selector("#step-turn[data-state=held]", timeout=10_000)
    page.wait_for_timeout(1_000)
    page.keyboard.up("Space")
    page.wait_for_selector("#hold:not(.live)", timeout=5_000)
    page.wait_for_selector("#step-turn .figures li:nth-child(2)")
    page.click("[data-language=zh-Hans]")
    assert "轮到您" in page.inner_text("#step-turn")
    assert state_of(page, "voice") == "held"


def test_a_stranger_without_the_key_gets_nothing(address: str) -> None:
    bare = address.partition("?")[0]
    for path in ("", "scene", "reports", "main.js", "words/en.json"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{bare}{path}", timeout=10)
        assert refused.value.code == 403
        refused.value.close()
    request = urllib.request.Request(f"{bare}act/kill", data=b'{"side":"left"}', method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 403
    refused.value.close()
