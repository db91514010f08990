"""Two consents over a wire that loses, repeats and delays: nobody is open without an own act."""

from hypothesis import example, given
from hypothesis import strategies as st

from openline.protocol.two_way import ASK_MS, TwoWay

ACTS = st.lists(
    st.tuples(
        st.sampled_from(["consent", "withdraw", "tell", "wait"]), st.integers(0, 1)
    ),
    max_size=60,
)  # fmt: skip


class Line:
    """Two sides, and what of their words arrives."""

    def __init__(self) -> None:
        self.sides = (TwoWay(), TwoWay())
        self.pressed = [False, False]
        self.was_open = [False, False]
        self.now = 0

    def act(self, act: str, who: int) -> None:
        """One act, lossy by its absence: a word that is never told is a word that was lost."""
        side = self.sides[who]
        if act == "consent":
            self.pressed[who] = side.consent(self.now) or self.pressed[who]
        elif act == "withdraw":
            side.withdraw()
        elif act == "tell":
            self.tell(who)
        else:
            self.wait(ASK_MS // 3)
        self.judge()

    def tell(self, to: int) -> None:
        sender = self.sides[1 - to]
        self.sides[to].peer_says(sender.own, sender.own_n, self.now)

    def wait(self, ms: int) -> None:
        self.now += ms
        for side in self.sides:
            side.lapse(self.now)

    def settle(self) -> None:
        for _ in range(4):
            self.tell(0)
            self.tell(1)
            self.judge()

    def judge(self) -> None:
        for index, side in enumerate(self.sides):
            if side.open and not self.was_open[index]:
                assert self.pressed[index], "open without an own act for this time"
            if self.was_open[index] and not side.open:
                self.pressed[index] = False
            self.was_open[index] = side.open


@example([("consent", 0), ("tell", 1), ("withdraw", 1), ("consent", 1)])
@given(ACTS)
def test_open_only_by_own_acts_and_settles_alike(acts: list[tuple[str, int]]) -> None:
    line = Line()
    for act, who in acts:
        line.act(act, who)
    line.settle()
    one, other = line.sides
    assert one.open == other.open
    line.wait(ASK_MS)
    line.settle()
    assert {one.word, other.word} in ({"open"}, {"none"})


def opens(side: TwoWay) -> bool:
    return side.open


def test_a_used_consent_does_not_open_again() -> None:
    line = Line()
    one, other = line.sides
    for act, who in (("consent", 0), ("tell", 1), ("consent", 1), ("tell", 0)):
        line.act(act, who)
    assert opens(one)
    assert opens(other)
    one.withdraw()
    one.consent(1)
    line.tell(0)
    assert not opens(one), "their consent was for the time before"
    line.tell(1)
    assert other.word == "asked_there", "our consent was for the time before"
