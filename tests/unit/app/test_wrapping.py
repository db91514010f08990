"""An officer's key file: what is in it without the passphrase, and what is not."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from openline.app import wrapping
from openline.app.wrapping import Stretch, check_passphrase, parse_officer, write_officer
from openline.errors import OpenlineError

PHRASE = "fünf Wörter sind genug hier"
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost is tested once; elsewhere it would only take time."""
    monkeypatch.setattr(wrapping, "fresh_stretch", cheap_stretch)


def cheap_stretch() -> Stretch:
    return Stretch(salt=b"s" * 16, memory_kib=64, iterations=1)


def test_the_cost_is_above_what_owasp_asks_for() -> None:
    assert wrapping.MEMORY_KIB >= 19_456
    assert wrapping.ITERATIONS >= 2
    assert len(Stretch(salt=b"x" * 16).salt) == 16


def test_it_opens_by_its_passphrase_alone() -> None:
    data = write_officer("W-2", "Bo Larsen", KEY, PHRASE)
    file = parse_officer("W-2", data)
    assert (file.public, file.name, file.wrapped) == (PUBLIC, "Bo Larsen", True)
    assert file.open(PHRASE).private_bytes_raw() == KEY.private_bytes_raw()
    # The same passphrase from another keyboard: letters and accents apart.
    other = file.open("fu\u0308nf Wo\u0308rter sind genug hier")
    assert other.public_key().public_bytes_raw() == PUBLIC
    for wrong in ("", PHRASE + " ", PHRASE.upper()):
        with pytest.raises(OpenlineError, match=r"officer\.passphrase"):
            file.open(wrong)
    assert KEY.private_bytes_raw() not in data
    assert KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) not in data
    assert PHRASE not in repr(file)
    assert b"ENCRYPTED" in data


def test_without_a_passphrase_it_is_the_plain_file_of_before() -> None:
    plain = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert write_officer("W-1", "", KEY, None) == plain
    file = parse_officer("W-1", write_officer("W-1", "A. Chen", KEY, None))
    assert (file.name, file.wrapped, file.public) == ("A. Chen", False, PUBLIC)
    assert file.open().public_key().public_bytes_raw() == PUBLIC


def test_a_public_key_that_is_not_that_of_the_private_one_is_found() -> None:
    data = write_officer("W-2", "", KEY, PHRASE)
    data = data.replace(PUBLIC.hex().encode(), bytes(32).hex().encode())
    with pytest.raises(OpenlineError, match=r"officer\.passphrase"):
        parse_officer("W-2", data).open(PHRASE)


@pytest.mark.parametrize(
    "change",
    [
        {"argon2id": {"salt": "00", "memory_kib": 2**31, "iterations": 1, "lanes": 1}},
        {"argon2id": {"salt": "00", "memory_kib": 64, "iterations": 10**9, "lanes": 1}},
        {"argon2id": {"salt": "zz", "memory_kib": 64, "iterations": 1, "lanes": 1}},
        {"argon2id": {"salt": "00", "memory_kib": "64", "iterations": 1, "lanes": 1}},
        {"argon2id": {}},
        {"argon2id": 7},
        {"public": "zz"},
        {"code": "W-3"},
    ],
)
def test_parameters_are_held_to_bounds(change: dict[str, object]) -> None:
    line, _newline, pem = write_officer("W-2", "", KEY, PHRASE).partition(b"\n")
    head = json.loads(line.removeprefix(b"# openline officer ")) | change
    data = b"# openline officer " + json.dumps(head).encode() + b"\n" + pem
    with pytest.raises(OpenlineError, match=r"keys\.unreadable"):
        parse_officer("W-2", data)


@pytest.mark.parametrize("data", [b"", b"x", b"# openline officer {", b"# openline officer 7\n"])
def test_what_is_no_key_is_named(data: bytes) -> None:
    with pytest.raises(OpenlineError, match=r"keys\.unreadable"):
        parse_officer("W-2", data)


def test_a_passphrase_has_a_length() -> None:
    with pytest.raises(OpenlineError, match=r"officer\.passphrase_short"):
        check_passphrase(" short      ")
    with pytest.raises(OpenlineError, match=r"officer\.passphrase_long"):
        check_passphrase("字" * 400)
    with pytest.raises(OpenlineError, match=r"officer\.name"):
        write_officer("W-2", "a\nb", KEY, PHRASE)
