"""Survival, the target of packets, admission, addresses, configuration."""

import secrets
import socket
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openline.errors import ConfigError
from openline.link import Link, LinkConfig, PathConfig, make_certificate, spki_pin
from openline.link.address import interface_addresses, parse_address
from openline.link.admission import (
    ADDRESSES_MAX,
    BURST,
    BURST_PER_ADDRESS,
    PENDING_MAX,
    PENDING_PER_ADDRESS_MAX,
    Admission,
    source_of,
)
from openline.link.survival import Candidate, survivor
from openline.link.target import SILENT_MS, Target
from tests.e2e.link_rig import Recorder

OLD, NEW = b"old", b"new"


def connection(order: int, flags: str, incarnation: bytes = NEW) -> Candidate:
    """Flags: f fresh, s stream works, d dialed by the smaller pin."""
    return Candidate(order, incarnation, "d" in flags, "f" in flags, "s" in flags)


@pytest.mark.parametrize(
    ("candidates", "order"),
    [
        ([], None),
        ([connection(1, "sd")], None),
        ([connection(1, "fs")], 1),
        ([connection(1, "fsd"), connection(2, "fs")], 1),  # the smaller pin's dial stays
        ([connection(1, "fs"), connection(2, "fsd")], 2),
        ([connection(1, "fsd"), connection(2, "fsd")], 2),  # a re-key: the newer
        ([connection(1, "fs"), connection(2, "fs")], 2),
        ([connection(1, "sd"), connection(2, "fs")], 2),  # one that is not proved does not count
        ([connection(1, "fd"), connection(2, "fs")], 2),  # a working stream before mere keys
        ([connection(1, "fd"), connection(2, "f")], 1),
        ([connection(1, "fsd", OLD), connection(2, "f", NEW)], 2),  # the peer restarted
        ([connection(1, "fsd", OLD), connection(2, "s", NEW)], 1),  # claimed, not proved
    ],
)
def test_survival(candidates: list[Candidate], order: int | None) -> None:
    for listed in (candidates, candidates[::-1]):
        found = survivor(listed)
        assert (None if found is None else found.order) == order


A, B, C = ("192.0.2.1", 1), ("192.0.2.2", 2), ("192.0.2.3", 3)


def test_a_dial_only_peer_is_learned_from_authentic_packets() -> None:
    assert Target([], None).address is None
    target = Target([], None)
    target.heard(C, 0.0, newest=True)
    assert target.address == C
    target.heard(A, 10.0, newest=True)  # a copy that was quicker
    assert target.address == C
    target.heard(C, 500.0, newest=True)
    target.heard(A, 500.0 + SILENT_MS, newest=True)
    assert target.address == C
    target.heard(A, 501.0 + SILENT_MS, newest=False)  # an old packet shows no new place
    assert target.address == C
    target.heard(A, 501.0 + SILENT_MS, newest=True)  # it moved
    assert target.address == A


def test_a_peer_with_addresses_is_sought_only_there() -> None:
    target = Target([A, B], None)
    assert target.address == A
    target.heard(C, 5_000.0, newest=True)
    assert target.address == A
    target.heard(B, 5_000.0, newest=True)
    assert target.address == B
    assert Target([A, B], B).address == B


def test_while_nothing_is_proved_the_addresses_are_tried_in_turn() -> None:
    target = Target([A, B], None)
    tried = []
    for now in range(0, 5_000, 100):
        target.seek(float(now))
        tried.append(target.address)
    assert tried[0] == A
    assert {A, B} == set(tried)
    assert tried[-1] != tried[-1 - 11]
    alone = Target([A], None)
    alone.seek(0.0)
    alone.seek(10_000.0)
    assert alone.address == A


def test_one_stranger_cannot_use_up_the_others_share() -> None:
    admission = Admission(["192.0.2.9"])
    good = sum(admission.admit("198.51.100.1", [], 0.0) for _ in range(1000))
    assert good == BURST_PER_ADDRESS
    assert admission.admit("198.51.100.2", [], 0.0)
    assert admission.refused == 1000 - BURST_PER_ADDRESS


