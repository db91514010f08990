"""The officers of this side: who may sign, who is being enrolled, who was revoked (spec/record, 6).

What the record says counts. What still waits in the outbox is shown beside it, because it binds
people here at once: an officer whose revocation waits signs nothing more.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

from openline.engine.authoring import Wish
from openline.engine.context import Context
from openline.engine.record_side import RecordSide
from openline.errors import LocalProtocolError
from openline.protocol.clock import Now
from openline.record import bodies

StandingWord = Literal["enrolled", "enrolling", "revoking", "revoked"]
SIGNING: Final = ("enrolled", "enrolling")
"""In these an officer may sign in: what is written follows the enrolment, in that order."""


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

    def enrol(self, code: str, key: bytes, by: str, request: str, now: Now) -> None:
        """Enrol an officer, whose key and the voucher's are with the signer.

        Answered by TextTaken (its item, or outbox-...) or Refused under ``request``.

        Raises:
            OpenlineError: ``officer.known``, ``officer.unknown``, ``officer.revoked``,
                ``engine.no_officer``, or as the keeper refuses what is to be written.
        """
        self.check_new(code)
        self.find(by)
        body = bodies.enrol_body(key, code)
        wish = Wish(kind=bodies.KIND_ENROL, body=body, by_officer=True, officer=code, vouched_by=by)
        self._keeper.write(wish, None, request, now)
        self._record.settle(now)

    def revoke(self, code: str, by: str, request: str, now: Now) -> None:
        """Revoke an officer, by the statement of one who stays or by the officer's own.

        Raises:
            OpenlineError: as :meth:`enrol`; ``officer.last`` if nobody were left to sign.
        """
        gone = self.find(code)
        self.find(by)
        left = [view for view in self.views() if view.key != gone.key]
        if not any(view.standing == "enrolled" for view in left):
            raise LocalProtocolError("officer.last", code, officer=code)
        wish = Wish(
            kind=bodies.KIND_REVOKE,
            body=bodies.revoke_body(gone.key),
            by_officer=True,
            officer=by,
        )
        self._keeper.write(wish, None, request, now)
        self._record.settle(now)
