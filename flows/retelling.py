"""The live loop's hand in the copilots' indexes: what records changed is told again within seconds, without Prefect.

A thread looks now and then whether there are new batches of records, pushed or polled by whichever process, and tells
again only the documents that they touched. What is too much at once is left to the next whole sync.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic

from flows.indexing import records_of, sync_touched
from flows.installation import Installation
from rag.copilot import Copilot
from rag.embedder import Embedder
from rag.sync import SyncReport
from rag.told.source import RecordsSource
from substrate.background import go_last
from substrate.batches import current_batch
from substrate.errors import PlumblineError

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
"""How long a change may wait; so what comes in a burst is told once."""

_FRESH_SECONDS = 10.0
"""How long templates that were read are taken for those that lie there: to read them takes longer than to use them."""

_TROUBLE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Read:
    """A copilot's sources as they were read."""

    copilot: Copilot
    sources: Sequence[RecordsSource]
    at: float


class Retelling:
    """Tells again what changed, until it is stopped.

    Args:
        opened: the installation.
        copilots: says which there are.
        embedder: gives the embedder, or says why there is none.
        on_indexed: called after an index was changed.
    """

    def __init__(
        self,
        opened: Installation,
        copilots: Callable[[], Mapping[str, Copilot]],
        embedder: Callable[[], Embedder],
        on_indexed: Callable[[], None],
    ) -> None:
        self._opened = opened
        self._copilots = copilots
        self._embedder = embedder
        self._on_indexed = on_indexed
        self._seen: dict[str, int] = {}
        self._read: dict[str, _Read] = {}
        self._begun: int | None = None
        self._trouble = ""
        self._stopping = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own; what was written before is the whole sync's."""
        self.look()
        self._thread = Thread(target=self._run, name="plumbline-retelling", daemon=True)
        self._thread.start()

    def stop(self, timeout_seconds: float) -> bool:
        """End after the documents in hand; whether it ended in time."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout_seconds)
        return self._thread is None or not self._thread.is_alive()

    def look(self) -> int:
        """Tell again what changed since the last look; how many documents were read. The first look only remembers.

        Raises:
            PlumblineError: the database, or a copilot, is in trouble; what changed is told at the next look.
        """
        with self._opened.database.read() as connection:
            newest = current_batch(connection)
        if self._begun is None:
            self._begun = newest
        if newest == self._begun and not self._seen:
            return 0
        done, trouble = list[SyncReport](), list[PlumblineError]()
        for copilot in self._copilots().values():
            try:
                report = self._tell(copilot, newest) if _tells(copilot) else None
            except PlumblineError as error:
                # What is wrong with one copilot, such as a template, is not the others'.
                trouble.append(error)
                continue
            done += [report] if report is not None else []
        if any(report.added or report.touched or report.deleted for report in done):
            self._on_indexed()
        if trouble:
            raise trouble[0]
        return sum(report.read for report in done)

    def _tell(self, copilot: Copilot, newest: int) -> SyncReport | None:
        since = self._seen.get(copilot.name, self._begun or 0)
        if since >= newest:
            return None
        report = sync_touched(self._opened, copilot, self._sources(copilot), self._embedder(), since + 1)
        self._seen[copilot.name] = newest
        if report is not None:
            log.debug("records were told again", extra={"copilot": copilot.name, "read": report.read})
        return report

    def _sources(self, copilot: Copilot) -> Sequence[RecordsSource]:
        known = self._read.get(copilot.name)
        if known is None or known.copilot != copilot or monotonic() - known.at > _FRESH_SECONDS:
            known = self._read[copilot.name] = _Read(copilot, records_of(self._opened, copilot), monotonic())
        return known.sources

    def _run(self) -> None:
        go_last()
        while not self._stopping.wait(_LOOK_SECONDS):
            try:
                self.look()
                self._say("")
            except PlumblineError as error:
                self._say(error.message)
                self._stopping.wait(_TROUBLE_SECONDS)
            except Exception as error:
                # The thread is a process of its own kind: nobody above it could go on.
                log.exception("records are not told again: %s", type(error).__name__)
                self._stopping.wait(_TROUBLE_SECONDS)

    def _say(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            log.warning("records are not told again until the next whole sync: %s", trouble)
        self._trouble = trouble


def _tells(copilot: Copilot) -> bool:
    return any(source.records is not None for source in copilot.sources)
