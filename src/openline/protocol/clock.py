"""Time as an argument.

Two readings travel together: ``mono_ms`` decides (intervals, time-outs), it
never runs backwards and goes on while the machine sleeps; ``wall_ms`` is a
label, it may lie and may jump, and nothing is ordered by it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Now:
    """One reading of both clocks, in milliseconds.

    Attributes:
        mono_ms: monotonic, from an arbitrary zero, counts through sleep.
        wall_ms: UTC since 1970; a label only.
    """

    mono_ms: int
    wall_ms: int
