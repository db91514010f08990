"""The officers of this side: who may sign, who is being enrolled, who was revoked (spec/record, 6).

What the record says counts. What still waits in the outbox is shown beside it, because it binds
people here at once: an officer whose revocation waits signs nothing more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from openline.engine.authoring import Wish
from openline.engine.context import Context
from openline.engine.record_side import RecordSide
from openline.engine.two_officers import two_in_force
from openline.errors import LocalProtocolError
from openline.protocol.clock import Now
from openline.record import bodies

StandingWord = Literal["enrolled", "enrolling", "revoking", "revoked"]
SIGNING: Final = ("enrolled", "enrolling")
"""In these an officer may sign in: what is written follows the enrolment, in that order."""

TWO: Final = 2
"""Fewer could not even lift the rule."""

By = tuple[str, str]
"""Watch codes of who state it: one, and a second or "" where one is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerView:
    """One officer of this side.

    Attributes:
        code: watch code. key: raw public key.
        standing: ``enrolling`` and ``revoking`` wait in the outbox for the record.
        enrolled_at, revoked_at: index in the own log; None while it is not in the record.
    """

    code: str
    key: bytes
    standing: StandingWord
    enrolled_at: int | None = None
    revoked_at: int | None = None


class Officers:
    """See the module."""

    def __init__(self, ctx: Context, record: RecordSide) -> None:
        """Over the record's side of a post."""
        self._ctx = ctx
        self._record = record
        self._keeper = record.keeper

    def views(self) -> tuple[OfficerView, ...]:
        """All officers ever, in the order of their enrolment."""
        found = [
            OfficerView(
                code=officer.code,
                key=officer.key,
                standing="enrolled" if officer.revoked_at is None else "revoked",
                enrolled_at=officer.enrolled_at,
                revoked_at=officer.revoked_at,
            )
            for officer in self._keeper.record.logs[self._ctx.own].officers
        ]
        for pending in self._keeper.pending:
            item = pending.item
            if item.kind == bodies.KIND_ENROL:
                said = bodies.parse_enrol(item.body)
                found.append(OfficerView(code=said.code, key=said.officer, standing="enrolling"))
            elif item.kind == bodies.KIND_REVOKE:
                gone = bodies.parse_revoke(item.body)
                found = [
                    replace(view, standing="revoking") if view.key == gone else view
                    for view in found
                ]
        return tuple(found)

    def find(self, code: str) -> OfficerView:
        """The officer of that watch code who may sign.

        Raises:
            LocalProtocolError: ``officer.unknown`` or ``officer.revoked``.
        """
        mine = [view for view in self.views() if view.code == code]
        for view in mine:
            if view.standing in SIGNING:
                return view
        code_ = "officer.revoked" if mine else "officer.unknown"
        raise LocalProtocolError(code_, code, officer=code)

    def check_new(self, code: str) -> None:
        """That a new officer may have this watch code: it names one person for ever.

        Raises:
            LocalProtocolError: ``officer.known``.
        """
        if any(view.code == code for view in self.views()):
            raise LocalProtocolError("officer.known", code, officer=code)

    @property
    def two(self) -> frozenset[str]:
        """Kinds that need two officers of this side."""
        recorded = self._keeper.record.logs[self._ctx.own].two
        return two_in_force(recorded, self._keeper.pending)

    def enrol(self, code: str, key: bytes, by: By, request: str, now: Now) -> None:
        """Enrol an officer, whose key and those of who state it are with the signer.

        A new officer's own statement proves the key, but where enrolling needs two officers: then
        both were enrolled before.

        Answered by TextTaken (its item, or outbox-...) or Refused under ``request``.

        Raises:
            OpenlineError: ``officer.known``, ``officer.unknown``, ``officer.revoked``,
                ``engine.no_officer``, or as the keeper refuses what is to be written.
        """
        self.check_new(code)
        self._find_all(by)
        signers = by if bodies.KIND_ENROL in self.two else (code, by[0])
        self._write(bodies.KIND_ENROL, bodies.enrol_body(key, code), signers, request, now)

    def rule(self, two: Iterable[str], by: By, request: str, now: Now) -> None:
        """Say which kinds need two officers from here on, by two officers who both stay.

        Raises:
            OpenlineError: as :meth:`enrol`; ``record.second_officer``, ``record.rule``.
        """
        self._find_all(by)
        self._write(bodies.KIND_RULE, bodies.rule_body(two), by, request, now)

    def _find_all(self, by: By) -> None:
        for code in filter(None, by):
            self.find(code)

    def _write(self, kind: str, body: bytes, by: By, request: str, now: Now) -> None:
        wish = Wish(kind=kind, body=body, by_officer=True, officer=by[0], vouched_by=by[1])
        self._keeper.write(wish, None, request, now)
        self._record.settle(now)

    def revoke(self, code: str, by: By, request: str, now: Now) -> None:
        """Revoke an officer, by the statement of one who stays or by the officer's own.

        Raises:
            OpenlineError: as :meth:`enrol`; ``officer.last`` if nobody were left to sign,
                ``officer.last_two`` if only one were and the rule asks for two.
        """
        gone = self.find(code)
        self._find_all(by)
        left = [view for view in self.views() if view.key != gone.key]
        if not any(view.standing == "enrolled" for view in left):
            raise LocalProtocolError("officer.last", code, officer=code)
        if self.two and sum(view.standing in SIGNING for view in left) < TWO:
            raise LocalProtocolError("officer.last_two", code, officer=code)
        self._write(bodies.KIND_REVOKE, bodies.revoke_body(gone.key), by, request, now)
