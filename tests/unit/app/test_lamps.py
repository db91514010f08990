"""A path's lamp says that both directions were proved, not that something was heard."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from openline.app.shell import path_views
from openline.link import Link, PathStatus


def status(**changes: Any) -> PathStatus:  # noqa: ANN401 - as replace
    facts: dict[str, Any] = {
        "name": "fibre",
        "alive": True,
        "udp": True,
        "udp_both_ways": True,
        "udp_round_trip_age_ms": 120,
        "tcp": True,
        "round_trip_ms": 12.0,
        "round_trip_age_ms": 120,
        "tls_group": "X25519MLKEM768",
        "connections": 1,
        "last_error": "",
        "refused": "",
        "warnings": (),
    }
    return PathStatus(**(facts | changes))


@pytest.mark.parametrize(
    ("facts", "lamp"),
    [
        ({}, "up"),
        ({"udp_both_ways": False, "udp_round_trip_age_ms": 800}, "up"),  # a few packets lost
        ({"udp_round_trip_age_ms": 4_000}, "stream"),  # heard by UDP; ours do not arrive
        ({"udp_round_trip_age_ms": None}, "stream"),
        ({"udp": False}, "stream"),
        # The peer is heard and does not hear us: nothing of this path can be relied on.
        ({"udp_round_trip_age_ms": 4_000, "round_trip_age_ms": 4_000}, "dead"),
        ({"udp_round_trip_age_ms": None, "round_trip_age_ms": None}, "dead"),
        ({"alive": False, "udp": False}, "dead"),
    ],
)
def test_lamp(facts: dict[str, Any], lamp: str) -> None:
    link = SimpleNamespace(status=lambda: SimpleNamespace(paths=(status(**facts),)))
    ((view,), group) = path_views(cast("Link", link))
    assert view.lamp == lamp
    assert group == "X25519MLKEM768"
