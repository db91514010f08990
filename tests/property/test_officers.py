"""Officers come, go and bind themselves at random: the log takes what a plain model takes."""

from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from openline.errors import RecordError
from openline.record.audit import audit
from openline.record.bodies import enrol_body, revoke_body, rule_body, text_body
from openline.record.log import Record
from tests.unit.record.makers import Keys, Pair
from tests.unit.record.trials import stated
from tools.verify.openline_verify import Audit

PAIR = Pair().founded()
PEOPLE = [PAIR.keys[0], *(Keys(f"person {number}") for number in range(1, 4))]
KINDS = ("text", "enrol", "revoke")
START = PAIR.record.mark()

Step = tuple[str, int, tuple[int, ...], frozenset[str]]
# What, of whom, signed by whom, under which rule from then on.
step = st.tuples(
    st.sampled_from((*KINDS, "rule")),
    st.integers(0, 3),
    st.lists(st.integers(0, 3), max_size=2).map(tuple),
    st.frozensets(st.sampled_from(KINDS)),
)
ALL = frozenset(KINDS)


@dataclass
class Model:
    """Who counts, who ever did, and what needs two."""

    now: set[int] = field(default_factory=lambda: {0})
    ever: set[int] = field(default_factory=lambda: {0})
    two: frozenset[str] = frozenset()

    def takes(self, kind: str, whom: int, signers: tuple[int, ...], two: frozenset[str]) -> bool:
        doubled = kind == "rule" or kind in self.two
        if len(set(signers)) != len(signers) or len(signers) < (2 if doubled else 1):
            return False
        allowed = set(self.now)
        if kind == "enrol":
            if whom in self.ever:
                return False
            if not doubled:
                allowed.add(whom)
                if whom not in signers or len(signers) != 2:
                    return False
        if not set(signers) <= allowed or (kind == "revoke" and whom not in self.now):
            return False
        if kind == "enrol":
            self.now.add(whom)
            self.ever.add(whom)
        if kind == "revoke":
            self.now.discard(whom)
        if kind == "rule":
            self.two = two
        return True


def body_of(kind: str, whom: int, two: frozenset[str]) -> bytes:
    public = PEOPLE[whom].officer_public
    if kind == "enrol":
        return enrol_body(public, f"W-{whom}")
    if kind == "revoke":
        return revoke_body(public)
    return rule_body(two) if kind == "rule" else text_body("en", "Nothing to pass.")


@settings(deadline=None)
@example(steps=[("enrol", 1, (1, 0), ALL), ("rule", 0, (0, 1), ALL), ("enrol", 2, (2, 0), ALL)])
@example(steps=[("enrol", 1, (1, 0), ALL), ("rule", 0, (0, 1), ALL), ("enrol", 2, (1, 0), ALL)])
@given(steps=st.lists(step, max_size=12))
def test_the_log_takes_what_the_model_takes(steps: list[Step]) -> None:
    PAIR.record.rollback(START)
    kept, model = len(PAIR.entries[0]), Model()
    try:
        for kind, whom, signers, two in steps:
            people = [PEOPLE[number] for number in signers]
            raw = stated(PAIR, 0, kind, body_of(kind, whom, two), *people)
            before = PAIR.record.logs[0].size
            try:
                PAIR.record.append(0, *raw)
                taken = True
                PAIR.entries[0].append(raw)
            except RecordError:
                taken = False
            assert PAIR.record.logs[0].size == before + taken
            assert taken == model.takes(kind, whom, signers, two)
            assert PAIR.record.logs[0].two == model.two
        again = Record(PAIR.genesis)
        again.load((PAIR.entries[0], PAIR.entries[1]))
        assert again.logs[0].officers == PAIR.record.logs[0].officers
        assert again.logs[0].two == model.two
        bundle = PAIR.bundle()
        assert audit(bundle, PAIR.pins).verified
        assert Audit(bundle, set(PAIR.pins)).verified
    finally:
        del PAIR.entries[0][kept:]
