"""Two pairings converge: any reloads, restarts and renewals, in any order of delivery."""

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from openline.voice import AnswerDesk, FarLeg, LegOffer, Pairing, PairingAction, RenewDesk, SendLeg


@dataclass
class Side:
    """One post with its page; the link carries only the newest leg, as CONTROL does."""

    desk: bytes
    numbers: list[int]
    pairing: Pairing = field(default_factory=Pairing)
    outbox: FarLeg | None = None
    sent: FarLeg | None = None
    page: LegOffer | None = None
    page_generation: int = 0
    page_far: str = ""
    renew: bool = False

    def act(self, actions: list[PairingAction]) -> None:
        for action in actions:
            match action:
                case SendLeg(leg):
                    self.outbox = self.sent = leg
                case AnswerDesk(_, far):
                    self.answered(far)
                case RenewDesk():
                    self.renew = True

    def answered(self, far: FarLeg) -> None:
        if self.page_far and self.page_far != far.fingerprint:
            self.renew = True  # The media page makes a new connection for another certificate.
            return
        self.page_far, self.page_generation = far.fingerprint, far.generation

    def load(self) -> None:
        """A fresh page offers."""
        number = self.numbers.pop()
        self.page = LegOffer(
            desk=self.desk,
            fingerprint=f"{number:064x}",
            ssrcs=(number,),
            red=True,
            page_ufrag="p",
            leg_ufrag="l",
        )
        self.page_generation, self.page_far, self.renew = 0, "", False
        self.act(self.pairing.offered(self.page))

    def offer_again(self) -> None:
        if self.page is not None:
            offer = replace(self.page, generation=self.page_generation)
            self.act(self.pairing.offered(offer))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["load", "again", "restart", "renew", "obey", "deliver", "lose", "gone"]),
        st.integers(0, 1),
    ),
    max_size=40,
)


def step(kind: str, side: Side, other: Side) -> None:
    match kind:
        case "load":
            side.load()
        case "again":
            side.offer_again()
        case "restart":
            side.pairing, side.outbox, side.sent = Pairing(), None, None
            side.offer_again()
            other.outbox = other.sent  # connected(): live objects are sent again
        case "renew":
            side.act(side.pairing.renew())
        case "obey" if side.renew:
            side.load()
        case "deliver" if side.outbox is not None:
            leg, side.outbox = side.outbox, None
            other.act(other.pairing.far_received(leg))
        case "gone":
            side.act(side.pairing.far_gone())
        case "lose":
            side.outbox = None
        case _:
            pass


@given(STEPS)
def test_two_desks_are_joined_once_the_faults_stop(steps: list[tuple[str, int]]) -> None:
    numbers = list(range(1000, 0, -1))
    sides = [Side(b"a" * 8, numbers), Side(b"b" * 8, numbers)]
    for side in sides:
        side.load()
    for kind, which in steps:
        step(kind, sides[which], sides[1 - which])
    for side in sides:  # The link is up again: both send their newest leg.
        side.outbox = side.sent
    for _ in range(40):
        for which in (0, 1):
            step("obey", sides[which], sides[1 - which])
            step("deliver", sides[which], sides[1 - which])
    a, b = sides
    assert a.pairing.joined
    assert b.pairing.joined
    assert a.page is not None
    assert b.page is not None
    assert a.page_far == b.page.fingerprint
    assert b.page_far == a.page.fingerprint
    assert a.page_generation == b.page_generation == a.pairing.generation
    assert [a.renew, b.renew] == [False, False]
    assert len(numbers) > 900
