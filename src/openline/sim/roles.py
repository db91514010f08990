"""What a site needs of those around it: checkers, desks, the mood of its disk."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from openline.engine.desk import AudioReport
from openline.engine.ports import SendFrame, SetControl, StoredState, ToDesk

if TYPE_CHECKING:
    from openline.sim.site import Site


@dataclass(slots=True)
class DiskMood:
    """How the disk behaves now.

    Attributes:
        low_ms, high_ms: how long a commit takes. fault: fails every commit, until "" again.
        once: fails the next commit only. crash_at: the post dies at that step of the next commit.
    """

    low_ms: int = 1
    high_ms: int = 12
    fault: str = ""
    once: str = ""
    crash_at: str = ""


class Watcher(Protocol):
    """The checkers, as a site calls them."""

    def started(self, site: "Site", state: StoredState) -> None:
        """A start from that state."""

    def sending(self, site: "Site", command: SendFrame) -> None:
        """A frame is about to leave."""

    def stepped(self, site: "Site") -> None:
        """The engine was called and its commands were carried out."""

    def committed(self, site: "Site", before: tuple[int, int]) -> None:
        """A transaction became durable; sizes of both logs before it."""

    def accused(self, site: "Site", codes: list[str]) -> None:
        """The engine keeps evidence against its peer."""

    def controls(self, site: "Site", command: SetControl) -> None:
        """The engine sets the control block."""

    def round_trip(self, site: "Site") -> None:
        """A proof was handed in."""

    def died(self, site: "Site") -> None:
        """The post is dead; its disk stands as the crash left it."""

    def refused_hello(self, site: "Site", code: str) -> None:
        """The engine refused the peer's HELLO."""


class Desks(Protocol):
    """The desks of a site."""

    def take(self, command: ToDesk) -> None:
        """An event of the post."""

    def post_started(self) -> None:
        """The post is there (again)."""

    def post_died(self) -> None:
        """The post is gone: what a page does then."""

    def report(self, desk: bytes) -> AudioReport:
        """What a desk says of its audio."""
