"""Work that ends in time, or is left behind: time-outs of sockets bound each step, and a server can drip for ever."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """How one piece of work ended: with what it returned, or with what it raised.

    Attributes:
        found: what it returned, alone in the tuple.
        error: what it raised; a TimeoutError: it did not end in time, and what it does may still come about.
    """

    found: tuple[T, ...] = ()
    error: BaseException | None = None

    def value(self) -> T:
        """What it returned; raises what it raised."""
        if self.error is not None:
            raise self.error
        return self.found[0]


def all_within(seconds: float, works: Sequence[Callable[[], T]]) -> list[Ended[T]]:
    """How each piece of work ended, all done at once.

    Args:
        seconds: how long to wait for all of them.
        works: each is done in a thread of its own, which goes on where nobody waits for it any more.
    """
    ends: SimpleQueue[tuple[int, Ended[T]]] = SimpleQueue()

    def run(place: int, work: Callable[[], T]) -> None:
        try:
            ends.put((place, Ended((work(),))))
        except BaseException as error:  # noqa: BLE001  # raised again where somebody waits
            ends.put((place, Ended(error=error)))

    for place, work in enumerate(works):
        Thread(target=run, args=(place, work), daemon=True, name="plumbline-send").start()
    until = monotonic() + seconds
    found: dict[int, Ended[T]] = {}
    while len(found) < len(works):
        try:
            place, ended = ends.get(timeout=max(0.0, until - monotonic()))
        except Empty:
            break
        found[place] = ended
    return [found.get(place) or Ended(error=TimeoutError()) for place in range(len(works))]
