"""Where pushed events are kept before they are answered: all that came meanwhile in one transaction.

A commit takes about as long for a hundred events as for one, so the door keeps up with many senders, and each is
answered only after its event is on the disk.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread

from substrate.arrivals import Arrival, Receipt, store
from substrate.clock import Clock
from substrate.database import Database
from substrate.errors import DatabaseError, PlumblineError
from substrate.inbound import Backlog, backlog

log = logging.getLogger(__name__)

_TOGETHER = 500
_LOOK_SECONDS = 0.25
_REST_SECONDS = 0.01
"""Between two transactions: an event after a quiet moment is kept at once, of many more come together."""

_FULL = 5_000


@dataclass(frozen=True, slots=True)
class _Letter:
    arrival: Arrival
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Receipt]


class Letterbox:
    """Keeps events for many requests at once.

    Args:
        database: migrated.
        sources: those whose backlog counts.
        clock: says what time it is.
        on_kept: called after events were kept.
    """

    def __init__(self, database: Database, sources: Collection[str], clock: Clock, on_kept: Callable[[], None]) -> None:
        self._database = database
        self._sources = tuple(sources)
        self._clock = clock
        self._on_kept = on_kept
        self._letters: SimpleQueue[_Letter | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._backlog = Backlog()
        self._looked_at = 0
        self._kept_at = 0.0

    def start(self) -> None:
        """Begin to keep."""
        self._look()
        self._thread = Thread(target=self._run, name="plumbline-letterbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after what is there has been kept."""
        self._letters.put(None)
        if self._thread is not None:
            self._thread.join()

    @property
    def backlog(self) -> Backlog:
        """What waits to be taken in, as of a moment ago; a letterbox that overflows counts as well."""
        waiting = self._letters.qsize()
        return Backlog(self._backlog.waiting + waiting, self._backlog.oldest_at)

    @property
    def is_full(self) -> bool:
        """More requests wait for the database than it will keep soon."""
        return self._letters.qsize() >= _FULL

    async def put(self, arrival: Arrival) -> Receipt:
        """Keep an event; returns when it is committed.

        Raises:
            DatabaseError: it could not be kept.
        """
        loop = asyncio.get_running_loop()
        letter = _Letter(arrival, loop, loop.create_future())
        self._letters.put(letter)
        return await letter.answer

    def _run(self) -> None:
        ended = False
        while not ended:
            letters, ended = self._gathered()
            if letters:
                self._keep(letters)
            self._look_again()

    def _gathered(self) -> tuple[list[_Letter], bool]:
        """What is there, after waiting a while for the first."""
        letters: list[_Letter] = []
        try:
            letter = self._letters.get(timeout=_LOOK_SECONDS)
            time.sleep(max(0.0, self._kept_at + _REST_SECONDS - time.monotonic()))
            while letter is not None:
                letters.append(letter)
                if len(letters) >= _TOGETHER:
                    return letters, False
                letter = self._letters.get_nowait()
        except Empty:
            return letters, False
        return letters, True

    def _keep(self, letters: list[_Letter]) -> None:
        try:
            with self._database.write(durable=True) as connection:
                receipts = store(connection, [letter.arrival for letter in letters])
        except Exception as error:  # noqa: BLE001 - every request must be answered, whatever went wrong
            log.error("pushed events could not be kept: %s", type(error).__name__)  # noqa: TRY400 - words repeat values
            told = error if isinstance(error, PlumblineError) else DatabaseError("the event could not be kept")
            _each_loop(letters, lambda letter, _place: letter.answer.set_exception(told))
            return
        self._kept_at = time.monotonic()
        self._on_kept()
        _each_loop(letters, lambda letter, place: letter.answer.set_result(receipts[place]))

    def _look_again(self) -> None:
        now = self._clock.now()
        if abs(now - self._looked_at) >= _LOOK_SECONDS * 1_000_000:
            self._look()

    def _look(self) -> None:
        try:
            with self._database.read() as connection:
                self._backlog = backlog(connection, self._sources)
        except PlumblineError as error:
            log.warning("the backlog cannot be seen: %s", error.message)
        self._looked_at = self._clock.now()


def _each_loop(letters: list[_Letter], settle: Callable[[_Letter, int], None]) -> None:
    """Settle all answers, with one call into each loop that waits for some."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Letter, int]]] = {}
    for place, letter in enumerate(letters):
        by_loop.setdefault(letter.loop, []).append((letter, place))

    def all_of(mine: list[tuple[_Letter, int]]) -> None:
        for letter, place in mine:
            if not letter.answer.done():  # its sender may have hung up
                settle(letter, place)

    for loop, mine in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(all_of, mine)
