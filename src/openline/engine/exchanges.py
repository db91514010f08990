"""Sealed exchanges: what an officer may do in one now, and how each of them stands (spec/exchange).

A post writes nothing that would be void, whatever it is asked. Salt and text are on the disk no
later than the commitment. How an exchange stands never says why a side did not reveal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from openline.engine.authoring import Wish
from openline.engine.context import Context
from openline.engine.desk import Refused
from openline.engine.desk_exchange import (
    CommitTo,
    ExchangeAct,
    ExchangeView,
    ExchangeWord,
    HalfView,
    HalfWord,
    Reveal,
)
from openline.engine.exchange_ledger import name
from openline.engine.record_side import RecordSide
from openline.errors import LocalProtocolError, OpenlineError
from openline.protocol.clock import Now
from openline.record import exchange as sealed
from openline.record.bodies import KIND_SEAL_COMMIT, KIND_SEAL_OPEN, KIND_SEAL_REVEAL
from openline.record.cbor import as_bytes, decode_list, encode
from openline.record.exchange import Exchange, Half, Opening, Terms

VIEWS_MAX: Final = 4
"""So many of the newest exchanges stand in the view that goes out four times a second."""

VIEW_CHARACTERS: Final = 400
"""So much of a revealed text stands there; the timeline has the whole."""

LISTED_MAX: Final = 64

ASKED_MS: Final = 5_000
"""What was just asked for is not asked for again within it: the disk has not answered yet."""

_META: Final = "seal-"
_BYTES_MAX: Final = sealed.SIZE_MAX + 128


@dataclass(frozen=True, slots=True)
class _Secret:
    """What an own commitment was made of."""

    exchange: bytes
    salt: bytes
    padded: bytes


class Exchanges:
    """See the module."""

    def __init__(self, ctx: Context, record: RecordSide, meta: Mapping[str, bytes]) -> None:
        """Over the record's side; ``meta`` holds what own commitments were made of."""
        self._ctx = ctx
        self._record = record
        self._ledger = record.ledger
        self._secrets: dict[bytes, _Secret] = {}
        self._asked: dict[tuple[bytes, str], int] = {}
        for key, value in meta.items():
            if key.startswith(_META) and value:
                made, *secret = (as_bytes(item) for item in decode_list(value, _BYTES_MAX, 4))
                self._secrets[made] = _Secret(*secret)

    # --- officers ------------------------------------------------------------------------------

    def act(
        self, asker: tuple[bytes | None, str], act: ExchangeAct, officer: str, now: Now
    ) -> None:
        """Do it as that officer; answered by TextTaken or Refused.

        Args:
            asker: the desk, None for the command line, and the name of its request.
            act: what.
            officer: watch code, "" for the post's own setting.
            now: the time.
        """
        desk, request = asker
        try:
            if isinstance(act, Terms):
                kind, body = KIND_SEAL_OPEN, _opened(act, now)
            elif isinstance(act, CommitTo):
                kind, body = KIND_SEAL_COMMIT, self._committed(act, now)
            else:
                kind, body = KIND_SEAL_REVEAL, self._revealing(act, now)
            wish = Wish(kind=kind, body=body, by_officer=True, officer=officer)
            self._record.keeper.write(wish, desk, request, now)
        except OpenlineError as error:
            self._ctx.desk(desk, Refused(request=request, code=error.code, facts=error.facts))
        self._record.settle(now)

    def _committed(self, act: CommitTo, now: Now) -> bytes:
        found = self._open_one(act.item, now)
        if found.halves[self._ctx.own].commit_index is not None:
            raise LocalProtocolError("exchange.twice", act.item)
        padded = sealed.pad(act.lang, act.text, found.terms.size)
        self._ask(found, KIND_SEAL_COMMIT, now)
        salt = self._ctx.random(sealed.SALT_SIZE)
        made = sealed.commitment(self._ctx.genesis.line, found.id, self._ctx.own, salt, padded)
        # Each attempt has a name of its own: an earlier one may have reached the disk after all.
        self._secrets[made] = _Secret(found.id, salt, padded)
        self._record.keeper.meta[_meta(made)] = encode([made, found.id, salt, padded])
        return sealed.commit_body(found.id, made)

    def _revealing(self, act: Reveal, now: Now) -> bytes:
        found = self._open_one(act.item, now)
        code = self._why_not_reveal(found)
        if code:
            raise LocalProtocolError(code, act.item)
        self._ask(found, KIND_SEAL_REVEAL, now)
        secret = self._secrets[found.halves[self._ctx.own].commitment]
        _, receipt = self._record.keeper.shelf.receipt(self._ctx.own)
        opening = Opening(
            exchange=found.id, salt=secret.salt, padded=secret.padded, receipt=receipt
        )
        return sealed.reveal_body(opening)

    def _open_one(self, item: str, now: Now) -> Exchange:
        found = self._ledger.named(item)
        if found is None:
            raise LocalProtocolError("exchange.unknown", item)
        if now.wall_ms // 1000 > found.terms.until_s:
            raise LocalProtocolError("exchange.over", item)
        return found

    def _why_not_reveal(self, found: Exchange) -> str:
        own, other = found.halves[self._ctx.own], found.halves[self._ctx.peer]
        if own.commit_index is None:
            return "exchange.no_commit"
        if own.reveal_index is not None:
            return "exchange.twice"
        if own.commitment not in self._secrets:
            return "exchange.secret"
        if other.commit_index is None:
            return "exchange.early"
        if self._record.keeper.receipted <= own.commit_index:
            return "exchange.not_held"
        return ""

    def _ask(self, found: Exchange, kind: str, now: Now) -> None:
        """One at a time: a second press must not become a second entry."""
        asked = self._asked.get((found.id, kind))
        waits = any(
            pending.item.kind == kind and found.id in pending.item.body
            for pending in self._record.keeper.pending
        )
        if waits or (asked is not None and now.mono_ms - asked < ASKED_MS):
            raise LocalProtocolError("exchange.asked", name(found))
        self._asked[found.id, kind] = now.mono_ms

    # --- the record ----------------------------------------------------------------------------

    def tick(self) -> None:
        """What was revealed is in the record: its secret need not be kept beside it."""
        for made in [made for made, secret in self._secrets.items() if self._is_out(made, secret)]:
            del self._secrets[made]
            self._record.keeper.meta[_meta(made)] = b""

    def _is_out(self, made: bytes, secret: "_Secret") -> bool:
        found = self._ledger.book.exchanges.get(secret.exchange)
        if found is None:
            return False
        half = found.halves[self._ctx.own]
        return half.commitment == made and half.reveal_index is not None

    # --- shown ---------------------------------------------------------------------------------

    def views(self, now: Now) -> tuple[ExchangeView, ...]:
        """The newest exchanges, oldest first, as far as a page shows them at all times."""
        newest = list(self._ledger.book.exchanges.values())[-VIEWS_MAX:]
        found = (self._view(each, now.wall_ms // 1000) for each in newest)
        return tuple(replace(view, own=_short(view.own), peer=_short(view.peer)) for view in found)

    def listed(self, now: Now) -> tuple[ExchangeView, ...]:
        """More of them, whole."""
        newest = list(self._ledger.book.exchanges.values())[-LISTED_MAX:]
        return tuple(self._view(each, now.wall_ms // 1000) for each in newest)

    def _view(self, found: Exchange, now_s: int) -> ExchangeView:
        own, peer = found.halves[self._ctx.own], found.halves[self._ctx.peer]
        past = now_s > found.terms.until_s
        halves = [self._half(found, log, past=past) for log in (self._ctx.own, self._ctx.peer)]
        why = "" if own.commit_index is None else self._why_not_reveal(found)
        return ExchangeView(
            item=name(found),
            opener="own" if found.log == self._ctx.own else "peer",
            title=found.terms.title,
            lang=found.terms.language,
            size=found.terms.size,
            until_s=found.terms.until_s,
            default=found.terms.default,
            state=_state((own, peer), halves, past=past),
            own=halves[0],
            peer=halves[1],
            may_commit=not past and own.commit_index is None,
            may_reveal=not past and own.commit_index is not None and not why,
            why="" if own.reveal_index is not None else why,
        )

    def _half(self, found: Exchange, log: int, *, past: bool) -> HalfView:
        half = found.halves[log]
        state: HalfWord = "none"
        late = False
        if half.reveal_index is not None:
            state = "revealed"
            late = self._ledger.first_s(log, half.reveal_index) > found.terms.until_s
        elif half.commit_index is not None:
            held = log == self._ctx.peer or self._record.keeper.receipted > half.commit_index
            state = "held" if held else "committed"
        return HalfView(
            state=state,
            text=half.text,
            lang=half.language,
            late=late,
            defaulted=late or (past and state in ("committed", "held")),
        )


def _short(half: HalfView) -> HalfView:
    if len(half.text) <= VIEW_CHARACTERS:
        return half
    return replace(half, text=half.text[:VIEW_CHARACTERS] + "…")


def _state(halves: tuple[Half, Half], views: list[HalfView], *, past: bool) -> ExchangeWord:
    if all(view.state == "revealed" and not view.late for view in views):
        return "both_revealed"
    if past:
        return "over"
    both = all(half.commit_index is not None for half in halves)
    return "revealing" if both else "committing"


def _opened(terms: Terms, now: Now) -> bytes:
    if terms.until_s <= now.wall_ms // 1000:
        raise LocalProtocolError("exchange.until", str(terms.until_s))
    return sealed.open_body(terms)


def _meta(made: bytes) -> str:
    return _META + made[:16].hex()
