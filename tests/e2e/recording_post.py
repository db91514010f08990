"""``openline run`` with every frame that crosses the link written down, for tests only.

    python -m tests.e2e.recording_post FOLDER FRAMES

FRAMES receives one line of JSON per frame (direction, class, body) as the link
gets it from the post and gives it to the post, which is outside the
encryption; one line per offer of a desk, one per datagram between
desks of the own side, and one per datagram from a desk with
the address it came from.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openline.app import shell
from openline.cli import main as program
from openline.link import Link
from openline.voice import VoiceEndpoint
from tests.e2e.post_rig import ENVIRONMENT


def record(path: Path) -> None:
    """Wrap the link and what it calls."""
    out = path.open("a", encoding="ascii")
    lock = threading.Lock()

    def note(**facts: object) -> None:
        with lock:
            out.write(json.dumps(facts) + "\n")
            out.flush()

    def wrap(owner: type, name: str, told: Callable[..., dict[str, object]]) -> None:
        inner = getattr(owner, name)

        def outer(self: object, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 as it is
            found = inner(self, *arguments, **named)
            note(**told(found, *arguments))
            return found

        setattr(owner, name, outer)

    wrap(Link, "send", lambda _out, kind, body: {"way": "out", "class": kind, "body": body.hex()})
    wrap(Link, "send_media", lambda _out, body: {"way": "out", "class": 3, "body": body.hex()})
    wrap(Link, "hello", lambda body: {"way": "out", "class": 1, "body": body.hex()})
    post = shell.PostShell
    wrap(post, "hello_received", lambda _o, body: {"way": "in", "class": 1, "body": body.hex()})
    wrap(
        post,
        "frame_received",
        lambda _o, kind, _seq, body: {"way": "in", "class": kind, "body": body.hex()},
    )
    wrap(
        post, "media_received", lambda _o, _seq, body: {"way": "in", "class": 3, "body": body.hex()}
    )
    wrap(
        VoiceEndpoint,
        "offer",
        lambda _offer, desk, sdp, slot: {"desk": desk.hex(), "sdp": sdp, "slot": slot},
    )
    wrap(VoiceEndpoint, "_relay_within", lambda _o, _leg, _to, data, _now: {"private": data.hex()})
    wrap(VoiceEndpoint, "_datagram_received", lambda _o, _data, at: {"from": [at[0], at[1]]})


if __name__ == "__main__":
    os.environ.update(ENVIRONMENT)
    record(Path(sys.argv[2]))
    sys.argv = ["openline", "run", sys.argv[1]]
    program.main()
