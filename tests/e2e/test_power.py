"""The disk of the power-cut tests itself: it keeps what was synced, and loses what was not."""

import os
import random  # noqa: TID251 - what survives is chosen by a seed that pytest prints
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typing_extensions import override

from tests.e2e.power import Shadow, build_shim

pytestmark = pytest.mark.needs_compiler

FILES = """
import os, sys
root = sys.argv[1]
def put(name, sync):
    with open(f"{root}/{name}", "w") as file:
        file.write(name)
        file.flush()
        if sync:
            os.fsync(file.fileno())
def sync_names():
    folder = os.open(root, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
put("whole", True)
put("unsynced", False)
sync_names()
put("nameless", True)
os.rename(f"{root}/whole", f"{root}/renamed")
"""

ROWS = """
import sqlite3, sys
base = sqlite3.connect(f"{sys.argv[1]}/rows.sqlite", isolation_level=None)
base.execute("PRAGMA locking_mode=EXCLUSIVE")
base.execute("PRAGMA journal_mode=WAL")
base.execute("PRAGMA synchronous=FULL")
base.execute("CREATE TABLE rows (n INTEGER)")
base.execute(f"PRAGMA synchronous={sys.argv[2]}")
for n in range(300):
    base.execute("INSERT INTO rows VALUES (?)", (n,))
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""


def after_a_cut(
    tmp_path: Path, shim: Path, program: str, *given: str, rng: random.Random | None = None
) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    shadow = Shadow(root, tmp_path / "shadow")
    shadow.begin()
    command = [sys.executable, "-c", program, str(root), *given]
    powered = {"LD_PRELOAD": str(shim), "POWER_ROOT": str(root), "POWER_SHADOW": str(shadow.place)}
    subprocess.run(command, env=os.environ | powered, check=False)
    shadow.cut(rng or Nothing())
    return root


class Nothing(random.Random):
    """Nothing survives by chance."""

    @override
    def random(self) -> float:
        return 0.0


def test_names_and_bytes_survive_only_if_each_was_synced(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = after_a_cut(tmp_path, build_shim(tmp_path_factory), FILES)
    found = {item.name: item.read_text(encoding="utf-8") for item in root.iterdir()}
    assert found == {"whole": "whole", "unsynced": ""}


@pytest.mark.parametrize(("synchronous", "kept"), [("FULL", True), ("OFF", False)])
def test_it_sees_a_database_that_does_not_sync(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, synchronous: str, *, kept: bool
) -> None:
    root = after_a_cut(tmp_path, build_shim(tmp_path_factory), ROWS, synchronous)
    base = sqlite3.connect(root / "rows.sqlite")
    (count,) = base.execute("SELECT count(*) FROM rows").fetchone()
    base.close()
    assert (count == 300) == kept, count


@pytest.mark.parametrize("seed", range(8))
def test_blocks_in_any_order_lose_no_commit(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    shim = build_shim(tmp_path_factory)
    root = after_a_cut(tmp_path, shim, ROWS, "FULL", rng=random.Random(seed))
    base = sqlite3.connect(root / "rows.sqlite")
    assert base.execute("SELECT count(*) FROM rows").fetchone() == (300,)
    assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    base.close()
