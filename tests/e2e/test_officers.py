"""Officers at real posts: a desk over HTTPS that locks and hears; what crosses of officers."""

import asyncio
import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typing_extensions import override

from openline.app.folder import Folder
from openline.app.pairing import PathWish, PostWish, compare, init_post, pair
from openline.record.cbor import sequence
from tests.e2e.line_rig import RealDesk, real_desk
from tests.e2e.post_rig import PostProcess, free_port, is_up, openline, running
from tests.e2e.voice_rig import write_tone

PHRASE = "correct horse battery"
CONSOLE, AUDIO = "desk.north.example", "audio.north.example"
LOCKED = "document.body.classList.contains('locked')"
SECRET_WORDS = "the tide turns at four"
NAME = "Adaeze Chen-Larsen"
CONTROL, BATCH = 4, 5


def make_posts(
    tmp_path: Path, *, passphrase: str | None = None, disclosure: int = 2
) -> tuple[PostProcess, PostProcess]:
    """Two founded posts; the first one's officer has a passphrase if one is given."""
    posts = []
    for name, phrase in (("north", passphrase), ("south", None)):
        address = f"127.0.0.1:{free_port()}"
        wish = PostWish(
            names={"en": name},
            paths={"main": PathWish(bind=address, advertised=(address,))},
            desk_port=free_port(),
            disclosure=disclosure,
            passphrase=phrase,
        )
        init_post(Folder(tmp_path / name), wish)
        posts.append(PostProcess(Folder(tmp_path / name), wish.desk_port))
    for post, other, phrase in ((posts[0], posts[1], passphrase), (posts[1], posts[0], None)):
        data = other.folder.card.read_bytes()
        pair(post.folder, data, compare(post.folder, data).digits, phrase or "")
    return posts[0], posts[1]


def phrase_file(tmp_path: Path) -> Path:
    path = tmp_path / "phrase"
    path.touch(mode=0o600)
    path.write_text(PHRASE + "\n")
    return path


class HttpsDesk(RealDesk):
    """A desk on another machine, as it were: by name, over HTTPS, by passphrase."""

    origin = ""

    @override
    async def sign_in(self) -> None:
        await self.page.goto(self.origin)
        await self.page.fill("#signin-code", "w-1")
        await self.page.fill("#signin-passphrase", "not the passphrase")
        await self.page.press("#signin-passphrase", "Enter")
        await self.until("document.querySelector('#words')?.textContent.includes('wrong')")
        await self.enter()
        await self.page.wait_for_selector("#talk-key", state="attached")
        await self.until("document.title.includes('LINK UP')")
        await self.page.click("#foot")

    async def enter(self) -> None:
        await self.page.fill("#signin-code", "W-1")
        await self.page.fill("#signin-passphrase", PHRASE)
        await self.page.press("#signin-passphrase", "Enter")

    async def awake_until(self, expression: str) -> None:
        """Wait as an officer does who is there, however slow the machine is."""
        for _ in range(2000):
            if await self.page.evaluate(f"!({LOCKED}) && ({expression})"):
                return
            if (
                await self.page.evaluate(LOCKED)
                and await self.page.locator("#lock button:enabled").count()
            ):
                await self.enter()
                await self.page.wait_for_timeout(500)
            elif await self.page.locator(".strip.warn button").count():
                await self.page.click(".strip.warn button", timeout=1000)
            await self.page.wait_for_timeout(20)
        pytest.fail(f"never true: {expression}\n{await self.told()}")


def set_https(post: PostProcess, tmp_path: Path) -> tuple[str, ...]:
    """Give a post its HTTPS desks and a short patience; what Chromium needs to trust them."""
    port = free_port()
    settings = post.folder.config.read_text()
    settings = settings.replace("[desk]\n", "[desk]\nidle_minutes = 0.15\n")
    settings += (
        f'[desk.https]\nbind = "127.0.0.1:{port}"\nconsole = "{CONSOLE}"\n'
        f'audio = "{AUDIO}"\naddress = "127.0.0.1"\n'
    )
    post.folder.config.write_text(settings)
    HttpsDesk.origin = f"https://{CONSOLE}:{port}"
    openline("desk", "ca", post.root, "--output", tmp_path / "ca.crt")
    ca = x509.load_pem_x509_certificate((tmp_path / "ca.crt").read_bytes())
    spki = ca.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(spki).digest()).decode()
    return (
        f"--host-resolver-rules=MAP {CONSOLE} 127.0.0.1,MAP {AUDIO} 127.0.0.1",
        f"--ignore-certificate-errors-spki-list={pin}",
    )


