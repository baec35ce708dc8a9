"""Bring the ledger in step with a copilot's sources: declare, compare, read what changed, embed what is new, write.

It writes the database only and may run in any process; whoever owns an index follows (see `rag/index.py`). Everything
is committed as it comes, vectors first, so that a sync that dies is taken up by the next one where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from sqlalchemy import Connection

from rag.checked import check_off
from rag.copilot import Copilot
from rag.document import DocumentSource, Entry, UnreadableError
from rag.drafting import TooSensitiveError, draft, groups
from rag.embedder import Embedder
from rag.embedding import embed_new
from rag.generations import Generation, live_generation, size
from rag.held import HeldDocument, held_documents, hold, release
from rag.known import Known, known_documents
from rag.ledger import HeldReason, Why, document_identity
from rag.rebuild import Delta
from rag.shares import Chosen, Declared, Share, share_of, shares
from rag.sync_report import Progress, SyncReport
from rag.target import beside, leave, recipe_of, why_beside
from rag.vectors import slices
from rag.writing import Draft, remove, tighten, write
from substrate.access import Label
from substrate.clock import Clock
from substrate.database import Database
from substrate.errors import PlumblineError
from substrate.sweep import Limits
from substrate.turns import hold_turn

__all__ = ["Chosen", "Progress", "SyncOptions", "SyncReport", "sync", "sync_some"]

_DELETES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How a sync goes about its work.

    Attributes:
        limits: when a mass delete is held.
        progress: is told how far it is, now and then.
    """

    limits: Limits = field(default_factory=Limits)
    progress: Callable[[Progress], None] | None = None


def sync(
    database: Database,
    copilot: Copilot,
    sources: Sequence[DocumentSource],
    embedder: Embedder,
    clock: Clock,
    options: SyncOptions | None = None,
) -> SyncReport:
    """Bring a copilot's ledger up to date; a second sync of the same copilot waits for the first to end.

    Args:
        database: where the ledger is.
        copilot: whose index; it says how documents are cut, and when a change is built beside what answers.
        sources: all its sources; what the ledger knows of others is gone.
        embedder: what turns texts into vectors.
        clock: what time it is.
        options: limits, and who hears of the progress.

    Raises:
        PlumblineError: the database or the embedder cannot be reached; what was done until then is kept.
    """
    began = perf_counter()
    with hold_turn(database, f"sync {copilot.name}"):
        report = _Sync(database, copilot, embedder, clock, options or SyncOptions()).run(sources)
    report.seconds = perf_counter() - began
    return report


def sync_some(
    database: Database, copilot: Copilot, chosen: Sequence[Chosen], embedder: Embedder, clock: Clock
) -> SyncReport:
    """Bring some documents of the generation that answers up to date, and look at no other.

    Where none answers yet, or its recipe is another, nothing is done: the next whole sync sees to it. So it does where
    more would go than may go without a person's word.

    Args:
        database: where the ledger is.
        copilot: whose index.
        chosen: what may have changed.
        embedder: what turns texts into vectors.
        clock: what time it is.

    Raises:
        PlumblineError: the database or the embedder cannot be reached; what was done until then is kept.
    """
    began = perf_counter()
    with hold_turn(database, f"sync {copilot.name}"):
        report = _Sync(database, copilot, embedder, clock, SyncOptions()).run_some(chosen)
    report.seconds = perf_counter() - began
    return report


