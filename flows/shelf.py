"""What questions are answered from: the embedder and the index, opened, and kept in step with the ledger.

One process opens the index of a folder. It opens it beside its other work, since that takes a while, and goes on
without copilots where it cannot; what keeps it from opening is tried again, so that nobody needs to restart it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic
from typing import Protocol

from rag.embedder import Embedder
from rag.live import Index
from substrate.errors import PlumblineError, UnavailableError

log = logging.getLogger(__name__)

_FOLLOW_SECONDS = 0.5
_AGAIN_SECONDS = 3.0
_OPENING = "the index is being opened"
_BEHIND = "they answer from an index that cannot be brought up to date"


class OwnedIndex(Index, Protocol):
    """An index that this process owns."""

    def follow(self) -> int:
        """Take over some of what is new in the ledger; how many changes that were, 0: nothing is newer."""

    def close(self) -> None:
        """Let go of the folder, so that another process may open it."""


class Opened(Protocol):
    """The embedder and the index that belongs to it."""

    @property
    def embedder(self) -> Embedder:
        """Turns questions into vectors."""

    @property
    def index(self) -> OwnedIndex:
        """Finds them."""


class Shelf(Protocol):
    """Where a question finds what it is answered from."""

    def opened(self) -> Opened:
        """The embedder and the index.

        Raises:
            UnavailableError: they are not there yet; says why.
        """


class NoShelf:
    """A process that answers no questions."""

    trouble: str | None = None

    def opened(self) -> Opened:
        """Nothing.

        Raises:
            UnavailableError: always.
        """
        raise UnavailableError("copilots are not asked here", hint="Ask the process that serves the web.")


class FollowedShelf:
    """A shelf that is opened and kept in step by a thread of its own.

    Args:
        opening: opens embedder and index; called again where it fails.
        again_seconds: how long it rests before it tries again to open.
        at_first: what is open already; None: nothing is.
    """

    def __init__(
        self,
        opening: Callable[[], Opened],
        again_seconds: float = _AGAIN_SECONDS,
        at_first: Opened | None = None,
    ) -> None:
        self._opening = opening
        self._again_seconds = again_seconds
        self._opened = at_first
        self._trouble = _OPENING if at_first is None else None
        self._stop = Event()
        self._wake = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin to open it, and then to follow."""
        self._thread = Thread(target=self._run, name="plumbline-shelf", daemon=True)
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Stop following, and let go of the index."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def wake(self) -> None:
        """Something was written to the ledger: follow at once."""
        self._wake.set()

    @property
    def trouble(self) -> str | None:
        """What keeps questions from being answered; None: nothing does."""
        return self._trouble

    def opened(self) -> Opened:
        """The embedder and the index.

        Raises:
            UnavailableError: they are not there yet; says why.
        """
        if self._opened is None:
            hint = "Ask again in a while; /readyz says what is missing."
            raise UnavailableError(f"copilots cannot be asked yet: {self._trouble or _OPENING}", hint=hint)
        return self._opened

    def _run(self) -> None:
        tried_at = -self._again_seconds
        while not self._stop.is_set():
            if self._opened is not None:
                self._follow(self._opened)
            elif monotonic() - tried_at >= self._again_seconds:
                self._open()
                tried_at = monotonic()
            self._wake.wait(_FOLLOW_SECONDS)
            self._wake.clear()
        if self._opened is not None:
            self._opened.index.close()

    def _open(self) -> None:
        try:
            self._opened = self._opening()
        except PlumblineError as error:
            self._say(f"{error.message}. {error.hint}".rstrip())
        except Exception as error:
            # The thread is a process of its own kind: nobody above it could try again.
            log.exception("the index cannot be opened")
            self._say(f"the index cannot be opened: {type(error).__name__}; the log says more")
        else:
            self._say(None)

    def _follow(self, opened: Opened) -> None:
        try:
            while opened.index.follow() and not self._stop.is_set():
                pass
        except PlumblineError as error:
            self._say(f"{_BEHIND}: {error.message}")
        except Exception as error:
            # As above; what was not followed is followed the next time.
            if not (self._trouble or "").startswith(_BEHIND):
                log.exception("the index cannot follow")
            self._say(f"{_BEHIND}: {type(error).__name__}; the log says more")
        else:
            self._say(None)

    def _say(self, trouble: str | None) -> None:
        if trouble != self._trouble:
            log.log(logging.WARNING if trouble else logging.INFO, "copilots: %s", trouble or "ready")
        self._trouble = trouble
