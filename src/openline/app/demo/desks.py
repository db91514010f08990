"""What ``--check`` asks of a pair of desks, whichever kind they are."""

from typing import Any, Literal, Protocol

from openline.app.demo.posts import Side

Kind = Literal["chromium", "headless"]

READY_S_MAX = 30.0
HEARD_S_MAX = 5.0
RECEIPT_S_MAX = 10.0


class DeskPair(Protocol):
    """Two desks, one per post, that do what an officer can do."""

    kind: Kind

    async def ready(self) -> None:
        """Wait until both desks can be heard.

        Raises:
            ConfigError: ``demo.no_voice``.
        """

    async def pick_up(self, side: Side) -> float:
        """Press the talk key and speak with the synthetic voice; the key stays down.

        Returns:
            Milliseconds until the first sound was decoded at the other desk.

        Raises:
            ConfigError: ``demo.not_heard``.
        """

    async def release(self, side: Side) -> None:
        """Let the talk key go."""

    async def write(self, side: Side, text: str) -> float:
        """Write a text.

        Returns:
            Milliseconds until the other post's receipt for it was shown here.

        Raises:
            ConfigError: ``demo.not_receipted`` or what the post refused with.
        """

    def view(self, side: Side) -> dict[str, Any]:
        """The state that this desk was last told to show."""

    async def close(self) -> None:
        """Leave both desks."""
