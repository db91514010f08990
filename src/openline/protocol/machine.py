"""State machines as tables of data.

A machine is a mapping from (state, input) to the next state. Every pair stands in it: what changes
nothing is written down as such, so a test can walk the whole table and the specification prints it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

StateT = TypeVar("StateT", bound=StrEnum)
InputT = TypeVar("InputT", bound=StrEnum)

Transitions = Mapping[tuple[StateT, InputT], StateT]


def markdown(table: Mapping[tuple[StateT, InputT], StateT]) -> str:
    """The table as the specification prints it: a row for each state, a column for each input.

    Args:
        table: transitions; a cell that keeps the state is printed as a dash.
    """
    states = list(dict.fromkeys(state for state, _ in table))
    inputs = list(dict.fromkeys(given for _, given in table))
    lines = [
        "| state | " + " | ".join(given.value for given in inputs) + " |",
        "|---" * (len(inputs) + 1) + "|",
    ]
    for state in states:
        cells = [
            "–" if table[state, given] is state else table[state, given].value  # noqa: RUF001 a dash for print
            for given in inputs
        ]
        lines.append(f"| {state.value} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def unwritten(
    table: Mapping[tuple[StateT, InputT], StateT], states: type[StateT], inputs: type[InputT]
) -> list[tuple[StateT, InputT]]:
    """Pairs that a table leaves open; a complete table has none."""
    return [(state, given) for state in states for given in inputs if (state, given) not in table]