async def locks_by_itself(desk: HttpsDesk, south: PostProcess) -> None:
    """Nobody does anything: it warns, then it locks, and the other side learns what it may."""
    await desk.until("document.body.innerText.includes('This desk locks in')")
    await desk.until(LOCKED)
    await asyncio.to_thread(south.until, lambda status: not status["peer_watch"]["attended"])
    assert SECRET_WORDS not in await desk.page.inner_text("body")
    assert "LINK UP" in await desk.page.title()
    assert not await desk.page.locator("#talk-key").is_visible()
    assert await desk.page.evaluate("fetch('/session').then((a) => a.status)") == 403
    await asyncio.to_thread(openline, "text", desk.post.root, "unsigned", status=9)


async def hears_and_cannot_talk(desk: HttpsDesk, calling: RealDesk) -> None:
    """The far officer speaks and goes on speaking; the key here opens nothing."""
    await calling.ready()
    pressed = await calling.press()
    await desk.heard_after(pressed)
    assert "calling" in await desk.page.inner_text("#lock")
    await desk.page.evaluate("document.activeElement.blur()")
    await desk.press()
    call = desk.post.status()["call"]
    assert (call["state"], call["own_talking"]) == ("announcing", False)
    assert call["sounded_here"] is False
    assert await desk.page.evaluate("line.seen.live.length") == 0
    await desk.release()


@pytest.mark.asyncio
@pytest.mark.needs_chromium
@pytest.mark.timeout(120)
async def test_a_desk_over_https_locks_by_itself_and_goes_on_hearing(
    chromium_path: str, tmp_path: Path
) -> None:
    north, south = make_posts(tmp_path, passphrase=PHRASE)
    flags = set_https(north, tmp_path)
    tones = [write_tone(tmp_path / f"{hertz}.wav", hertz=hertz) for hertz in (440, 1130)]
    with running(north, south):
        for post in (north, south):
            post.until(is_up)
        async with (
            real_desk(south, chromium_path, tones[0]) as calling,
            real_desk(north, chromium_path, tones[1], flags=flags, kind=HttpsDesk) as desk,
        ):
            assert isinstance(desk, HttpsDesk)
            await calling.write(SECRET_WORDS)
            await desk.awake_until(f"document.body.innerText.includes('{SECRET_WORDS}')")
            await locks_by_itself(desk, south)
            await hears_and_cannot_talk(desk, calling)
            # The officer comes back: the same page, the same sound, and now the key speaks.
            await desk.awake_until(f"document.body.innerText.includes('{SECRET_WORDS}')")
            await desk.page.click("#foot")
            pressed = await desk.press()
            await calling.heard_after(pressed)
            await desk.release()
            await calling.release()
            north.until(lambda status: status["call"]["state"] == "taken")
            await desk.page.click("#lock-desk")
            await desk.until(LOCKED)
            assert [fault for fault in desk.faults if "403" not in fault] == []
            hosts = {url.split("/")[2] for url in desk.requests}
            port = HttpsDesk.origin.rpartition(":")[2]
            assert hosts == {f"{CONSOLE}:{port}", f"{AUDIO}:{port}"}
    told = (north.root / "diagnostics.jsonl").read_text()
    assert PHRASE not in told
    assert "not the passphrase" not in told


class RecordedPost(PostProcess):
    """A post that writes down what crosses its link."""

    @property
    def frames(self) -> Path:
        return self.root.parent / f"{self.root.name}.frames"

    @override
    def start(self, *, wait: bool = True) -> None:
        module = ["-m", "tests.e2e.recording_post", str(self.root), str(self.frames)]
        with (self.root.parent / f"{self.root.name}.out").open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, *module],
                stdout=out,
                stderr=subprocess.STDOUT,
                env=os.environ | {"LANG": "C", "LC_ALL": "C"},
            )
        if wait:
            self.until(lambda _status: True)


def crossed(path: Path) -> Iterator[tuple[int, bytes]]:
    """Every frame that went out, decrypted."""
    for line in path.read_text("ascii").splitlines():
        said = json.loads(line)
        if said.get("way") == "out":
            yield int(said["class"]), bytes.fromhex(said["body"])


