"""The store: one writer on one SQLite file (docs/architecture.md, "store").

:class:`Store` blocks and belongs to one thread; :class:`StoreWriter` is that
thread with a door to an asyncio loop; :func:`read_offline` reads a stopped
post's disk without touching it.
"""

from openline.store.offline import read_offline
from openline.store.rows import GENESIS_SIGNATURE_META
from openline.store.store import Store
from openline.store.writer import StoreEvents, StoreWriter

__all__ = ["GENESIS_SIGNATURE_META", "Store", "StoreEvents", "StoreWriter", "read_offline"]
