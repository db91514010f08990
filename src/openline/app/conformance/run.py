"""A run of the kit: who is tested, which checks, and what is reported.

A broken clause never ends the run: the kit connects again and goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openline.app.config import load_config
from openline.app.conformance import checks_link, checks_record, checks_session
from openline.app.conformance.clauses import CLAUSES
from openline.app.conformance.logs import Fault, Target
from openline.app.conformance.model import BrokenClauseError, Check, NotSeenError
from openline.app.conformance.peer import ANSWER_S, Peer
from openline.app.folder import Folder, FolderLock
from openline.app.keys import read_keys
from openline.app.pairing import own_card, peer_card
from openline.errors import ConfigError, LinkError
from openline.link.address import parse_address
from openline.record.genesis import make_genesis
from openline.store import read_offline

HOLDS: Final = "holds"
BROKEN: Final = "broken"
NOT_SEEN: Final = "not_seen"

CHECKS: Final = (
    checks_session.CHECKS[0],
    *checks_record.CHECKS,
    *checks_session.CHECKS[1:],
    *checks_link.CHECKS,
    *checks_record.LAST,
    *checks_record.BREACHES,
)
NAMES: Final = tuple(check.name for check in CHECKS)


@dataclass(frozen=True, slots=True)
class Finding:
    """How one check ended: ``holds``, ``broken`` or ``not_seen``.

    Attributes:
        clause: the broken one, else the first that the check looks at. detail: what was seen.
    """

    check: str
    clauses: tuple[str, ...]
    result: str
    clause: str
    detail: str = ""


def open_kit(folder: Folder) -> Peer:
    """The kit's peer from its folder, which no post may be running on.

    Raises:
        ConfigError: ``card.unpaired``; ``conformance.no_address`` if the tested post's card names
            no address on a path that both have, ``conformance.listens`` if the kit's names one,
            ``conformance.no_officer`` if its officer's key is wrapped; what reading the folder
            refuses.
    """
    own, other = own_card(folder), peer_card(folder)
    if other is None:
        raise ConfigError("card.unpaired", "no confirmed card", folder=str(folder.root))
    config = load_config(folder.config)
    for path, addresses in other.fields.paths.items():
        if path in own.fields.paths and addresses:
            if own.fields.paths[path]:
                raise ConfigError("conformance.listens", path, name=path)
            address = parse_address(addresses[0])
            break
    else:
        raise ConfigError("conformance.no_address", "nothing to dial", folder=str(folder.root))
    genesis = make_genesis(own, other)
    me = genesis.party_of(own)
    keys = read_keys(folder, config.officer)
    if not keys.officers:
        raise ConfigError("conformance.no_officer", "wrapped key", folder=str(folder.root))
    target = Target(genesis, me, path, (address.host, address.port))
    return Peer(target, keys, read_offline(folder.record))


def conformance(folder: Folder, only: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Test the paired post; each finding as soon as it is there.

    Args:
        folder: of the kit, paired like any post.
        only: names of checks; empty for all but the breaches, which halt the record for good.

    Raises:
        ConfigError: as `open_kit`; ``conformance.check`` for a name that is none.
        AccessError: ``folder.locked``. LinkError: ``conformance.unreachable``.
    """
    for name in only:
        if name not in NAMES:
            raise ConfigError("conformance.check", name, check=name)
    wanted = [c for c in CHECKS if (c.name in only if only else not c.breach)]
    folder.require()
    with FolderLock.take(folder):
        peer = open_kit(folder)
        try:
            begin(peer)
            for check in wanted:
                yield judge(peer, check)
        finally:
            peer.hang_up()


def begin(peer: Peer) -> None:
    """Connect, and take back what an earlier run wrote.

    Raises:
        LinkError: ``conformance.unreachable`` when no session comes about at all.
    """
    host, port = peer.target.address
    try:
        peer.dial()
        up = peer.run(lambda: peer.alive, ANSWER_S)
    except (OSError, LinkError) as fault:
        raise LinkError("conformance.unreachable", str(fault), address=f"{host}:{port}") from fault
    if up and peer.lacking and checks_record.restore(peer):
        try:
            checks_record.finish_restoring(peer)
        except BrokenClauseError as broken:
            peer.faults.append(Fault(broken.clause, broken.detail))


def judge(peer: Peer, check: Check) -> Finding:
    """Run one check on a connection that stands."""
    first = check.clauses[0]
    try:
        if not peer.alive:
            peer.dial()
            if not peer.run(lambda: peer.alive, ANSWER_S):
                return Finding(check.name, check.clauses, BROKEN, "handshake 3", "no answer")
        check.run(peer)
    except BrokenClauseError as broken:
        return Finding(check.name, check.clauses, BROKEN, broken.clause, broken.detail)
    except NotSeenError as reason:
        return Finding(check.name, check.clauses, NOT_SEEN, first, str(reason))
    except (OSError, LinkError) as fault:
        return Finding(check.name, check.clauses, BROKEN, "link 2", f"no connection: {fault}")
    finally:
        peer.resends = peer.gives_receipts = True
        if peer.wire is not None:
            peer.wire.beating = True
    return Finding(check.name, check.clauses, HOLDS, first)


def not_tested() -> tuple[str, ...]:
    """The clauses of the specification that no check looks at."""
    cited = {clause for check in CHECKS for clause in check.clauses}
    return tuple(clause for clause in CLAUSES if clause not in cited)
