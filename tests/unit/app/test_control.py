"""The control socket: private, short-lived, never in the way of the line."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from openline.app.control import ControlSocket, ask
from openline.errors import AccessError, StoreError

pytestmark = pytest.mark.asyncio


async def serve(request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    if request.get("do") == "refuse":
        raise StoreError("store.full", "no space", name="SQLITE_FULL")
    for number in range(3):
        yield {"number": number, "do": request["do"]}


async def asked(folder: Path, request: dict[str, Any]) -> list[dict[str, Any]]:
    return await asyncio.to_thread(lambda: list(ask(folder, request)))


async def test_answers_refusals_and_the_mode(tmp_path: Path) -> None:
    control = ControlSocket(tmp_path, serve)
    await control.start()
    try:
        assert (tmp_path / "control.sock").stat().st_mode & 0o777 == 0o600
        got = await asked(tmp_path, {"do": "é"})
        assert [item["number"] for item in got] == [0, 1, 2]
        assert got[0]["do"] == "é"
        with pytest.raises(AccessError) as caught:
            await asked(tmp_path, {"do": "refuse"})
        assert caught.value.code == "store.full"
        assert caught.value.facts == {"name": "SQLITE_FULL"}
    finally:
        control.close()
    assert not (tmp_path / "control.sock").exists()


async def test_a_folder_with_a_very_long_name(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120) / ("e" * 120)
    deep.mkdir(parents=True)
    control = ControlSocket(deep, serve)
    await control.start()
    try:
        assert len(await asked(deep, {"do": "x"})) == 3
    finally:
        control.close()


async def test_the_socket_of_a_killed_post_is_replaced(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "control.sock"))
    left.close()
    with pytest.raises(AccessError) as caught:
        await asked(tmp_path, {"do": "x"})
    assert caught.value.code == "control.not_running"
    control = ControlSocket(tmp_path, serve)
    await control.start()
    try:
        assert len(await asked(tmp_path, {"do": "x"})) == 3
    finally:
        control.close()


async def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(AccessError) as caught:
        await asked(tmp_path, {"do": "x"})
    assert caught.value.code == "control.not_running"


@pytest.mark.parametrize(
    "sent", [b"\n", b"[]\n", b"{not json}\n", b"x" * 200_000 + b"\n", b'{"do": "x"}', b"\xff\xfe\n"]
)
async def test_rubbish_is_refused_and_the_next_is_served(tmp_path: Path, sent: bytes) -> None:
    control = ControlSocket(tmp_path, serve)
    await control.start()
    try:
        reader, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
        writer.write(sent)
        writer.write_eof()
        got = await reader.read(1000)
        assert b"control.request" in got
        writer.close()
        assert len(await asked(tmp_path, {"do": "x"})) == 3
    finally:
        control.close()
