"""Officers of a folder: added, revoked, rewrapped, let in; with and without a running post."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from openline.app import wrapping
from openline.app.door import IN_ALL, PER_DESK, PER_OFFICER, WINDOW_S, Door
from openline.app.folder import Folder, FolderLock
from openline.app.keys import officer_path
from openline.app.officers import Act, Ask, Officers, offline
from openline.app.pairing import PathWish, PostWish, compare, init_post, pair
from openline.app.wrapping import OfficerFile, Stretch
from openline.errors import AccessError, OpenlineError

PHRASE = "correct horse battery"
OTHER = "another good passphrase"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        wrapping, "fresh_stretch", lambda: Stretch(salt=b"s" * 16, memory_kib=64, iterations=1)
    )


def made(tmp_path: Path, passphrase: str | None = None) -> Folder:
    """A paired folder; its peer exists only as a card."""
    folders = []
    for name, phrase in (("north", passphrase), ("south", None)):
        paths = {"main": PathWish(bind="127.0.0.1:24000", advertised=("127.0.0.1:24000",))}
        folder = Folder(tmp_path / name)
        init_post(folder, PostWish(names={"en": name}, paths=paths, passphrase=phrase))
        folders.append(folder)
    data = folders[1].card.read_bytes()
    pair(folders[0], data, compare(folders[0], data).digits, passphrase or "")
    return folders[0]


def adding(**fields: str) -> Act:
    async def act(officers: Officers, request: str) -> None:
        await officers.add(Ask(**fields), request)

    return act


def revoking(**fields: str) -> Act:
    async def act(officers: Officers, request: str) -> None:
        await officers.revoke(Ask(**fields), request)

    return act


def rewrapping(**fields: str) -> Act:
    async def act(officers: Officers, _request: str) -> None:
        await officers.passphrase(Ask(**fields))

    return act


def refused(folder: Folder, act: Act) -> str:
    with pytest.raises(OpenlineError) as caught:
        offline(folder, act)
    return caught.value.code


def listed(folder: Folder) -> dict[str, tuple[str, str]]:
    return {found["code"]: (found["standing"], found["key"]) for found in offline(folder)[1]}


def test_an_officer_is_added_without_a_running_post(tmp_path: Path) -> None:
    folder = made(tmp_path)
    item = offline(folder, adding(code="W-2", name="Bo Larsen", passphrase=PHRASE)).item
    assert item.startswith("outbox-")
    assert listed(folder) == {"W-1": ("enrolled", "open"), "W-2": ("enrolling", "wrapped")}
    path = officer_path(folder, "W-2")
    assert path.stat().st_mode & 0o777 == 0o600
    assert PHRASE not in path.read_text()
    assert refused(folder, adding(code="W-2", passphrase=PHRASE)) == "officer.known"
    # One who only waits to be enrolled cannot be the last who signs.
    assert refused(folder, revoking(code="W-1", by="W-1")) == "officer.last"
    offline(folder, revoking(code="W-2"))
    assert listed(folder)["W-2"] == ("revoking", "wrapped")
    assert refused(folder, revoking(code="W-2")) == "officer.revoked"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"code": "w 2", "passphrase": PHRASE}, "officer.code"),
        ({"code": "../W", "passphrase": PHRASE}, "officer.code"),
        ({"code": "W" * 17, "passphrase": PHRASE}, "officer.code"),
        ({"code": "W-2", "passphrase": "short"}, "officer.passphrase_short"),
        ({"code": "W-2", "passphrase": PHRASE, "by": "W-9"}, "officer.unknown"),
        ({"code": "W-1", "passphrase": PHRASE}, "officer.known"),
        ({"code": "W-2", "passphrase": PHRASE, "name": "x" * 500}, "officer.name"),
    ],
)
def test_a_refused_officer_leaves_nothing_behind(
    tmp_path: Path, fields: dict[str, str], code: str
) -> None:
    folder = made(tmp_path)
    before = sorted(folder.keys.iterdir())
    assert refused(folder, adding(**fields)) == code
    assert sorted(folder.keys.iterdir()) == before
    assert listed(folder) == {"W-1": ("enrolled", "open")}


def test_a_wrapped_officer_vouches_by_passphrase(tmp_path: Path) -> None:
    folder = made(tmp_path, PHRASE)
    assert listed(folder) == {"W-1": ("enrolled", "wrapped")}
    fields = {"code": "W-2", "passphrase": OTHER}
    assert refused(folder, adding(**fields)) == "officer.locked"
    assert refused(folder, adding(**fields, by_passphrase=OTHER)) == "officer.passphrase"
    offline(folder, adding(**fields, by_passphrase=PHRASE))
    assert listed(folder)["W-2"] == ("enrolling", "wrapped")


def test_pairing_asks_for_the_passphrase_of_the_first_officer(tmp_path: Path) -> None:
    folder, other = made_unpaired(tmp_path)
    data = other.card.read_bytes()
    digits = compare(folder, data).digits
    with pytest.raises(OpenlineError, match=r"officer\.locked"):
        pair(folder, data, digits)
    with pytest.raises(OpenlineError, match=r"officer\.passphrase"):
        pair(folder, data, digits, OTHER)
    assert not folder.peer_card.exists()
    pair(folder, data, digits, PHRASE)
    assert folder.peer_card.exists()


def made_unpaired(tmp_path: Path) -> tuple[Folder, Folder]:
    folders = []
    for name in ("north", "south"):
        paths = {"main": PathWish(bind="127.0.0.1:24000", advertised=("127.0.0.1:24000",))}
        folder = Folder(tmp_path / name)
        init_post(folder, PostWish(names={"en": name}, paths=paths, passphrase=PHRASE))
        folders.append(folder)
    return folders[0], folders[1]


def test_a_passphrase_is_changed_and_the_old_one_is_dead(tmp_path: Path) -> None:
    folder = made(tmp_path)
    offline(folder, rewrapping(code="W-1", passphrase=PHRASE, name="A. Chen"))
    assert listed(folder) == {"W-1": ("enrolled", "wrapped")}
    assert refused(folder, rewrapping(code="W-1", passphrase=OTHER)) == "officer.locked"
    wrong = rewrapping(code="W-1", old=OTHER, passphrase=OTHER)
    assert refused(folder, wrong) == "officer.passphrase"
    assert refused(folder, rewrapping(code="W-9", passphrase=OTHER)) == "officer.unknown"
    offline(folder, rewrapping(code="W-1", old=PHRASE, passphrase=OTHER))
    assert refused(folder, rewrapping(code="W-1", old=PHRASE, passphrase=PHRASE)) == (
        "officer.passphrase"
    )
    assert offline(folder)[1][0]["name"] == "A. Chen"


def test_nothing_is_done_beside_a_running_post_or_before_pairing(tmp_path: Path) -> None:
    folder = made(tmp_path)
    with FolderLock.take(folder):
        assert refused(folder, adding(code="W-2", passphrase=PHRASE)) == "folder.locked"
    other = Folder(tmp_path / "south")
    assert refused(other, adding(code="W-2", passphrase=PHRASE)) == "card.unpaired"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def at_the_door(folder: Folder, act: Callable[[Door, Officers, Clock], object]) -> None:
    """Run ``act`` (a coroutine function) with a door over the officers of a folder."""

    async def run(officers: Officers, _request: str) -> None:
        clock = Clock()
        done = act(Door(officers, clock), officers, clock)
        assert asyncio.iscoroutine(done)
        await done

    offline(folder, run)


async def let_in(door: Door, code: str, phrase: str, desk: str = "") -> str:
    try:
        await door.unlock(code, phrase, desk)
    except AccessError as fault:
        return fault.code
    return ""


def test_an_officer_is_let_in_and_the_key_goes_with_the_last_desk(tmp_path: Path) -> None:
    folder = made(tmp_path)
    offline(folder, adding(code="W-2", passphrase=PHRASE))

    async def act(door: Door, officers: Officers, _clock: Clock) -> None:
        assert door.token_officer() == "W-1"
        assert await let_in(door, "W-2", PHRASE) == ""
        assert await let_in(door, "W-2", PHRASE) == ""
        door.lock("W-2")
        assert officers.signer.holds("W-2")
        door.lock("W-2")
        assert not officers.signer.holds("W-2")
        await officers.passphrase(Ask(code="W-1", passphrase=OTHER))
        assert door.token_officer() is None
        assert not officers.signer.holds("W-1")
        assert await let_in(door, "W-1", OTHER) == ""
        gone: list[str] = []
        officers.gone = gone.append
        await officers.revoke(Ask(code="W-2", by_passphrase=OTHER), "r")
        assert gone == ["W-2"]
        assert await let_in(door, "W-2", PHRASE) == "web.passphrase"

    at_the_door(folder, act)


def test_every_refusal_sounds_the_same_and_costs_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made(tmp_path)
    offline(folder, adding(code="W-2", passphrase=PHRASE))
    paid: list[int] = []
    inner = Stretch.password

    def counted(stretch: Stretch, passphrase: str) -> bytes:
        paid.append(1)
        return inner(stretch, passphrase)

    monkeypatch.setattr(Stretch, "password", counted)
    monkeypatch.setattr("openline.app.door.fresh_stretch", wrapping.fresh_stretch)

    async def act(door: Door, _officers: Officers, _clock: Clock) -> None:
        for code, phrase in (
            ("W-2", OTHER),
            ("W-9", PHRASE),
            ("W-1", PHRASE),  # an open key: by one-time address only
            ("W-2", ""),
            ("W-2", "x" * 4000),
            ("../W-2", PHRASE),
        ):
            before = len(paid)
            assert await let_in(door, code, phrase) == "web.passphrase"
            assert len(paid) == before + 1

    at_the_door(folder, act)


def test_tries_are_limited_per_officer_in_all_and_never_for_a_known_desk(tmp_path: Path) -> None:
    folder = made(tmp_path)
    offline(folder, adding(code="W-2", passphrase=PHRASE))

    async def act(door: Door, _officers: Officers, clock: Clock) -> None:
        for _ in range(PER_OFFICER):
            assert await let_in(door, "W-2", OTHER) == "web.passphrase"
        assert await let_in(door, "W-2", PHRASE) == "web.rate"
        assert await let_in(door, "W-2", PHRASE, "desk") == ""  # strangers keep nobody out
        for number in range(IN_ALL - PER_OFFICER):
            assert await let_in(door, f"X-{number}", PHRASE) == "web.passphrase"
        assert await let_in(door, "Y-1", PHRASE) == "web.rate"
        for _ in range(PER_DESK - 1):
            assert await let_in(door, "W-2", OTHER, "desk") == "web.passphrase"
        assert await let_in(door, "W-2", PHRASE, "desk") == "web.rate"
        clock.now += WINDOW_S + 1
        assert await let_in(door, "W-2", PHRASE) == ""

    at_the_door(folder, act)


def test_argon2_runs_beside_the_loop_and_twice_at_once_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made(tmp_path)
    offline(folder, adding(code="W-2", passphrase=PHRASE))
    loop_thread: list[int] = []
    at_once: list[int] = []

    async def act(door: Door, _officers: Officers, _clock: Clock) -> None:
        import threading  # noqa: PLC0415 - only here

        running = 0
        go = threading.Event()
        loop_thread.append(threading.get_ident())

        def slow(_file: OfficerFile, _phrase: str) -> None:
            nonlocal running
            assert threading.get_ident() not in loop_thread
            running += 1
            at_once.append(running)
            go.wait(5)
            running -= 1
            raise AccessError("officer.passphrase")

        monkeypatch.setattr(OfficerFile, "open", slow)
        tries = [asyncio.ensure_future(let_in(door, "W-2", PHRASE, f"d{n}")) for n in range(12)]
        while len(at_once) < 2:  # noqa: ASYNC110 - threads count, and know of no event of this loop
            await asyncio.sleep(0.001)
        go.set()
        said = await asyncio.gather(*tries)
        assert sorted(said) == ["web.passphrase"] * 10 + ["web.rate"] * 2
        assert max(at_once) == 2

    at_the_door(folder, act)
