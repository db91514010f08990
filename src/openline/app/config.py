"""The settings of a post: ``post.toml``, then ``OPENLINE_*`` of the environment.

Only local facts stand here: where this machine binds. What the peer must know
(names, advertised addresses, disclosure) stands in the card and nowhere else. An
unknown key is an error, because a mistyped setting must not be silently absent.
"""

import tomllib
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from typing_extensions import override

from openline.errors import ConfigError

PORT_MAX: Final = 65_535
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


class DeskSettings(BaseModel):
    """The duty officer's page.

    Attributes:
        port: TCP on 127.0.0.1 and ::1 for the page, UDP on 127.0.0.1 for its audio; 0: any free.
        frame_ancestors: origins that may frame the page and drive it; the demonstration only.
        sample: a sound that may stand in for the microphone; the demonstration only.
    """

    model_config = _STRICT

    port: int = Field(default=8440, ge=0, le=PORT_MAX)
    frame_ancestors: tuple[str, ...] = ()
    sample: Path | None = None


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


class DiagnosticsSettings(BaseModel):
    """The program's own diagnostics: never a body, never a secret.

    Attributes:
        to: "stderr", "file" (diagnostics.jsonl in the folder) or "none".
        level: the least level that is written.
    """

    model_config = _STRICT

    to: Literal["stderr", "file", "none"] = "file"
    level: Literal["debug", "info", "warning", "error"] = "info"


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
    diagnostics: DiagnosticsSettings = DiagnosticsSettings()
    checks: ChecksSettings = ChecksSettings()
    metrics: MetricsSettings = MetricsSettings()


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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigError("config.toml", str(fault), file=str(path), reason=str(fault)) from fault
    except ValidationError as fault:
        raise _first(fault, path) from fault


def _first(fault: ValidationError, path: Path) -> ConfigError:
    """The first thing that is wrong, with the key as it stands in the file."""
    wrong = fault.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in wrong["loc"])
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
