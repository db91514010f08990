"""The scene: two posts with fresh identities and two paths, in a folder that goes away.

Everything that the page and ``--check`` do to the posts is here, and nothing of
how it is shown.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from openline.app.demo.evidence import run_openline
from openline.app.demo.folder import scratch_folder
from openline.app.demo.forwarder import CuttablePath, Face, free_ports
from openline.app.demo.posts import SIDES, PostProcess, Side, opposite
from openline.app.demo.progress import Progress
from openline.app.folder import Folder
from openline.app.pairing import PathWish, PostWish, compare, init_post, pair
from openline.errors import AccessError, ConfigError
from openline.record.card import Card

HOST: Final = "127.0.0.1"
PATHS: Final = ("fibre", "satellite")
DEFAULT_PORT: Final = 8400
PORTS_AFTER: Final = 400
NAMES: Final[dict[Side, dict[str, str]]] = {
    "left": {"en": "Harbour North", "zh": "北港"},
    "right": {"en": "Harbour South", "zh": "南港"},
}
LINK_UP_S_MAX: Final = 20.0
POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Ports:
    """Every port of one run, all on 127.0.0.1.

    Attributes:
        page: the demo's page. desks: the desk pages. bind: per path, where the two posts listen.
        advertised: per path, the forwarder's ports that stand in the two cards.
    """

    page: int
    desks: dict[Side, int]
    bind: dict[str, dict[Side, int]]
    advertised: dict[str, dict[Side, int]]


def choose_ports(wished: int | None) -> Ports:
    """Take the wished page port, or the first free one, and the next free ones after it.

    Raises:
        ConfigError: ``demo.ports`` when too few are free, ``demo.port_taken`` for the page's.
    """
    first = DEFAULT_PORT if wished is None else wished
    wanted = 3 + 4 * len(PATHS)
    try:
        found = free_ports(HOST, wanted, first=first, last=min(first + PORTS_AFTER, 65_535))
    except OSError as fault:
        raise ConfigError("demo.ports", str(fault), first=first) from fault
    if wished is not None and found[0] != wished:
        raise ConfigError("demo.port_taken", f"port {first} is taken", port=first)
    rest = iter(found[1:])
    return Ports(
        page=found[0],
        desks={side: next(rest) for side in SIDES},
        bind={path: {side: next(rest) for side in SIDES} for path in PATHS},
        advertised={path: {side: next(rest) for side in SIDES} for path in PATHS},
    )


class Scene:
    """Two running posts and the paths between them.

    Args:
        folder: where everything lies.
        ports: all ports.

    Attributes:
        pins: both cards' full fingerprints, hex.
        started_s: the event loop's time at which both posts' processes were started.
    """

    def __init__(self, folder: Path, ports: Ports) -> None:
        """Prefer :func:`set_scene`."""
        self.folder = folder
        self.ports = ports
        self.posts = {side: PostProcess(side, folder / side) for side in SIDES}
        self.paths = {name: self._path(name) for name in PATHS}
        self.pins: tuple[str, str] = ("", "")
        self.started_s = 0.0

    def _path(self, name: str) -> CuttablePath:
        def face(side: Side) -> Face:
            return Face(
                advertised=(HOST, self.ports.advertised[name][side]),
                bind=(HOST, self.ports.bind[name][side]),
            )

        return CuttablePath(name, (face("left"), face("right")))

    async def statuses(self) -> dict[Side, dict[str, Any] | None]:
        """What each post says of itself now; None for one that does not answer."""
        found = await asyncio.gather(*(self._status(side) for side in SIDES))
        return dict(zip(SIDES, found, strict=True))

    async def _status(self, side: Side) -> dict[str, Any] | None:
        if not self.posts[side].alive:
            return None
        with contextlib.suppress(AccessError):
            return await self.posts[side].status()
        return None

    async def until(
        self, holds: Callable[[dict[Side, dict[str, Any] | None]], bool], seconds: float, code: str
    ) -> float:
        """Wait until both posts' statuses satisfy a condition.

        Returns:
            Milliseconds that it took.

        Raises:
            ConfigError: ``code`` when it did not within ``seconds``.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        while loop.time() - began < seconds:
            if holds(await self.statuses()):
                return (loop.time() - began) * 1000
            await asyncio.sleep(POLL_S)
        raise ConfigError(code, f"not within {seconds:g} s", seconds=round(seconds))

    async def link_up(self) -> float:
        """Wait until both posts show LINK UP; returns milliseconds.

        Raises:
            ConfigError: ``demo.no_link``.
        """
        return await self.until(both_up, LINK_UP_S_MAX, "demo.no_link")

    async def launch_address(self, side: Side) -> str:
        """A fresh one-time address of a desk page.

        Raises:
            AccessError: the post does not answer or has no desk.
        """
        answers = await self.posts[side].ask("desk-url")
        return str(answers[0]["url"])

    async def export(self, side: Side) -> Path:
        """Export one post's record by the real command.

        Raises:
            ConfigError: ``demo.export`` with what the command said.
        """
        bundle = self.folder / f"{side}.bundle"
        bundle.unlink(missing_ok=True)
        folder = str(self.posts[side].folder)
        status, output = await run_openline("record", folder, "export", str(bundle))
        if status != 0:
            raise ConfigError("demo.export", output, side=side, reason=output)
        return bundle


