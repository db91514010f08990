"""The cards of the simulated parties are what their keys say; OPENLINE_WRITE_CARDS=1 makes them."""

import os

import pytest

from openline.record.card import parse_card
from openline.sim.parties import DISCLOSURES, NAMES, card_file, make_card, parties

ALL = [(name, disclosure) for name in NAMES for disclosure in DISCLOSURES]


@pytest.mark.parametrize(("name", "disclosure"), ALL)
def test_card_is_of_these_keys(name: str, disclosure: int) -> None:
    file = card_file(name, disclosure)
    if os.environ.get("OPENLINE_WRITE_CARDS") == "1":
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(make_card(name, disclosure))
    made, kept = parse_card(make_card(name, disclosure)), parse_card(file.read_bytes())
    assert (made.keys, made.fields) == (kept.keys, kept.fields)


def test_the_two_parties_are_in_the_order_of_their_fingerprints() -> None:
    first, second = parties(2)
    assert first.card.fingerprint < second.card.fingerprint
