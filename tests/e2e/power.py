"""A power cut for a post: its folder becomes what its disk had confirmed, and by chance more.

The preloaded shim (power_cut.c) keeps the bytes of each synced file and the names of each synced
folder under their inode numbers. ``PowerPost.kill`` puts the folder together from that: of what
was written and not synced nothing is left, or any of its blocks, as a disk writes them in any
order. Nothing but a sync orders anything.
"""

import random  # noqa: TID251 - a test picks what survives by a printed seed
import shutil
import stat
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from typing_extensions import override

from tests.e2e.post_rig import PostProcess

SOURCE = Path(__file__).with_name("power_cut.c")
BLOCK = 4096


@cache
def _built(folder: Path) -> Path:
    library = folder / "power_cut.so"
    command = ["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


def build_shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the shim, once a run."""
    return _built(tmp_path_factory.getbasetemp())


class Shadow:
    """What the disk has confirmed below ``root``."""

    def __init__(self, root: Path, place: Path) -> None:
        self.root, self.place = root, place

    def begin(self) -> None:
        """Everything that stands there now is on the disk."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        for folder in [self.root, *(item for item in self.root.rglob("*") if item.is_dir())]:
            facts = [(item.name, item.lstat()) for item in folder.iterdir()]
            lines = [f"{item.st_ino} {item.st_mode:o} {name}\n" for name, item in facts]
            (self.place / str(folder.stat().st_ino)).write_text("".join(lines), encoding="utf-8")
            for item in folder.iterdir():
                if item.is_file():
                    shutil.copyfile(item, self.place / str(item.stat().st_ino))

    def cut(self, rng: random.Random) -> None:
        """Replace ``root`` by what a power cut leaves of it."""
        now = {item.stat().st_ino: item for item in self.root.rglob("*") if item.is_file()}
        image = self.root.with_name(f".{self.root.name}.image")
        shutil.rmtree(image, ignore_errors=True)
        self._lay(self.root, image, self.root.stat().st_ino, (now, rng))
        image.chmod(stat.S_IMODE(self.root.stat().st_mode))
        shutil.rmtree(self.root)
        image.rename(self.root)

    def _lay(
        self, real: Path, image: Path, inode: int, by: tuple[dict[int, Path], random.Random]
    ) -> None:
        image.mkdir()
        names = self.place / str(inode)
        for line in names.read_text(encoding="utf-8").splitlines() if names.exists() else ():
            number, mode, name = line.split(" ", 2)
            here, bits = image / name, int(mode, 8)
            if stat.S_ISDIR(bits):
                self._lay(real / name, here, int(number), by)
            elif stat.S_ISREG(bits):
                here.write_bytes(self._bytes(int(number), by))
            else:
                continue  # sockets are made anew
            here.chmod(stat.S_IMODE(bits))

    def _bytes(self, inode: int, by: tuple[dict[int, Path], random.Random]) -> bytes:
        now, rng = by
        kept = self.place / str(inode)
        synced = kept.read_bytes() if kept.exists() else b""
        if inode not in now or rng.random() < 0.5:
            return synced
        written = now[inode].read_bytes()
        size = rng.choice([len(synced), len(written)])
        blocks = [
            rng.choice([synced, written])[at : at + BLOCK].ljust(BLOCK, b"\0")
            for at in range(0, size, BLOCK)
        ]
        return b"".join(blocks)[:size]


@dataclass
class PowerPost(PostProcess):
    """A post on a disk that confirms only what was synced, can be full, and can fail to sync."""

    shim: Path = Path()
    rng: random.Random = field(default_factory=random.Random)

    @property
    def shadow(self) -> Shadow:
        return Shadow(self.root, self.root.with_name(f"{self.root.name}.shadow"))

    @override
    def start(self, *, wait: bool = True) -> None:
        self.shadow.begin()
        self.environment |= {
            "LD_PRELOAD": str(self.shim),
            "POWER_ROOT": str(self.root),
            "POWER_SHADOW": str(self.shadow.place),
        }
        super().start(wait=wait)

    def set(self, flag: str, *, on: bool) -> None:
        """``full``: nothing more fits; ``deaf``: no sync is confirmed."""
        path = self.shadow.place / flag
        if on:
            path.touch()
        else:
            path.unlink(missing_ok=True)

    @override
    def kill(self) -> None:
        """The current goes."""
        super().kill()
        self.shadow.cut(self.rng)


def powered(post: PostProcess, shim: Path, rng: random.Random) -> PowerPost:
    """The same post on such a disk."""
    folder = post.folder
    return PowerPost(folder=folder, desk_port=post.desk_port, shim=shim, rng=rng)
