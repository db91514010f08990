"""What ``openline status`` shows a person: the three statuses apart, then the record."""

from datetime import UTC, datetime
from typing import Any

from openline.cli.output import Output
from openline.cli.words import Words


def show_status(output: Output, status: dict[str, Any]) -> None:
    """Print the status that a running post gave."""
    words = output.words
    language = words.language
    own, peer = status["own_names"], status["peer_names"]
    output.say("cli.status.names", own=pick_name(own, language), peer=pick_name(peer, language))
    link = status["link"]
    output.say(
        "cli.status.link", state=words(f"cli.word.{link['state']}"), contact=_contact(output, link)
    )
    refused = {path["name"]: path.get("refused", "") for path in status["paths"]}
    for path in link["paths"]:
        _show_path(output, path)
        if refused.get(path["name"]):
            sentence = words.error(refused[path["name"]], {})
            output.say("cli.status.path.refused", sentence=sentence)
    output.say("cli.status.standing", standing=words(f"cli.word.{status['standing']}"))
    for whose in ("own", "peer"):
        watch = status[f"{whose}_watch"]
        attended = {True: "yes", False: "no", None: "unknown"}[watch["attended"]]
        attended = "deaf" if watch["hears"] is False else attended
        state = words(f"cli.watch.{attended}", code=watch["code"] or "-")
        output.say(f"cli.status.watch.{whose}", state=state)
    record = status["record"]
    output.say(
        "cli.status.record",
        state=words(f"cli.word.record.{record['state']}"),
        own=record["own_size"],
        peer=record["peer_size"],
        receipted=record["receipted"],
        sealed=record["sealed"],
        outbox=record["outbox"],
    )
    if record["fault"]:
        output.say("cli.status.fault", sentence=words.error(record["fault"], {}))
    if status["disk_fault"]:
        output.say("cli.status.fault", sentence=words.error(status["disk_fault"], {}))
    _show_checks(output, status["checks"])
    _show_quality(output, status["quality"])
    for alarm in status["alarms"]:
        output.say("cli.status.alarm", alarm=_alarm(words, alarm))
    for problem in status["problems"]:
        sentence = words.error(problem["code"], problem["facts"])
        output.say("cli.status.problem", sentence=sentence)


def _alarm(words: Words, alarm: dict[str, Any]) -> str:
    """Its sentence: that of its reason where there is one."""
    key = f"alarm.{alarm['code']}"
    exact = f"{key}.{alarm['facts'].get('reason', '')}"
    return str(words(exact if words(exact) != exact else key, **alarm["facts"]))


def pick_name(names: dict[str, str], language: str) -> str:
    """The name in the language wanted, else the first."""
    short = language.partition("-")[0]
    for key in (language, short):
        if key in names:
            return names[key]
    return next(iter(names.values()), "?")


def _show_checks(output: Output, checks: dict[str, Any]) -> None:
    words = output.words
    days, last, due = checks["days"], checks["last"], checks["next_due_wall_ms"]
    full = words("cli.status.check.never" if days is None else "cli.status.check.days", days=days)
    output.say("cli.status.check", full=full)
    if last is not None:
        text = words(f"check.text.{last['own_text']}")
        voice = words(f"check.voice.{last['own_voice']}")
        output.say(
            "cli.status.check.last", at=utc(last["wall_ms"]), text=text, voice=voice,
            compare=words(f"check.compare.{last['compare']}"),
        )  # fmt: skip
    if due is not None:
        output.say("cli.status.check.due", at=utc(due))


def _show_quality(output: Output, figures: dict[str, Any]) -> None:
    words = output.words

    def shown(name: str, unit: str, scale: float = 1) -> str:
        value = figures[name]
        return words("cli.status.unknown") if value is None else f"{value * scale:.0f}{unit}"

    output.say(
        "cli.status.voice",
        to_us=shown("to_us_ms", " ms"),
        to_them=shown("to_them_ms", " ms"),
        loss=shown("loss", " %", 100),
        jitter=shown("jitter_ms", " ms"),
        r=shown("r", ""),
        level=words(f"level.{figures['quality_level']}"),
    )
    acts = [figures[f"{side}_act_wall_ms"] for side in ("own", "peer")]
    own, peer = (words("cli.status.unknown") if at is None else utc(at) for at in acts)
    output.say("cli.status.acts", own=own, peer=peer)


def utc(wall_ms: int) -> str:
    """A moment for people, UTC."""
    return datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _contact(output: Output, link: dict[str, Any]) -> str:
    ago = link["last_contact_ms_ago"]
    if ago is None:
        return output.words("cli.status.no_contact_yet")
    return output.words("cli.status.contact", seconds=f"{ago / 1000:.1f}")


def _show_path(output: Output, path: dict[str, Any]) -> None:
    trip = path["rtt_ms"]
    shown = output.words("cli.status.trip_unknown") if trip is None else f"{trip:.1f} ms"
    lamp = output.words(f"cli.word.lamp.{path['lamp']}")
    output.say("cli.status.path", name=path["name"], lamp=lamp, trip=shown)
    if path["shared"]:
        output.say("cli.status.path.shared", name=path["name"])
