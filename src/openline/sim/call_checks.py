"""What must hold of calls at every step, and of both sides' accounts at the end."""

from dataclasses import dataclass, field
from typing import Final

from openline.engine.desk import PostView
from openline.engine.ports import StoredState
from openline.errors import OpenlineError
from openline.protocol.accounts import Account, compare, parse_account
from openline.protocol.call import ANSWER_RANKS, Answer, CallState, Outcome
from openline.record.bodies import KIND_CALL
from openline.record.entry import parse_entry
from openline.sim.desks import DeskRoom
from openline.sim.site import Site
from openline.sim.trace import Violation

_STATES: Final = list(CallState)
_OF_CALLED: Final = (Outcome.DECLINED, Outcome.REPLY_PROMISED, Outcome.REFUSED_BY_SETTING)
_OF_CALLER: Final = (Outcome.WITHDRAWN,)


@dataclass(slots=True)
class CallChecks:
    """Rules microphone, gate, no-way-back and accounts.

    Attributes:
        reached: by site and start, how far each call had come: state, answer.
    """

    reached: dict[tuple[str, int, str], tuple[int, int]] = field(default_factory=dict)

    def stepped(self, site: Site, view: PostView, room: DeskRoom) -> None:
        """A post did something."""
        self._desks(site, view, room)
        if view.call is None:
            return
        name = (site.role, site.boot, view.call.call)
        now = (_STATES.index(CallState(view.call.state)), ANSWER_RANKS[Answer(view.call.answer)])
        before = self.reached.get(name, (0, 0))
        if now[0] < before[0] or now[1] < before[1]:
            raise Violation("no-way-back", f"{site.role}: call {name[2]} went back: {view.call}")
        self.reached[name] = now

    @staticmethod
    def _desks(site: Site, view: PostView, room: DeskRoom) -> None:
        call = view.call if view.call is not None and view.call.state != "ended" else None
        for desk in room.open.values():
            if desk.gate and (call is None or call.call != desk.gate):
                raise Violation("gate", f"{site.role}: a gate is open without its call")
            if desk.live and not (desk.held or desk.latched):
                raise Violation("microphone", f"{site.role}: a page transmits, its key is up")
            if desk.latched and not desk.consented:
                raise Violation("microphone", f"{site.role}: open without its officer's consent")
            if desk.latched and not desk.held and (call is None or call.two_way != "open"):
                raise Violation("microphone", f"{site.role}: two-way is over, a page transmits on")

    def judge(self, states: list[StoredState]) -> dict[str, int]:
        """Rule accounts: who names the other side's act has it from that side."""
        found: dict[str, int] = {}
        for mine, theirs in pairs(states):
            self._pair(*((mine, theirs) if mine.role == "caller" else (theirs, mine)))
            word = compare(mine, theirs).word
            found[f"accounts {word}"] = found.get(f"accounts {word}", 0) + 1
            for account in (mine, theirs):
                name = f"outcome {account.outcome}"
                found[name] = found.get(name, 0) + 1
        return found

    @staticmethod
    def _pair(caller: Account, called: Account) -> None:
        where = f"{caller} and {called}"
        if (caller.role, called.role) != ("caller", "called"):
            raise Violation("accounts", f"roles of {where}")
        lost = Outcome.RESTART  # its account was not yet durable when it died
        if caller.outcome in _OF_CALLED and called.outcome not in {caller.outcome, lost}:
            raise Violation("accounts", f"an act that the called side does not know: {where}")
        if called.outcome in _OF_CALLER and caller.outcome not in {called.outcome, lost}:
            raise Violation("accounts", f"an act that the caller does not know: {where}")
        for name in ("taken", "pressed", "silenced", "sounded", "attended", "held"):
            if getattr(caller, name) is True and getattr(called, name) is False:
                raise Violation("accounts", f"{name} is the called side's to say: {where}")
        if caller.answer is not None and called.answer is not None:
            ranks = ANSWER_RANKS[Answer(caller.answer)], ANSWER_RANKS[Answer(called.answer)]
            if ranks[0] > ranks[1]:
                raise Violation("accounts", f"an answer that nobody gave: {where}")


def pairs(states: list[StoredState]) -> list[tuple[Account, Account]]:
    """The accounts of each call of which both disks hold two."""
    logs = [_accounts(states[0], log) for log in (0, 1)]
    return [(account, logs[1][tag]) for tag, account in logs[0].items() if tag in logs[1]]


def _accounts(state: StoredState, log: int) -> dict[bytes, Account]:
    found: dict[bytes, Account] = {}
    for entry in state.entries[log][1:]:
        if entry.body is None or parse_entry(entry.leaf).claims.kind != KIND_CALL:
            continue
        try:
            account = parse_account(entry.body)
        except OpenlineError as error:
            raise Violation("accounts", f"an account that cannot be read: {error.code}") from error
        if account.outcome != Outcome.NO_CONTACT:
            found.setdefault(account.tag, account)
    return found
