"""Refusals over HTTP: RFC 9457 problem bodies with our stable codes, in words."""

import json
from typing import Final

from starlette.responses import Response

from openline.web.catalogue import error_words

STATUS: Final[dict[str, int]] = {
    "web.host": 421,
    "web.origin": 403,
    "web.signin": 403,
    "web.token": 403,
    "web.not_found": 404,
    "web.method": 405,
    "web.body": 413,
    "web.rate": 429,
    "web.full": 503,
    "recording.over": 409,
    "recording.order": 409,
    "recording.not_sound": 415,
    "recording.call_full": 507,
    "recording.full": 507,
    "recording.disk_full": 507,
    "recording.disk": 507,
}


def problem(code: str, language: str, **facts: str | int) -> Response:
    """The response that says why a request was refused."""
    status = STATUS[code]
    body = {
        "type": f"urn:openline:error:{code}",
        "title": error_words(code, language, **facts),
        "status": status,
        "code": code,
    }
    return Response(
        json.dumps(body, ensure_ascii=False),
        status_code=status,
        media_type="application/problem+json",
    )
