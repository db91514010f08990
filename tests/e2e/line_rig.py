"""The whole line: two real posts in two network namespaces, a real Chromium desk at each.

Paths are pathlab's; each post and each browser runs inside its namespace. The
browser opens the desk page that the post serves, by its launch address; an
instrument laid into the page only writes down what passes.
"""

import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Frame, Page, async_playwright
from typing_extensions import override

from openline.app.folder import Folder
from openline.app.pairing import PathWish, PostWish, compare, init_post, pair
from tests.e2e.post_rig import ENVIRONMENT, PATHS, PostProcess
from tests.pathlab.pathlab import PathLab

Side = Literal["a", "b"]
INSTRUMENT = Path(__file__).with_name("line_instrument.js")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
HEARD_S_MAX = 5.0
LOUD, SOFT = 0.25, 0.12
PROBE = f"""
registerProcessor("line-probe", class extends AudioWorkletProcessor {{
  constructor() {{ super(); this.quiet = 0; }}
  process([[samples]]) {{
    if (!samples) return true;
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    if (peak > {LOUD}) {{
      if (this.quiet > 0.1 * sampleRate) this.port.postMessage(Date.now());
      this.quiet = 0;
    }} else if (peak < {SOFT}) this.quiet += samples.length;
    return true;
  }}
}});
"""


@dataclass
class LabPost(PostProcess):
    """A post whose process runs in one side of a path laboratory."""

    lab: PathLab | None = None
    side: Side = "a"

    @override
    def start(self, *, wait: bool = True) -> None:
        assert self.process is None
        assert self.lab is not None
        with (self.root.parent / f"{self.root.name}.out").open("wb") as out:
            # `ip netns exec` becomes the program itself: a signal to it reaches the post.
            self.process = self.lab.popen(
                self.side,
                [sys.executable, "-m", "openline", "run", str(self.root)],
                stdout=out,
                stderr=subprocess.STDOUT,
                env=os.environ | ENVIRONMENT | self.environment,
            )
        if wait:
            self.until(lambda _status: True)


def make_lab_pair(tmp_path: Path, lab: PathLab, *, port: int) -> tuple[LabPost, LabPost]:
    """Two founded posts, one on each side, with a path for each of the laboratory's."""
    posts: list[LabPost] = []
    sides: tuple[Side, Side] = ("a", "b")
    for name, side in zip(("north", "south"), sides, strict=True):
        paths = {}
        for number, path in enumerate(PATHS[: len(lab.specs)]):
            address = f"{lab.addr(side, number)}:{port + number}"
            paths[path] = PathWish(bind=address, advertised=(address,), listen=True)
        folder = Folder(tmp_path / name)
        init_post(folder, PostWish(names={"en": name}, paths=paths, desk_port=port + 10))
        posts.append(LabPost(folder, port + 10, lab=lab, side=side))
    for post, other in (posts, posts[::-1]):
        data = other.folder.card.read_bytes()
        pair(post.folder, data, compare(post.folder, data).digits)
    return posts[0], posts[1]


@contextlib.contextmanager
def laboratory(
    *paths: str, seed: int | None = None, capture: Path | None = None
) -> Iterator[PathLab]:
    pcap = None if capture is None else str(capture)
    with PathLab(list(paths), seed=seed, pcap=pcap) as lab:
        yield lab


