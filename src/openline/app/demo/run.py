"""What ``openline demo`` does: the page, or the check."""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

from openline.app.demo.check import Check, Findings
from openline.app.demo.desks import DeskPair, Kind
from openline.app.demo.page_server import PageServer, PageSettings
from openline.app.demo.posts import Side
from openline.app.demo.progress import Progress
from openline.app.demo.scene import Scene, set_scene
from openline.errors import ConfigError

Wanted = Literal["auto", "chromium", "headless"]
WANTED: Final[tuple[Wanted, ...]] = ("auto", "chromium", "headless")
START_S: Final = 0.2
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def sample_files() -> dict[Side, Path]:
    """Each side's recorded voice."""
    folder = Path(str(files("openline.app.demo") / "samples"))
    return {"left": folder / "en.wav", "right": folder / "zh-Hans.wav"}


def find_chromium() -> str | None:
    """Path of a Chromium on this machine; OPENLINE_CHROMIUM names another."""
    named = os.environ.get("OPENLINE_CHROMIUM")
    return named or next((path for name in _BROWSERS if (path := shutil.which(name))), None)


def choose_desks(wanted: Wanted) -> Kind:
    """Which kind of desks this machine has.

    Raises:
        ConfigError: ``demo.no_chromium``, ``demo.no_headless`` or ``demo.no_desks``.
    """
    chromium = find_chromium() is not None and _has("playwright")
    headless = _has("aiortc") and _has("numpy")
    if wanted == "chromium" and not chromium:
        raise ConfigError("demo.no_chromium", "Playwright or Chromium is missing")
    if wanted == "headless" and not headless:
        raise ConfigError("demo.no_headless", "the extra openline[headless] is missing")
    if not chromium and not headless:
        raise ConfigError("demo.no_desks", "neither Chromium with Playwright nor aiortc")
    if wanted == "auto":
        return "chromium" if chromium else "headless"
    return wanted


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def run_check(progress: Progress, port: int | None, kind: Kind) -> Findings:
    """Run the check from beginning to end.

    Raises:
        ConfigError: a post or desk did not come up.
    """
    with _ended_by_signals():
        return asyncio.run(_check(progress, port, kind))


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let a cancelled run end as if by Ctrl-C at the terminal."""
    try:
        yield
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _cancel_on_signals() -> None:
    """Let the first signal end the running task; later ones do not disturb its cleaning up."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    ended = False

    def end() -> None:
        nonlocal ended
        if task is not None and not ended:
            ended = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)


async def _check(progress: Progress, port: int | None, kind: Kind) -> Findings:
    _cancel_on_signals()
    loop = asyncio.get_running_loop()
    async with set_scene(progress, port, sample_files()) as scene:
        with progress.step("demo.progress.link"):
            await scene.link_up()
        link_up_ms = (loop.time() - scene.started_s) * 1000
        async with _desks(scene, kind) as desks:
            return await Check(scene, desks, progress).run(link_up_ms)


@contextlib.asynccontextmanager
async def _desks(scene: Scene, kind: Kind) -> AsyncIterator[DeskPair]:
    # The libraries of the one kind may be missing where the other is used.
    if kind == "headless":
        from openline.app.demo.desks_headless import open_headless  # noqa: PLC0415 see above

        async with open_headless(scene, sample_files()) as headless:
            yield headless
        return
    from openline.app.demo.desks_chromium import open_chromium  # noqa: PLC0415 see above

    async with (
        _page(scene, "en") as page,
        open_chromium(page.address, find_chromium() or "") as chromium,
    ):
        yield chromium


@contextlib.asynccontextmanager
async def _page(scene: Scene, language: str) -> AsyncIterator[PageServer]:
    """Serve the page for a block."""
    page = PageServer(scene, PageSettings(language, sample_files()))
    serving = asyncio.ensure_future(page.run())
    try:
        await asyncio.wait({serving}, timeout=START_S)  # a port that is taken is known by then
        if serving.done():
            await serving
        yield page
    finally:
        page.stop()
        await serving


def run_page(
    progress: Progress, port: int | None, language: str, opened: Callable[[str], None]
) -> None:
    """Serve the page until Ctrl-C.

    Args:
        progress: told what is being done.
        port: of the page; None takes a free one.
        language: of the page until somebody switches.
        opened: told the address once it can be opened.

    Raises:
        ConfigError: a post did not come up.
    """
    asyncio.run(_serve(progress, port, language, opened))


async def _serve(
    progress: Progress, port: int | None, language: str, opened: Callable[[str], None]
) -> None:
    _cancel_on_signals()
    try:
        async with (
            set_scene(progress, port, sample_files()) as scene,
            _page(scene, language) as page,
        ):
            with progress.step("demo.progress.link"):
                await scene.link_up()
            opened(page.address)
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        progress.say("demo.progress.removed")
