"""What the demo is doing, from the first second: a live line on a terminal, plain lines elsewhere.

Everything goes to stderr, so that ``--json`` on stdout stays alone.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from rich.console import Console

Words = Callable[..., str]
"""The catalogue: ``words(key, **facts)``."""


class Progress(Protocol):
    """Tells what is being done."""

    @contextlib.contextmanager
    def step(self, key: str, **facts: str | int) -> Iterator[None]:
        """Name a piece of work while it lasts, and how long it took."""
        ...

    def say(self, key: str, **facts: str | int) -> None:
        """Say one thing."""


class ShownProgress:
    """Progress for people.

    Args:
        words: the catalogue, in their language.
    """

    def __init__(self, words: Words) -> None:
        """See the class."""
        self._words = words
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)

    @contextlib.contextmanager
    def step(self, key: str, **facts: str | int) -> Iterator[None]:
        """Name a piece of work while it lasts, and how long it took."""
        text = self._words(key, **facts)
        began = time.monotonic()
        live = self._console.status(text) if self._console.is_terminal else contextlib.nullcontext()
        if not self._console.is_terminal:
            self._console.print(f"{text} ...", markup=False)
        with live:
            yield
        took = f"{time.monotonic() - began:.1f} s"
        self._console.print(f"{text}: {took}", markup=False)

    def say(self, key: str, **facts: str | int) -> None:
        """Say one thing."""
        self._console.print(self._words(key, **facts), markup=False)
