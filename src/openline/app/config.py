"""The settings of a post: ``post.toml``, then ``OPENLINE_*`` of the environment.

Only local facts stand here: where this machine binds. What the peer must know
(names, advertised addresses, disclosure) stands in the card and nowhere else. An
unknown key is an error, because a mistyped setting must not be silently absent.
"""

import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from typing_extensions import override

from openline.errors import ConfigError
from openline.link.address import parse_address
from openline.protocol.manners import is_rule
from openline.protocol.spoken import RecordingWord
from openline.web.config import is_desk_name

PORT_MAX: Final = 65_535
_PLAIN_KEYS: Final = ("desk.bind", "desk.host", "desk.address", "desk.listen")
"""What somebody writes who wants the plain page on other machines."""

_NO_ADDRESS: Final = "not an address: host:port with a literal IP address"
_NO_NAME: Final = "not a host name of two labels or more, in lower case"
_ONE_NAME: Final = "console and audio need two names: they are two origins"
CHECK_MINUTES_MAX: Final = 1_440
WORDS_DAYS_MAX: Final = 366
_STRICT: Final = ConfigDict(extra="forbid", frozen=True)


class PathSettings(BaseModel):
    """One path, as this machine stands on it.

    Attributes:
        bind: local "host:port" or "[host]:port"; TCP and UDP use the same port.
        listen: False behind NAT: this post dials and is not dialed.
    """

    model_config = _STRICT

    bind: str
    listen: bool = True


class DeskHttpsSettings(BaseModel):
    """Desks on other machines: HTTPS under the post's own certificate authority.

    Attributes:
        bind: local "host:port" or "[host]:port": TCP for the pages, UDP for their audio.
        console, audio: the two names under which browsers reach it.
        address: literal IP address under which they send their audio.
    """

    model_config = _STRICT

    bind: str
    console: str
    audio: str
    address: str

    @field_validator("bind")
    @classmethod
    def _bind(cls, value: str) -> str:
        try:
            parse_address(value)
        except ConfigError as fault:
            raise ValueError(_NO_ADDRESS) from fault
        return value

    @field_validator("console", "audio")
    @classmethod
    def _name(cls, value: str) -> str:
        if not is_desk_name(value):
            raise ValueError(_NO_NAME)
        return value

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        return str(ip_address(value))

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.console == self.audio:
            raise ValueError(_ONE_NAME)
        return self


class DeskSettings(BaseModel):
    """The duty officer's page.

    Attributes:
        port: TCP on 127.0.0.1 and ::1 for the page, UDP on 127.0.0.1 for its audio; 0: any free.
        frame_ancestors: origins that may frame the page and drive it; the demonstration only.
        sample: a sound that may stand in for the microphone; the demonstration only.
        idle_minutes: without an act of its officer for so long a desk locks; 0 for never.
        https: a second listener, for desks on other machines.
    """

    model_config = _STRICT

    port: int = Field(default=8440, ge=0, le=PORT_MAX)
    frame_ancestors: tuple[str, ...] = ()
    sample: Path | None = None
    idle_minutes: float = Field(default=15, ge=0, le=1440)
    https: DeskHttpsSettings | None = None


class ChecksSettings(BaseModel):
    """The line checks.

    Attributes:
        every_minutes: length of a slot in which one check is due, begun by the sides in turn; 0:
            this post begins none by itself.
        words: days after which a check renews the challenge words for the public telephone; 0:
            only by hand.
    """

    model_config = _STRICT

    every_minutes: int = Field(default=60, ge=0, le=CHECK_MINUTES_MAX)
    words: int = Field(default=7, ge=0, le=WORDS_DAYS_MAX)


class MetricsSettings(BaseModel):
    """Live figures for Prometheus.

    Attributes:
        bind: "127.0.0.1:PORT" or "[::1]:PORT"; empty: over the control socket only.
    """

    model_config = _STRICT

    bind: str = ""

    @field_validator("bind")
    @classmethod
    def _on_this_machine(cls, bind: str) -> str:
        host, _colon, port = bind.rpartition(":")
        known = host in {"127.0.0.1", "[::1]"} and port.isascii() and port.isdigit()
        if bind and not (known and 0 < int(port) <= PORT_MAX):
            reason = "not 127.0.0.1:PORT or [::1]:PORT"
            raise ValueError(reason)
        return bind


def _rule(rule: str) -> str:
    if not is_rule(rule):
        raise PydanticCustomError(
            "rule", '"always", "never" or a time in UTC such as "08:00-18:00"'
        )
    return rule


Rule = Annotated[str, AfterValidator(_rule)]


class CallSettings(BaseModel):
    """Which manners of call this side accepts, and when: ``always``, ``never`` or UTC HH:MM-HH:MM.

    Attributes:
        announce: a caller sounds here at once; else it rings. ring: a call rings here; else it
            ends, and both accounts say why. two_way: a call may ask to be open both ways.
    """

    model_config = _STRICT

    announce: Rule = "always"
    ring: Rule = "always"
    two_way: Rule = "always"


