"""The media page's files, as the desk server hands them out.

The page is its own origin. The desk server fills in which console it obeys and
whether a recorded voice may stand in for the microphone, and sends it with
``content_security_policy``.
"""

import html
from collections.abc import Iterable
from importlib.resources import files
from typing import Final

FILES: Final[dict[str, str]] = {
    "main.js": "text/javascript",
    "fresh.js": "text/javascript",
    "graph.js": "text/javascript",
    "leg.js": "text/javascript",
    "mesh.js": "text/javascript",
    "talker.js": "text/javascript",
    "meter.js": "text/javascript",
    "keep.js": "text/javascript",
    "chirp.js": "text/javascript",
    "chirps.js": "text/javascript",
    "listen.js": "text/javascript",
    "hearing.js": "text/javascript",
    "alarm.js": "text/javascript",
    "figures.js": "text/javascript",
    "phrase.js": "text/javascript",
    "record.js": "text/javascript",
}
_WORKLETS: Final = ("meter.js", "listen.js")  # fetched by the sound thread, in its own way
_SAMPLE: Final = '<meta name="openline-sample" content="allowed">'


def read_file(name: str) -> bytes:
    """The octets of one of ``FILES``.

    Raises:
        KeyError: if there is no such file.
    """
    if name not in FILES:
        raise KeyError(name)
    return (files(__name__) / name).read_bytes()


def render_page(*, console_origin: str, sample: bool = False) -> bytes:
    """The page itself.

    Args:
        console_origin: the one origin that it obeys, as ``http://localhost:8000``.
        sample: a recorded voice of its own origin may stand in for the
            microphone (the demonstration, tests).
    """
    page = (files(__name__) / "index.html").read_text("utf-8")
    page = page.replace("{{console}}", html.escape(console_origin))
    page = page.replace("{{modules}}", preload_modules(set(FILES) - {*_WORKLETS, "main.js"}))
    return page.replace("{{sample}}\n", f"{_SAMPLE}\n" if sample else "").encode()


def preload_modules(names: Iterable[str]) -> str:
    """Lines for a page's head: its modules are fetched at once, not level by level."""
    return "\n".join(f'<link rel="modulepreload" href="{name}">' for name in sorted(names))


def content_security_policy(*, console_origin: str, above: Iterable[str] = ()) -> str:
    """The policy to send with the page: its own scripts, one framing console, nothing else.

    Args:
        console_origin: the console that frames it.
        above: origins that may frame the console in turn (the demonstration).
    """
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self'",  # the phrases, and a recorded voice where that is allowed
            "media-src 'self' mediastream:",
            f"frame-ancestors {' '.join((console_origin, *above))}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