def test_many_strangers_cannot_use_up_the_peers_share() -> None:
    admission = Admission(["192.0.2.9"])
    hosts = [f"198.51.{a}.{b}" for a in range(8) for b in range(250)]
    assert sum(admission.admit(host, [], 0.0) for host in hosts) == BURST
    assert len(admission._by_source) <= ADDRESSES_MAX
    assert admission.admit("192.0.2.9", hosts, 0.0)
    admission.remember("203.0.113.5")
    assert admission.admit("203.0.113.5", hosts, 0.0)
    assert admission.admit("198.51.0.1", [], 60_000.0)  # the tokens come back


def test_handshakes_under_way_are_bounded() -> None:
    admission = Admission([])
    assert not admission.admit("192.0.2.1", ["192.0.2.1"] * PENDING_PER_ADDRESS_MAX, 0.0)
    many = [f"192.0.2.{n}" for n in range(PENDING_MAX)]
    assert not admission.admit("198.51.100.1", many, 0.0)


def test_an_ipv6_network_is_one_source() -> None:
    assert source_of("2001:db8::1") == source_of("2001:db8::ffff:1") != source_of("2001:db8:0:1::1")
    assert source_of("fe80::1%lo") == "fe80::"
    assert source_of("192.0.2.1") == "192.0.2.1"


@pytest.mark.parametrize(
    ("text", "family", "host", "port"),
    [
        ("127.0.0.1:4000", socket.AF_INET, "127.0.0.1", 4000),
        ("[::1]:0", socket.AF_INET6, "::1", 0),
        ("[2001:DB8:0::1]:65535", socket.AF_INET6, "2001:db8::1", 65535),
    ],
)
def test_addresses(text: str, family: int, host: str, port: int) -> None:
    found = parse_address(text)
    assert (found.family, found.host, found.port) == (family, host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:4 ",
        "::1:4000",
        "[127.0.0.1]:1",
        "[::1]",
        "localhost:1",
        "example.org:1",
        ":1",
        "[]:1",
        "[fe80::1%no-such-interface]:1",
        "127.0.0.1:" + "9" * 5000,
    ],
)
def test_what_no_address_is(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_address(text)
    assert caught.value.code == "link.address"


def test_the_kernel_says_which_interface_an_address_is_on() -> None:
    found = interface_addresses()
    assert found["127.0.0.1"] == socket.if_nametoindex("lo")


KEY, PEER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
GOOD = PathConfig(name="p", bind="127.0.0.1:21990", peer=("127.0.0.1:21991",))


def config(**changed: Any) -> LinkConfig:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "line": bytes(16),
        "key": KEY,
        "certificate": make_certificate(KEY),
        "peer_pin": spki_pin(PEER.public_key()),
        "paths": (GOOD,),
        "uniform": secrets.SystemRandom().random,
    }
    return LinkConfig(**(fields | changed))


def path(**changed: Any) -> tuple[PathConfig]:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {"name": "p", "bind": "127.0.0.1:1", "peer": ("127.0.0.1:2",)}
    return (PathConfig(**(fields | changed)),)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: config(line=b"short"), "link.config"),
        (lambda: config(peer_pin=b"short"), "link.config"),
        (lambda: config(peer_pin=spki_pin(KEY.public_key())), "link.config"),
        (lambda: config(paths=()), "link.config"),
        (lambda: config(paths=(GOOD, GOOD)), "link.config"),
        (lambda: config(paths=path(name="")), "link.config"),
        (lambda: config(paths=path(name="x" * 256)), "link.config"),
        (lambda: config(paths=path(bind="host:1")), "link.address"),
        (lambda: config(paths=path(peer=("127.0.0.1:0",))), "link.config"),
        (lambda: config(paths=path(peer=("[::1]:5",))), "link.config"),
        (lambda: config(paths=path(peer=(), listen=False)), "link.config"),
        (lambda: config(paths=path(peer=(), bind="127.0.0.1:0")), "link.config"),
        (
            lambda: config(paths=path(peer=tuple(f"127.0.0.1:{n}" for n in range(1, 12)))),
            "link.config",
        ),
    ],
)
def test_what_no_link_is_made_of(make: Callable[[], LinkConfig], code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Link(make(), Recorder())
    assert caught.value.code == code


def test_a_configuration_does_not_show_its_key() -> None:
    shown = repr(config())
    assert "PrivateKey" not in shown
    assert "CERTIFICATE" not in shown