class DiagnosticsSettings(BaseModel):
    """The program's own diagnostics: never a body, never a secret.

    Attributes:
        to: "stderr", "file" (diagnostics.jsonl in the folder) or "none".
        level: the least level that is written.
    """

    model_config = _STRICT

    to: Literal["stderr", "file", "none"] = "file"
    level: Literal["debug", "info", "warning", "error"] = "info"


class AlarmSettings(BaseModel):
    """What happens with an alarm that nobody acknowledged.

    Attributes:
        after_seconds: so long an alarm waits for an officer.
        hook: a program and its arguments; it gets the alarm as JSON on its standard input.
        webhook: an address that gets the same by POST.
        hook_seconds: so long either of them may take.
    """

    model_config = _STRICT

    after_seconds: int = Field(default=30, ge=1, le=3600)
    hook: tuple[str, ...] = Field(default=(), max_length=32)
    webhook: str = Field(default="", max_length=2048)
    hook_seconds: float = Field(default=10.0, gt=0, le=60)

    @field_validator("webhook")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        address = urlsplit(value)
        if value and (address.scheme not in {"http", "https"} or not address.hostname):
            reason = "not an http:// or https:// address with a host"
            raise ValueError(reason)
        if address.username is not None or (value and address.port == 0):
            reason = "a name, password or port 0 in the address"
            raise ValueError(reason)
        return value

    @field_validator("hook")
    @classmethod
    def _names_a_program(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value and (not value[0] or any("\0" in part for part in value)):
            reason = "the first item does not name a program"
            raise ValueError(reason)
        return value


class RecordingSettings(BaseModel):
    """Recording of calls at our own desks.

    Attributes:
        declare: what the other side is told, and what holds: "never", "per_call" (an officer's key)
            or "always"; an officer's later act stands until this is changed.
        keep_mb: all recordings together, in millions of bytes; beyond it none is begun.
    """

    model_config = _STRICT

    declare: RecordingWord = "per_call"
    keep_mb: int = Field(default=2_000, ge=1, le=10_000_000)


class PostConfig(BaseSettings):
    """All settings of one post.

    Attributes:
        officer: watch code of the officer at this post's desk.
        paths: by the names that stand in the card.
    """

    model_config = SettingsConfigDict(
        env_prefix="OPENLINE_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    officer: str = Field(default="W-1", pattern=r"^[A-Za-z0-9-]{1,16}$")
    paths: dict[str, PathSettings] = Field(min_length=1)
    desk: DeskSettings = DeskSettings()
    calls: CallSettings = CallSettings()
    diagnostics: DiagnosticsSettings = DiagnosticsSettings()
    checks: ChecksSettings = ChecksSettings()
    metrics: MetricsSettings = MetricsSettings()
    alarms: AlarmSettings = AlarmSettings()
    recording: RecordingSettings = RecordingSettings()


def load_config(path: Path) -> PostConfig:
    """Read the settings.

    Raises:
        ConfigError: ``config.unknown_key`` or ``config.value`` naming the ``key``; ``config.toml``
            when the file is not TOML; ``config.missing`` when it cannot be read.
    """

    class _Here(PostConfig):
        @classmethod
        @override
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del init_settings, dotenv_settings, file_secret_settings
            return env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)

    try:
        path.read_bytes()  # pydantic-settings takes a missing file for an empty one
        return _Here()  # type: ignore[call-arg]
    except OSError as fault:
        raise ConfigError("config.missing", str(fault), file=str(path)) from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise ConfigError("config.toml", str(fault), file=str(path), reason=str(fault)) from fault
    except ValidationError as fault:
        raise _first(fault, path) from fault


def _first(fault: ValidationError, path: Path) -> ConfigError:
    """The first thing that is wrong, with the key as it stands in the file."""
    wrong = fault.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in wrong["loc"])
    if key in _PLAIN_KEYS:
        raise ConfigError("config.desk_plain", key, file=str(path), key=key)
    code = "config.unknown_key" if wrong["type"] == "extra_forbidden" else "config.value"
    return ConfigError(code, f"{key}: {wrong['msg']}", file=str(path), key=key, reason=wrong["msg"])


def render_config(paths: dict[str, PathSettings], desk_port: int) -> str:
    """The first post.toml of a post, with a word on each setting."""
    lines = [
        "# Settings of this post. An unknown key is an error. See docs/reference/config.md.",
        'officer = "W-1"  # watch code of the officer at the desk',
        "",
        "[desk]",
        f"port = {desk_port}  # the page: http://localhost:{desk_port} on this machine only",
        "",
        "[checks]",
        "every_minutes = 60  # a line check in turn; agree on it with the other side; 0: off",
        "",
        "[diagnostics]",
        'to = "file"  # stderr, file (diagnostics.jsonl) or none',
        "",
        "[recording]",
        'declare = "per_call"  # never, per_call or always; the other side is told',
    ]
    for name, path in paths.items():
        lines += [
            "",
            f"[paths.{_quoted(name)}]",
            f"bind = {_quoted(path.bind)}  # local address; TCP and UDP on one port",
        ]
        if not path.listen:
            lines.append("listen = false  # dial only: we are behind NAT")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
