"""The post's signer: the engine's one over the key files of the folder."""

from openline.app.keys import PrivateKeys
from openline.engine.signer import KeyRing, LocalSigner


def make_signer(keys: PrivateKeys) -> LocalSigner:
    """A signer over keys in memory; the link key stays out of it."""
    return LocalSigner(
        KeyRing(
            log=keys.log,
            log_pq=keys.log_pq,
            cosign=keys.cosign,
            cosign_pq=keys.cosign_pq,
            officers=keys.officers,
        )
    )
