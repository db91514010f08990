"""A door for officers in tests, and how a test comes through it."""

from collections import Counter
from typing import Any

from openline.errors import AccessError
from tests.unit.web.rig import CONSOLE

PHRASE = "correct horse battery"


class FakeDoor:
    """One officer, W-2, whose passphrase is PHRASE; W-1 comes by one-time address."""

    def __init__(self, token: str | None = "W-1") -> None:
        self.token = token
        self.held: Counter[str] = Counter()
        self.desks: list[str] = []
        self.code = "web.passphrase"

    def token_officer(self) -> str | None:
        return self.token

    async def unlock(self, code: str, passphrase: str, desk: str = "") -> None:
        self.desks.append(desk)
        if (code, passphrase) != ("W-2", PHRASE):
            raise AccessError(self.code, "no")
        self.held[code] += 1

    def lock(self, code: str) -> None:
        self.held[code] -= 1


def enter(client: Any, **given: object) -> Any:  # noqa: ANN401 the test client's types
    fields = {"code": "W-2", "passphrase": PHRASE} | given
    return client.post("/signin", json=fields, headers={"origin": CONSOLE})