def both_up(statuses: dict[Side, dict[str, Any] | None]) -> bool:
    """Whether both posts show LINK UP."""
    return all(said is not None and said["link"]["state"] == "UP" for said in statuses.values())


def _wish(side: Side, ports: Ports) -> PostWish:
    paths = {
        name: PathWish(
            bind=f"{HOST}:{ports.bind[name][side]}",
            advertised=(f"{HOST}:{ports.advertised[name][side]}",),
        )
        for name in PATHS
    }
    return PostWish(names=NAMES[side], paths=paths, desk_port=ports.desks[side])


def _make(side: Side, folder: Path, ports: Ports, sample: Path) -> Card:
    """Make one post, and let the demo's page frame its desk and a recorded voice stand in."""
    post = Folder(folder)
    card = init_post(post, _wish(side, ports))
    settings = post.config.read_text("utf-8")
    opened = (
        "[desk]\n"
        "idle_minutes = 0  # nobody is asked to stay awake for a demonstration\n"
        f'frame_ancestors = ["http://localhost:{ports.page}"]  # the demo only\n'
        f'sample = "{sample}"  # a synthetic voice may stand in for the microphone: the demo only\n'
    )
    post.config.write_text(settings.replace("[desk]\n", opened, 1), "utf-8")
    return card


def _introduce(folders: dict[Side, Path], cards: dict[Side, Card]) -> None:
    """Swap the cards; one machine has one owner, so nobody reads the digits aloud."""
    for side in SIDES:
        folder = Folder(folders[side])
        raw = cards[opposite(side)].raw
        pair(folder, raw, compare(folder, raw).digits)


@contextlib.asynccontextmanager
async def set_scene(
    progress: Progress, wished_port: int | None, samples: dict[Side, Path]
) -> AsyncIterator[Scene]:
    """Make the posts, lay the paths, start both; take everything away at the end.

    Args:
        progress: told what is being done.
        wished_port: port of the page, None for any; the others follow it.
        samples: each side's recorded voice.

    Raises:
        ConfigError: ports, folder or a post that does not come up.
    """
    ports = choose_ports(wished_port)
    with scratch_folder() as folder:
        scene = Scene(folder, ports)
        try:
            await _raise(scene, progress, samples)
            yield scene
        finally:
            await asyncio.gather(*(post.stop() for post in scene.posts.values()))
            await asyncio.gather(*(path.close() for path in scene.paths.values()))


async def _raise(scene: Scene, progress: Progress, samples: dict[Side, Path]) -> None:
    ports = scene.ports
    with progress.step("demo.progress.keys"):
        makes = [
            asyncio.to_thread(_make, side, scene.posts[side].folder, ports, samples[side])
            for side in SIDES
        ]
        cards = dict(zip(SIDES, await asyncio.gather(*makes), strict=True))
    with progress.step("demo.progress.cards"):
        folders = {side: scene.posts[side].folder for side in SIDES}
        await asyncio.to_thread(_introduce, folders, cards)
        scene.pins = (cards["left"].fingerprint.hex(), cards["right"].fingerprint.hex())
    with progress.step("demo.progress.posts"):
        for path in scene.paths.values():
            await path.start()
        scene.started_s = asyncio.get_running_loop().time()
        await asyncio.gather(*(post.start() for post in scene.posts.values()))
