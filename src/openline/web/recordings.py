"""The console brings what its media page recorded, piece by piece, to its own post."""

import re
from typing import Final, Protocol

from starlette.requests import Request

PIECE_BYTES_MAX: Final = 256 * 1024
_CALL: Final = re.compile(r"[0-9a-f]{8}")
_NUMBER: Final = re.compile(r"[0-9]{1,6}")


class RecordingSink(Protocol):
    """Where the pieces of a recording go."""

    async def take(self, call: bytes, part: int, seq: int, data: bytes, *, last: bool) -> str:
        """Keep a piece: "" when it is kept (or was before), else the code of the refusal."""


async def take_piece(sink: RecordingSink | None, request: Request) -> str:
    """One POST to ``/recording/CALL?part=N&seq=N&last=0|1``: "" or the code of the refusal."""
    call = request.path_params["call"]
    part, seq = request.query_params.get("part", ""), request.query_params.get("seq", "")
    if sink is None or not (_CALL.fullmatch(call) and _NUMBER.fullmatch(part)):
        return "web.not_found"
    if not _NUMBER.fullmatch(seq):
        return "web.not_found"
    data = b""
    async for piece in request.stream():
        data += piece
        if len(data) > PIECE_BYTES_MAX:
            return "web.body"
    last = request.query_params.get("last") == "1"
    return await sink.take(bytes.fromhex(call), int(part), int(seq), data, last=last)
