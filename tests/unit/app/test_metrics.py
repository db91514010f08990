"""Figures for Prometheus: what is known, and nothing that a label must not hold."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from starlette.testclient import TestClient

from openline.app.metrics import render
from openline.engine.desk import ChecksView, CheckView, PathView, PostView, QualityView
from openline.link import MediaCounts
from openline.web.metrics import metrics_app
from tests.unit.web.fake_desk_api import alarm, call_view, link_view, post_view

SECRET = "Reef W-12 Seehafen"


def exposition(view: PostView) -> str:
    link = SimpleNamespace(status=lambda: SimpleNamespace(media=MediaCounts(sent=7, lost=2)))
    front = SimpleNamespace(view=lambda: view)
    return render(cast("Any", front), cast("Any", link)).decode()


def whole() -> PostView:
    path = PathView(name=SECRET, lamp="up", rtt_ms=101.5, loss=0.25)
    last = CheckView(
        check="00" * 8, wall_ms=1, began="own", full=True, compare="match", own_voice_ms=61
    )
    return replace(
        post_view(),
        own_names={"en": SECRET},
        peer_names={"en": SECRET},
        officer="W-12",
        link=replace(link_view(), paths=(path, replace(path, lamp="dead", rtt_ms=None))),
        call=call_view(),
        alarms=(alarm("link_down"),),
        checks=ChecksView(
            every_minutes=60, last_full_wall_ms=5_000, days=3, last=last, next_due_wall_ms=9_000
        ),
        quality=QualityView(to_us_ms=150.0, to_them_ms=161.0, loss=0.01, r=90.1, mos=4.3),
    )


def test_what_is_known_is_there() -> None:
    lines = exposition(whole()).splitlines()
    for wanted in (
        'openline_link_state{state="UP"} 1.0',
        'openline_path_round_trip_seconds{path="1"} 0.1015',
        'openline_path_up{path="2"} 0.0',
        'openline_path_loss_ratio{path="1"} 0.25',
        'openline_media_frames_total{what="lost"} 2.0',
        "openline_record_own_entries 1204.0",
        "openline_call_open 1.0",
        "openline_mouth_to_ear_to_us_seconds 0.15",
        "openline_mouth_to_ear_to_them_seconds 0.161",
        "openline_voice_r 90.1",
        "openline_check_days_since_full 3.0",
        "openline_check_last_full 1.0",
        "openline_check_desk_to_desk_seconds 0.061",
        'openline_alarm{alarm="link_down"} 1.0',
        'openline_alarm{alarm="check_missed"} 0.0',
    ):
        assert wanted in lines, wanted


def test_what_is_not_known_is_left_out_and_not_zero() -> None:
    text = exposition(post_view())
    for name in ("mouth_to_ear", "voice_r ", "voice_loss", "days_since_full", "last_full"):
        assert name not in text, name


def test_no_label_holds_a_name_a_code_or_an_address() -> None:
    text = exposition(whole())
    for part in (*SECRET.split(), "00c0ffee", "127.0.0.1"):
        assert part not in text, part


def test_over_http_only_for_the_bound_host() -> None:
    bound = "127.0.0.1:9464"
    served = TestClient(metrics_app(lambda: b"openline_x 1.0\n", bound))

    def status(path: str = "/metrics", **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return served.get(path, headers={"host": bound} | named).status_code

    assert status() == 200
    assert status("/other") == 404
    assert status(host="localhost:9464") == 421
    assert status(host="evil.example:9464") == 421
    assert status(origin="http://evil.example") == 403
    assert status(sec_fetch_site="cross-site") == 403
    assert served.post("/metrics", headers={"host": bound}).status_code == 405
