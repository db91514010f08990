"""Live figures of a running post in the form that Prometheus reads (docs/reference/metrics.md).

A figure that is not known is left out. Labels hold fixed words and numbers of paths only: no text,
no name, no watch code and no address.
"""

from collections.abc import Iterator
from typing import Final, get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from openline.app.deskapi import DeskFront
from openline.engine import alarms
from openline.engine.desk import ChecksView, LinkWord, PostView, QualityView
from openline.link import Link

_MS: Final = 1_000
Row = tuple[str, str, float | None]


class PostCollector(Collector):
    """Reads the view and the link's counters whenever it is asked."""

    def __init__(self, front: DeskFront, link: Link) -> None:
        """Over a running post."""
        self._front = front
        self._link = link

    @override
    def collect(self) -> Iterator[Metric]:
        """All figures as they stand now."""
        view = self._front.view()
        yield from _of_link(view)
        yield from self._of_media()
        rows = [*_record(view), *_quality(view.quality), *_checks(view.checks)]
        yield from (_gauge(*row) for row in rows if row[2] is not None)
        standing = {alarm.code for alarm in view.alarms}
        alarm = GaugeMetricFamily("openline_alarm", "An alarm stands.", labels=["alarm"])
        for code in alarms.CODES:
            alarm.add_metric([code], float(code in standing))
        yield alarm

    def _of_media(self) -> Iterator[Metric]:
        counts = self._link.status().media
        media = CounterMetricFamily(
            "openline_media_frames", "Frames of voice over the link.", labels=["what"]
        )
        for what in ("sent", "received", "lost", "duplicate", "late", "stream_dropped"):
            media.add_metric([what], float(getattr(counts, what)))
        yield media


def render(front: DeskFront, link: Link) -> bytes:
    """The exposition of a running post."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PostCollector(front, link))
    return generate_latest(registry)


def _gauge(name: str, about: str, value: float | None) -> Metric:
    return GaugeMetricFamily(f"openline_{name}", about, value=value)


def _of_link(view: PostView) -> Iterator[Metric]:
    state = GaugeMetricFamily("openline_link_state", "The link, by own probes.", labels=["state"])
    for word in get_args(LinkWord):
        state.add_metric([word], float(word == view.link.state))
    yield state
    ago = view.link.last_contact_ms_ago
    if ago is not None:
        yield _gauge("last_contact_age_seconds", "Since the last round trip.", ago / _MS)
    lamp = GaugeMetricFamily("openline_path_up", "The path answers.", labels=["path"])
    trip = GaugeMetricFamily("openline_path_round_trip_seconds", "Measured.", labels=["path"])
    lost = GaugeMetricFamily("openline_path_loss_ratio", "Voice frames.", labels=["path"])
    for number, path in enumerate(view.link.paths, 1):
        lamp.add_metric([str(number)], float(path.lamp != "dead"))
        if path.rtt_ms is not None:
            trip.add_metric([str(number)], path.rtt_ms / _MS)
        if path.loss is not None:
            lost.add_metric([str(number)], path.loss)
    yield from (lamp, trip, lost)


def _record(view: PostView) -> list[Row]:
    record = view.record
    return [
        ("record_own_entries", "Entries of our log.", record.own_size),
        ("record_peer_entries", "Entries held of the peer's log.", record.peer_size),
        ("record_receipted_entries", "Of ours, that the peer holds.", record.receipted),
        ("record_sealed_entries", "Of ours, post-quantum sealed.", record.sealed),
        ("record_outbox_entries", "Written, not yet in the record.", record.outbox),
        ("record_halted", "A breach halted the record.", float(record.state == "halted")),
        ("call_open", "A call stands.", float(view.call is not None and not view.call.outcome)),
        ("voice_ready", "Our desk hears the far desk.", float(view.voice == "ready")),
        ("desk_attended", "A desk of ours answers.", float(bool(view.own_watch.attended))),
    ]


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / _MS


def _quality(figures: QualityView) -> list[Row]:
    return [
        ("mouth_to_ear_to_us_seconds", "As our desk hears.", _seconds(figures.to_us_ms)),
        ("mouth_to_ear_to_them_seconds", "By their word.", _seconds(figures.to_them_ms)),
        ("voice_loss_ratio", "Packets lost to our desk.", figures.loss),
        ("voice_concealed_ratio", "Sound made up at our desk.", figures.concealed),
        ("jitter_buffer_seconds", "Of our desk.", _seconds(figures.jitter_ms)),
        ("voice_r", "R by G.107 of what we hear.", figures.r),
        ("voice_mos", "MOS that follows from R.", figures.mos),
        ("own_act_timestamp_seconds", "Last act here.", _seconds(figures.own_act_wall_ms)),
        ("peer_act_timestamp_seconds", "Last act there.", _seconds(figures.peer_act_wall_ms)),
    ]


def _checks(checks: ChecksView) -> list[Row]:
    last = checks.last
    due = checks.next_due_wall_ms
    return [
        ("check_every_seconds", "Length of a slot, 0: off.", checks.every_minutes * 60.0),
        ("check_full_timestamp_seconds", "Last full.", _seconds(checks.last_full_wall_ms)),
        ("check_due_timestamp_seconds", "Next due.", _seconds(due)),
        ("check_days_since_full", "Whole days.", checks.days),
        ("check_running", "One runs now.", float(bool(checks.running))),
        ("check_last_full", "The last was full.", None if last is None else float(last.full)),
        (
            "check_desk_to_desk_seconds",
            "One way, at the last check.",
            None if last is None else _seconds(last.own_voice_ms),
        ),
    ]
