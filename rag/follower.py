"""A thread that keeps an index in step with the ledger while other threads search it."""

from __future__ import annotations

import logging
from threading import Event, Thread

from rag.index import Index
from substrate.errors import PlumblineError

logger = logging.getLogger(__name__)


class Follower:
    """Follows in small steps, and rests as long as each took, so that searches find half of a core free.

    Args:
        index: what is kept in step.
        every: seconds between two looks at a ledger that says nothing new.
        pause: seconds to rest within a step.
        reconcile_every: seconds between two comparisons of all that is there.
    """

    def __init__(
        self, index: Index, *, every: float = 1.0, pause: float = 0.005, reconcile_every: float = 3_600.0
    ) -> None:
        self._index = index
        self._every = every
        self._pause = pause
        self._rounds = max(int(reconcile_every / every), 1)
        self._stopping = Event()
        self._woken = Event()
        self._thread = Thread(target=self._run, name="index follower", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once: something was synced."""
        self._woken.set()

    def stop(self, timeout: float = 30.0) -> None:
        """Cease to follow; waits for the step that is being taken."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(timeout)

    @property
    def running(self) -> bool:
        """Whether it follows."""
        return self._thread.is_alive()

    def _run(self) -> None:
        idle = 0
        while not self._stopping.is_set():
            try:
                if idle >= self._rounds:
                    self._index.reconcile()
                    idle = 0
                applied = self._index.follow(pause=self._pause)
            except PlumblineError as error:
                # The database or the Chroma server is away: what is there goes on answering, and grows old visibly.
                logger.warning("the index cannot follow: %s", error.message)
                applied = 0
            if not applied:
                idle += 1
                self._woken.wait(self._every)
                self._woken.clear()
