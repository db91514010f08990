"""The post's two clocks: one decides, one labels."""

import time

from openline.protocol.clock import Now


def read_now() -> Now:
    """Read both clocks.

    The deciding one is CLOCK_BOOTTIME: it goes on while the machine sleeps, so
    a suspended post wakes up knowing that its contact is stale.
    """
    return Now(
        mono_ms=time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
        wall_ms=time.time_ns() // 1_000_000,
    )