@dataclass
class RealDesk:
    """The shipped desk page of one post in a browser of its own."""

    page: Page
    post: PostProcess
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def strangers(self) -> list[str]:
        """Requests to anything but the desk's two names."""
        port = self.post.desk_port
        known = {f"localhost:{port}", f"audio.localhost:{port}"}
        return [url for url in self.requests if urlsplit(url).netloc not in known]

    async def until(self, expression: str, seconds: float = 30.0) -> None:
        """Wait; Playwright's own way needs an eval that the page's policy forbids."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not await self.page.evaluate(expression):
            if loop.time() > end:
                pytest.fail(f"never true: {expression}\n{await self.told()}")
            await asyncio.sleep(0.02)

    async def sign_in(self) -> None:
        """Come by the launch address, click once (a browser plays no sound without it)."""
        answers = await asyncio.to_thread(self.post.ask, "desk-url")
        await self.page.goto(answers[0]["url"])
        await self.page.wait_for_selector("#talk-key")
        await self.until("document.title.includes('LINK UP')")
        await self.page.click("#foot")
        await self.page.click("#test-loudspeaker")
        await self.page.click("#heard-yes")

    async def ready(self) -> None:
        """Wait until this desk can speak and be heard."""
        await self.until("line.seen.state?.pc === 'connected'")
        await self.until("line.seen.state?.context === 'running'")
        await asyncio.to_thread(self.post.until, lambda status: status["voice"] == "ready")
        await asyncio.sleep(0.5)  # Two of the post's ticks: the page knows it too.

    async def press(self) -> float:
        """Hold the talk key down; when the press reached the page, in its Date.now."""
        before = await self.page.evaluate("line.seen.pressed.length")
        await self.page.keyboard.down("Space")
        await self.until(f"line.seen.pressed.length > {before}")
        return float(await self.page.evaluate("line.seen.pressed.at(-1)"))

    async def release(self) -> None:
        await self.page.keyboard.up("Space")

    async def heard_after(self, pressed_ms: float, seconds: float = HEARD_S_MAX) -> float:
        """When the first sound after a press came to this desk's worklet."""
        await self.until(f"line.seen.heard.some((at) => at > {pressed_ms})", seconds)
        return float(
            await self.page.evaluate(
                f"Math.min(...line.seen.heard.filter((at) => at > {pressed_ms}))"
            )
        )

    async def told(self) -> str:
        """What this page shows and its media page said last, for a failed test."""
        seen = await self.page.evaluate("JSON.stringify(line.seen.state)")
        live = await self.page.evaluate(
            "JSON.stringify([line.seen.pressed, line.seen.live, line.seen.heard])"
        )
        return f"{seen} {live}\n{await self.page.inner_text('body')}\n{self.faults}"

    async def lay_probes(self) -> None:
        """Note from now on when a loud burst passes the microphone, and the far sound."""
        await self.audio.evaluate("code => lineProbe(code)", PROBE)

    async def lift_probes(self) -> None:
        """Take them away."""
        await self.audio.evaluate("lineUnprobe()")

    async def bursts(self) -> dict[str, list[float]]:
        """What the probes noted, in Date.now: ``mouth`` and ``ear``."""
        return dict(await self.audio.evaluate("lineBursts"))

    @property
    def audio(self) -> Frame:
        """The media page."""
        return next(frame for frame in self.page.frames if "audio.localhost" in frame.url)

    async def samples(self) -> tuple[int, list[float]]:
        """The far sound that this browser decodes just now: rate and samples from -1 to 1."""
        found = await self.audio.evaluate("lineSamples()")
        return int(found["rate"]), list(found["samples"])

    async def inbound(self) -> dict[str, float]:
        """The browser's statistics of what it receives (RTCInboundRtpStreamStats)."""
        found = await self.audio.evaluate("lineInbound()")
        assert found is not None, "no connection stands"
        return {key: value for key, value in found.items() if isinstance(value, int | float)}

    async def candidates(self) -> list[str]:
        """Every address that the browser itself offered, as lines of an SDP."""
        return list(await self.audio.evaluate("lineCandidates"))

    async def comes_to_rest(self) -> None:
        """What was said before has come to its end here, also at a busy browser."""
        await self.until("line.seen.levels.slice(-8).every((level) => level.far < -80)")

    async def peak(self, seconds: float) -> float:
        """The highest sample decoded here, of 32768, in the next seconds."""
        await self.page.evaluate("line.probe(false)")
        await self.page.evaluate("line.probe(true)")
        await asyncio.sleep(0.3)
        await self.page.evaluate("line.listen()")
        await asyncio.sleep(seconds)
        count = await self.page.evaluate("line.seen.levels.length")
        assert count >= seconds * 5, "the meter did not report"
        return float(await self.page.evaluate("line.peak()"))

    async def write(self, text: str) -> None:
        await self.page.fill("#draft", text)
        await self.page.keyboard.press("Control+Enter")
        await self.until("document.querySelector('#draft').value === ''")
        await self.page.evaluate("document.activeElement.blur()")


async def pick_up(speaker: RealDesk, listener: RealDesk, *, hold_s: float = 0.5) -> float:
    """One press of the talk key; milliseconds until the other desk's worklet had sound."""
    pressed = await speaker.press()
    try:
        heard = await listener.heard_after(pressed)
        await asyncio.sleep(hold_s)
    except pytest.fail.Exception:
        say(f"the speaker: {await speaker.told()}")
        raise
    finally:
        await speaker.release()
    return heard - pressed


@contextlib.asynccontextmanager
async def real_desk(  # noqa: PLR0913 - each is one thing that a test may want else
    post: PostProcess,
    chromium_path: str,
    tone: Path,
    *,
    nice: int = 0,
    flags: Sequence[str] = (),
    kind: type[RealDesk] = RealDesk,
    probed: bool = False,
    also: Sequence[Path] = (),
) -> AsyncIterator[RealDesk]:
    """The post's desk in a Chromium that runs where the post runs and hears ``tone``.

    ``probed`` lays the page's policy down, so that a probe of the test's own may be loaded.
    """
    runner = post.root.parent / f"chromium-{post.root.name}"
    inside = (
        f"ip netns exec {post.lab.ns[post.side]} " if isinstance(post, LabPost) and post.lab else ""
    )
    runner.write_text(f'#!/bin/sh\nexec {inside}nice -n {nice} {chromium_path} "$@"\n')
    runner.chmod(0o755)
    async with async_playwright() as playwright:
        browser: Browser = await playwright.chromium.launch(
            executable_path=str(runner),
            args=[*FLAGS, *flags, f"--use-file-for-fake-audio-capture={tone}"],
        )
        try:
            context = await browser.new_context(
                viewport={"width": 1366, "height": 768}, bypass_csp=probed
            )
            for script in (INSTRUMENT, *also):
                await context.add_init_script(path=script)
            page = await context.new_page()
            desk = kind(page, post)
            page.on("console", lambda said: _note(desk, said.type, said.text))
            page.on("pageerror", lambda error: desk.faults.append(f"pageerror {error}"))
            page.on("request", lambda request: desk.requests.append(request.url))
            page.on("websocket", lambda socket: desk.requests.append(socket.url))
            await desk.sign_in()
            yield desk
        finally:
            await browser.close()


def _note(desk: RealDesk, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        desk.faults.append(f"{kind} {text}")


def media(*posts: PostProcess) -> list[dict[str, Any]]:
    """The media counters of the posts' links."""
    return [dict(post.status()["media"]) for post in posts]


def summary(values: Sequence[float]) -> str:
    """Median, 99th percentile and span of milliseconds, for a table."""
    ordered = sorted(values)
    high = ordered[min(len(ordered) - 1, -(-len(ordered) * 99 // 100) - 1)]
    middle = statistics.median(ordered)
    span = f"[{ordered[0]:.1f}-{ordered[-1]:.1f}]"
    return f"median {middle:.1f}  p99 {high:.1f}  {span}  n {len(ordered)}"


def say(line: str) -> None:
    """A line for whoever watches the run."""
    sys.stdout.write(line + "\n")


def load() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())
