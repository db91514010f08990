"""The view of a post: link, standing and watch apart, never merged."""

from typing import Literal

from openline.engine.alarms import Alarms
from openline.engine.call_views import PromiseView
from openline.engine.calls import Calls
from openline.engine.context import Context
from openline.engine.desk import LinkView, PathView, PostView, RecordView
from openline.engine.keeper import Keeper
from openline.engine.watch import Watch
from openline.protocol.clock import Now
from openline.protocol.liveness import LinkState, Liveness

VoiceWord = Literal["no_desk", "no_far_desk", "connecting", "ready"]
LinkFacts = tuple[tuple[PathView, ...], str | None, bool, bool]
"""Paths, TLS group, whether a far desk is there, and whether both signed the genesis."""


def make_view(  # noqa: PLR0913, PLR0917 - it draws from every part of the post
    ctx: Context,
    keeper: Keeper,
    alarms: Alarms,
    watch: Watch,
    calls: Calls,
    live: Liveness,
    link: LinkFacts,
    promises: tuple[PromiseView, ...],
    now: Now,
) -> PostView:
    """The state to show at ``now``."""
    paths, tls_group, far_desk, confirmed = link
    state = live.tick(now)
    cards = ctx.genesis.cards
    return PostView(
        wall_ms=now.wall_ms,
        party="a" if ctx.own == 0 else "b",
        own_names=dict(cards[ctx.own].fields.names),
        peer_names=dict(cards[ctx.peer].fields.names),
        link=LinkView(
            state=state.value,
            last_contact_ms_ago=live.age_ms(now),
            paths=paths,
            tls_group=tls_group,
        ),
        standing="IN_FORCE" if confirmed else "UNCONFIRMED",
        own_watch=watch.own_view(),
        peer_watch=watch.peer_view(contact=state is LinkState.UP),
        record=RecordView(
            state=keeper.state.value,
            own_size=keeper.own_size,
            peer_size=keeper.peer_size,
            receipted=keeper.receipted,
            sealed=keeper.shelf.sealed(ctx.own),
            outbox=keeper.outbox,
            fault=keeper.fault or None,
        ),
        call=calls.view(now),
        voice=_voice(watch, far_desk=far_desk),
        alarms=alarms.view(),
        officer=ctx.settings.officer,
        disk_fault=keeper.disk_fault,
        desks=calls.desk_views(),
        promises=promises,
        figures=watch.figures(now),
    )


def _voice(watch: Watch, *, far_desk: bool) -> VoiceWord:
    if not watch.present:
        return "no_desk"
    if not far_desk:
        return "no_far_desk"
    return "ready" if watch.connected else "connecting"
