"""Work that ends in time, or is left behind: time-outs of sockets bound each step, and a server can drip for ever."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """What the work returns or raises, if it ends in time.

    Args:
        seconds: how long to wait.
        work: is done in a thread of its own, which goes on where nobody waits for it any more.

    Raises:
        TimeoutError: it did not end in time; what it does may still come about.
    """
    ends: SimpleQueue[tuple[list[T], BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            ends.put(([work()], None))
        except BaseException as error:  # noqa: BLE001  # raised again where somebody waits
            ends.put(([], error))

    # Under the word of whoever waits, so that what the channel logs is found with the rest.
    Thread(target=copy_context().run, args=(run,), daemon=True, name="plumbline-send").start()
    try:
        found, error = ends.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return found[0]
