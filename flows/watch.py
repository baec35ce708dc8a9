"""Who wants to see how far a cycle is: a progress bar, a log, or nobody."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """Sees the steps of a cycle begin, go on and end."""

    def begin(self, step: str, total: int | None) -> None:
        """A step begins; `total` is how many units it will take, as far as that is known."""

    def advance(self, units: int) -> None:
        """Some units of the step are done."""

    def end(self) -> None:
        """The step is done."""


class Nobody:
    """Looks away."""

    def begin(self, step: str, total: int | None) -> None:
        """Nothing is shown."""

    def advance(self, units: int) -> None:
        """Nothing is shown."""

    def end(self) -> None:
        """Nothing is shown."""