@pytest.mark.asyncio
@pytest.mark.timeout(120)
@pytest.mark.parametrize("level", [0, 1, 2, 3])
async def test_no_more_crosses_of_an_officer_than_was_agreed(tmp_path: Path, level: int) -> None:
    import httpx2  # noqa: PLC0415 - only here
    from websockets.asyncio.client import connect  # noqa: PLC0415 - only here

    made = make_posts(tmp_path, disclosure=level)
    north, south = (RecordedPost(post.folder, post.desk_port) for post in made)
    phrase = phrase_file(tmp_path)
    with running(north, south):
        for post in (north, south):
            await asyncio.to_thread(post.until, is_up)
        said = await asyncio.to_thread(
            openline,
            "officer",
            "add",
            north.root,
            "W-77",
            "--name",
            NAME,
            "--passphrase-file",
            phrase,
        )
        assert "Written in the record as" in said
        origin = f"http://localhost:{north.desk_port}"
        async with httpx2.AsyncClient(headers={"origin": origin}) as client:
            fields = {"code": "W-77", "passphrase": PHRASE}
            answer = await client.post(f"{origin}/signin", json=fields)
            assert answer.status_code == 204
            cookie = answer.headers["set-cookie"].partition(";")[0]
        alive: dict[str, object] = {
            "t": "alive",
            "mic": "COLD",
            "context": "running",
            "connection": "new",
        }
        alive |= {"hears": True, "deaf": ""}
        async with connect(
            f"ws://localhost:{north.desk_port}/desk",
            origin=origin,  # type: ignore[arg-type]  # a NewType of str
            additional_headers={"cookie": cookie},
        ) as desk:
            await desk.send(json.dumps(alive))
            text = {"t": "text", "request": "r", "text": "signed by the second", "lang": "en"}
            await desk.send(json.dumps(text))
            seen: bool | None = level > 0 or None
            await asyncio.to_thread(
                south.until, lambda status: status["peer_watch"]["attended"] is seen
            )
            await desk.send(json.dumps({"t": "lock"}))
            seen = False if level else None
            await asyncio.to_thread(
                south.until,
                lambda status: (
                    status["peer_watch"]["attended"] is seen and status["record"]["peer_size"] >= 4
                ),
            )
        if level == 3:
            await asyncio.to_thread(revoked_at_once, north, fields)
        entries = south.ask("record")[0]["entries"]
        assert [e["signed_by_officers"] for e in entries if e["kind"] == "enrol"] == [1, 1, 2]
    judge(list(crossed(north.frames)), level)


def revoked_at_once(post: PostProcess, fields: dict[str, str]) -> None:
    """Through the running post: the officer of a locked desk signs nothing, one revoked is out."""
    import httpx2  # noqa: PLC0415 - only here

    said = openline("text", post.root, "unsigned", "--officer", "W-77", status=9)
    assert "[engine.no_officer]" in said
    origin = f"http://localhost:{post.desk_port}"
    with httpx2.Client(headers={"origin": origin}) as client:
        assert client.post(f"{origin}/signin", json=fields).status_code == 204
        openline("text", post.root, "signed", "--officer", "W-77")
        assert "Written in the record as" in openline("officer", "revoke", post.root, "W-77")
        assert client.get(f"{origin}/session").json()["code"] == "web.locked"
        again = client.post(f"{origin}/signin", json=fields)
        assert again.json()["code"] == "web.passphrase"
    openline("text", post.root, "unsigned", "--officer", "W-77", status=9)
    assert "revoked" in openline("officer", "list", post.root)


def judge(frames: list[tuple[int, bytes]], level: int) -> None:
    members: set[str] = set()
    for kind, body in frames:
        assert (NAME.encode() in body) <= (level == 3 and kind == CONTROL)
        if kind != BATCH:  # codes stand in enrolments by design
            assert (b"W-77" in body) <= (level >= 2 and kind == CONTROL)
        assert PHRASE.encode() not in body
        if kind == CONTROL:
            said, _end = next(sequence(body, 65_536))  # zeros stand behind it
            assert isinstance(said, list | tuple)
            if said[1] == "presence" and isinstance(said[3], dict):
                members |= {str(key) for key in said[3]}
    wanted: list[set[str]] = [set(), {"attended"}, {"attended", "code"}]
    assert members - {"hears"} == [*wanted, {"attended", "code", "name"}][level]
    assert any(b"W-77" in body for kind, body in frames if kind == BATCH)
    assert bool(members) == (level > 0)