class _Sync:
    def __init__(
        self, database: Database, copilot: Copilot, embedder: Embedder, clock: Clock, options: SyncOptions
    ) -> None:
        self._database = database
        self._copilot = copilot
        self._embedder = embedder
        self._clock = clock
        self._options = options
        self._report = SyncReport(copilot.name)
        self._to_read = 0
        self._texts: set[str] = set()
        self._generation: Generation
        # What answers meanwhile, where the work is done beside it.
        self._live: Generation | None = None
        self._answers: dict[str, dict[str, Known]] = {}

    def run(self, sources: Sequence[DocumentSource]) -> SyncReport:
        """Do all of it. The sources' connection stays open until their last document was read."""
        with self._database.read() as connection:
            declared = {source.name: (source, self._listed(source, connection)) for source in sources}
            found = self._target(declared)
            self._to_read = sum(len(share.plan.read) for share in found)
            for share in found:
                self._read(share)
        for share in found:
            self._drop(share)
        return self._finish(list(declared))

    def run_some(self, chosen: Sequence[Chosen]) -> SyncReport:
        """Do what there is to do of some documents."""
        with self._database.read() as connection:
            live = live_generation(connection, self._copilot.name)
            if live is None or live.recipe != recipe_of(self._copilot, self._embedder):
                return self._report
            self._generation = live
            found = [share_of(connection, live, some, self._embedder.clearance) for some in chosen]
            documents = size(connection, live.id)[0]
            for share in found:
                self._read(share)
        for share in found:
            if not self._options.limits.hold(len(share.plan.gone), documents):
                self._remove(share.source, share.plan.gone)
        return self._report

    def _listed(self, source: DocumentSource, connection: Connection) -> list[Entry] | None:
        try:
            return list(source.entries(connection))
        except PlumblineError as error:
            self._report.failed[source.name] = error.message
            return None

    def _target(self, declared: Declared) -> list[Share]:
        """Settle which generation is worked on, and what is to be done in it."""
        name, recipe = self._copilot.name, recipe_of(self._copilot, self._embedder)
        with self._database.read() as connection:
            live = live_generation(connection, name)
            same = live if live is not None and live.recipe == recipe else None
            found = [] if same is None else self._shares(connection, same, declared)
            documents = 0 if live is None else size(connection, live.id)[0]
        delta = Delta(sum(len(share.plan.read) + len(share.plan.gone) for share in found), documents)
        why = why_beside(live, recipe, delta, self._copilot.rebuild)
        if live is not None and why is None:
            self._generation = live
            return found
        values = {
            "recipe": recipe, "embedder": self._embedder.fingerprint, "dimensions": self._embedder.dimensions,
            "language": self._copilot.language,
        }  # fmt: skip
        with self._database.write() as connection:
            self._generation = beside(connection, name, values, why or Why.FIRST, self._now())
            if live is not None:
                self._live, self._answers = live, known_documents(connection, live.id)
            return self._shares(connection, self._generation, declared)

    def _shares(self, connection: Connection, of: Generation, declared: Declared) -> list[Share]:
        return shares(connection, of, declared, self._embedder.clearance, self._answers)

    def _read(self, share: Share) -> None:
        self._report.unchanged += share.plan.unchanged
        if share.plan.twice:
            self._report.count_held(HeldReason.LISTED_TWICE, len(share.plan.twice))
        for drafts in groups(self._drafts(share)):
            self._embed(drafts)
            with self._database.write() as connection:
                done = write(connection, self._generation, drafts, self._now())
                self._tighten(connection, {draft.identity: draft.document.label for draft in drafts})
            self._report.added += done.added
            self._report.touched += done.touched
            self._report.deleted += done.deleted

    def _drafts(self, share: Share) -> Iterator[Draft]:
        for entry, stamp in share.plan.read:
            made = self._draft(share.source, entry, stamp)
            self._report.read += 1
            self._tell()
            if made is not None:
                self._texts.add(made.text_hash)
                yield made

    def _draft(self, source: str, entry: Entry, stamp: str) -> Draft | None:
        try:
            return draft(self._copilot, self._embedder, source, entry, stamp)
        except UnreadableError as error:
            held = HeldDocument(source, entry.key, stamp, error.reason, error.detail, self._now())
            self._hold(held, error.label if isinstance(error, TooSensitiveError) else None)
            return None

    def _hold(self, held: HeldDocument, label: Label | None) -> None:
        with self._database.write() as connection:
            if label is not None:
                # What the index has of it was less sensitive once; it must not be shown for what it is now.
                identity = document_identity(self._copilot.name, held.source, held.key)
                self._report.deleted += remove(connection, self._generation, [identity], self._now())
                self._tighten(connection, {identity: label})
            hold(connection, self._generation, [held])

    def _tighten(self, connection: Connection, labels: Mapping[str, Label]) -> None:
        """What answers meanwhile is at once for nobody who may no longer see it."""
        if self._live is not None:
            tighten(connection, self._live, labels, self._now())

    def _embed(self, drafts: Sequence[Draft]) -> None:
        texts = (chunk.embedded_text for each in drafts for chunk in each.chunks)
        for added in embed_new(self._database, self._embedder, texts, self._clock):
            self._report.embedded += added
            self._tell()

    def _drop(self, share: Share) -> None:
        """Let go what the source no longer declares, unless it is too much; what only moved does not count."""
        answers = share.known if self._live is None else self._answers.get(share.source, {})
        lost, known = len(share.lost(answers, self._texts)), len(answers)
        too_many = self._options.limits.hold(lost, known)
        with self._database.write() as connection:
            release(connection, self._generation, share.source)
            if too_many:
                detail = f"{lost} of {known} documents would go at once"
                self._hold_source(connection, share.source, HeldReason.MASS_DELETE, detail)
        if too_many:
            self._report.count_held(HeldReason.MASS_DELETE, lost if self._live else len(share.plan.gone))
            return
        self._remove(share.source, share.plan.gone)

    def _hold_source(self, connection: Connection, source: str, reason: HeldReason, detail: str) -> None:
        hold(connection, self._generation, [HeldDocument(source, "", "", reason, detail, self._now())])

    def _remove(self, source: str, gone: Sequence[str]) -> None:
        for keys in slices(gone, _DELETES_AT_ONCE):
            identities = [document_identity(self._copilot.name, source, key) for key in keys]
            with self._database.write() as connection:
                self._report.deleted += remove(connection, self._generation, identities, self._now())

    def _finish(self, declared: Sequence[str]) -> SyncReport:
        report, now = self._report, self._now()
        with self._database.write() as connection:
            check_off(connection, self._generation.id, declared, report.failed, now)
            for name, detail in report.failed.items():
                self._hold_source(connection, name, HeldReason.SOURCE, detail)
            # What lacks that much beside what answers must not answer in its place before a person has looked.
            lacking = self._live is not None and str(HeldReason.MASS_DELETE) in report.held
            whole = not (report.failed or lacking)
            after = leave(connection, self._generation, now, changed=report.changed, whole=whole)
            report.generation, report.state = after.id, str(after.state)
            report.documents, report.chunks = size(connection, after.id)
            held = Counter(one.reason for one in held_documents(connection, after.id) if one.key)
        report.held = dict(held + Counter(report.held))
        return report

    def _tell(self) -> None:
        if self._options.progress is not None:
            self._options.progress(Progress(self._report.read, self._to_read, self._report.embedded))

    def _now(self) -> int:
        return self._clock.now()
