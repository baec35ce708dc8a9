"""Bring the ledger in step with a copilot's sources: declare, compare, read what changed, embed what is new, write.

It writes the database only and may run in any process; whoever owns an index follows (see `rag/index.py`). Everything
is committed as it comes, vectors first, so that a sync that dies is taken up by the next one where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, delete

from rag.copilot import Copilot
from rag.document import DocumentSource, Entry, SourceOfSome, UnreadableError
from rag.embedder import Embedder
from rag.generations import Generation, complete, flip, generation, live_generation, overtake, size
from rag.held import HeldDocument, held_documents, hold, release
from rag.known import Known, known_documents
from rag.ledger import HeldReason, Why, digest, document_identity, rag_source, vector_digest
from rag.plan import Plan, plan
from rag.rebuild import Delta
from rag.rerank import embed_all
from rag.splitting import split
from rag.target import beside, recipe_of, why_beside
from rag.vectors import keep, slices, to_bytes, unknown
from rag.writing import Draft, remove, write
from substrate.bulk import append, upsert
from substrate.clock import Clock
from substrate.database import Database
from substrate.errors import PlumblineError
from substrate.sweep import Limits
from substrate.turns import hold_turn

_CHUNKS_AT_ONCE = 256
_TEXTS_AT_ONCE = 64
_DELETES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync is: documents read of those to read, and texts embedded so far."""

    read: int
    to_read: int
    embedded: int


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How a sync goes about its work.

    Attributes:
        limits: when a mass delete is held.
        progress: is told how far it is, now and then.
    """

    limits: Limits = field(default_factory=Limits)
    progress: Callable[[Progress], None] | None = None


@dataclass(slots=True)
class SyncReport:
    """What a sync found and did.

    Attributes:
        copilot: whose index.
        generation: the generation that was brought up to date.
        state: where it stands now.
        documents: how many documents it holds.
        chunks: how many chunks it holds.
        read: documents that were read.
        unchanged: documents that needed no reading.
        embedded: texts that were embedded, each once.
        added: chunks that are new.
        touched: chunks that are the same, at another place or with another label, title or time.
        deleted: chunks that are gone.
        held: documents that are held by reason; for `mass_delete`, how many would have gone.
        failed: sources that could not be listed, and why; nothing of them was touched.
        seconds: how long it took.
    """

    copilot: str
    generation: int = 0
    state: str = ""
    documents: int = 0
    chunks: int = 0
    read: int = 0
    unchanged: int = 0
    embedded: int = 0
    added: int = 0
    touched: int = 0
    deleted: int = 0
    held: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def facts(self) -> dict[str, Any]:
        """The same for a program."""
        return asdict(self)


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


@dataclass(frozen=True, slots=True)
class Chosen:
    """Some documents of one source.

    Attributes:
        source: whose they are.
        keys: which.
    """

    source: SourceOfSome
    keys: Collection[str]


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


@dataclass(slots=True)
class _Share:
    """One source's part of a sync."""

    name: str
    plan: Plan
    known: dict[str, Known]


_Declared = dict[str, tuple[DocumentSource, list[Entry] | None]]


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

    def run(self, sources: Sequence[DocumentSource]) -> SyncReport:
        """Do all of it. The sources' connection stays open until their last document was read."""
        with self._database.read() as connection:
            declared = {source.name: (source, self._listed(source, connection)) for source in sources}
            shares = self._target(declared)
            self._to_read = sum(len(share.plan.read) for share in shares)
            for share in shares:
                self._read(share)
        for share in shares:
            self._drop(share)
        return self._finish(list(declared))

    def run_some(self, chosen: Sequence[Chosen]) -> SyncReport:
        """Do what there is to do of some documents."""
        name, recipe = self._copilot.name, recipe_of(self._copilot, self._embedder)
        with self._database.read() as connection:
            live = live_generation(connection, name)
            if live is None or live.recipe != recipe:
                return self._report
            self._generation = live
            shares = [self._chosen(connection, some) for some in chosen]
            documents = size(connection, live.id)[0]
            for share in shares:
                self._read(share)
        for share in shares:
            if not self._options.limits.hold(len(share.plan.gone), documents):
                self._remove(share.name, share.plan.gone)
        return self._report

    def _chosen(self, connection: Connection, some: Chosen) -> _Share:
        name, entries = some.source.name, list(some.source.some(connection, some.keys))
        identities = [document_identity(self._copilot.name, name, key) for key in some.keys]
        known = known_documents(connection, self._generation.id, identities).get(name, {})
        stamps = {key: one.stamp for key, one in known.items()}
        return _Share(name, plan(entries, stamps, self._reading(some.source)), known)

    def _reading(self, source: DocumentSource) -> str:
        return f"{source.fingerprint()} {int(self._embedder.clearance)}"

    def _listed(self, source: DocumentSource, connection: Connection) -> list[Entry] | None:
        try:
            return list(source.entries(connection))
        except PlumblineError as error:
            self._report.failed[source.name] = error.message
            return None

    def _target(self, declared: _Declared) -> list[_Share]:
        """Settle which generation is worked on, and what is to be done in it."""
        name, recipe = self._copilot.name, recipe_of(self._copilot, self._embedder)
        with self._database.read() as connection:
            live = live_generation(connection, name)
            same = live if live is not None and live.recipe == recipe else None
            shares = [] if same is None else self._compared(connection, declared, same)
            documents = 0 if live is None else size(connection, live.id)[0]
        delta = Delta(sum(len(share.plan.read) + len(share.plan.gone) for share in shares), documents)
        why = why_beside(live, recipe, delta, self._copilot.rebuild)
        if live is not None and why is None:
            self._generation = live
            return shares
        values = {
            "recipe": recipe, "embedder": self._embedder.fingerprint, "dimensions": self._embedder.dimensions,
            "language": self._copilot.language,
        }  # fmt: skip
        with self._database.write() as connection:
            self._generation = beside(connection, name, values, why or Why.FIRST, self._now())
            return self._compared(connection, declared, self._generation)

    def _compared(self, connection: Connection, declared: _Declared, to: Generation) -> list[_Share]:
        known = known_documents(connection, to.id)
        shares = []
        for name, (source, entries) in declared.items():
            if entries is not None:
                mine = known.get(name, {})
                stamps = {key: one.stamp for key, one in mine.items()}
                shares.append(_Share(name, plan(entries, stamps, self._reading(source)), mine))
        for name in known.keys() - declared.keys():
            shares.append(_Share(name, Plan(gone=list(known[name])), known[name]))
        return shares

    def _read(self, share: _Share) -> None:
        self._report.unchanged += share.plan.unchanged
        if share.plan.twice:
            self._count_held(HeldReason.LISTED_TWICE, len(share.plan.twice))
        for drafts in _groups(self._drafts(share)):
            self._embed(drafts)
            with self._database.write() as connection:
                done = write(connection, self._generation, drafts, self._now())
            self._report.added += done.added
            self._report.touched += done.touched
            self._report.deleted += done.deleted

    def _drafts(self, share: _Share) -> Iterator[Draft]:
        for entry, stamp in share.plan.read:
            draft = self._draft(share.name, entry, stamp)
            self._report.read += 1
            self._tell()
            if draft is not None:
                self._texts.add(draft.text_hash)
                yield draft

    def _draft(self, source: str, entry: Entry, stamp: str) -> Draft | None:
        try:
            document = entry.read()
        except UnreadableError as error:
            self._hold(HeldDocument(source, entry.key, stamp, error.reason, error.detail, self._now()))
            return None
        if document.label.sensitivity > self._embedder.clearance:
            levels = document.label.sensitivity.name.lower(), self._embedder.clearance.name.lower()
            detail = f"it is {levels[0]}, and the embedder may be given {levels[1]} at most"
            self._hold(HeldDocument(source, entry.key, stamp, HeldReason.ABOVE_CLEARANCE, detail, self._now()))
            return None
        chunks = split(document, self._embedder.tokens, self._copilot.recipe)
        identity = document_identity(self._copilot.name, source, entry.key)
        return Draft(identity, source, entry.key, stamp, digest(document.title, document.text), document, chunks)

    def _hold(self, held: HeldDocument) -> None:
        with self._database.write() as connection:
            if held.reason == HeldReason.ABOVE_CLEARANCE:
                # What the index has of it was less sensitive once; it must not be shown for what it is now.
                identity = document_identity(self._copilot.name, held.source, held.key)
                self._report.deleted += remove(connection, self._generation, [identity], self._now())
            hold(connection, self._generation, [held])

    def _embed(self, drafts: Sequence[Draft]) -> None:
        """Embed the texts that have no vector yet, and commit each batch by itself."""
        texts = (chunk.embedded_text for draft in drafts for chunk in draft.chunks)
        wanted = {vector_digest(self._embedder.fingerprint, text): text for text in texts}
        with self._database.read() as connection:
            missing = sorted(unknown(connection, wanted), key=lambda name: (len(wanted[name]), name))
        for names in slices(missing, _TEXTS_AT_ONCE):
            vectors, states = embed_all(self._embedder, [wanted[name] for name in names])
            made = dict(zip(names, zip(to_bytes(vectors), states, strict=True), strict=True))
            with self._database.write() as connection:
                self._report.embedded += keep(connection, made, self._now())
            self._tell()

    def _drop(self, share: _Share) -> None:
        """Let go what the source no longer declares, unless it is too much; what only moved does not count."""
        gone, known = share.plan.gone, len(share.known)
        lost = [key for key in gone if share.known[key].text_hash not in self._texts]
        held = self._options.limits.hold(len(lost), known)
        with self._database.write() as connection:
            release(connection, self._generation, share.name)
            if held:
                detail = f"{len(lost)} of {known} documents would go at once"
                whole = HeldDocument(share.name, "", "", HeldReason.MASS_DELETE, detail, self._now())
                hold(connection, self._generation, [whole])
        if held:
            self._count_held(HeldReason.MASS_DELETE, len(gone))
            return
        self._remove(share.name, gone)

    def _remove(self, source: str, gone: Sequence[str]) -> None:
        for keys in slices(gone, _DELETES_AT_ONCE):
            identities = [document_identity(self._copilot.name, source, key) for key in keys]
            with self._database.write() as connection:
                self._report.deleted += remove(connection, self._generation, identities, self._now())

    def _finish(self, declared: Sequence[str]) -> SyncReport:
        report, now = self._report, self._now()
        listed = [name for name in declared if name not in report.failed]
        changed = bool(report.added or report.touched or report.deleted)
        with self._database.write() as connection:
            rows = [(self._generation.id, name, now) for name in listed]
            upsert(connection, rag_source, ("generation", "source", "checked_at"), rows, ("generation", "source"))
            never = [(self._generation.id, name, None) for name in report.failed]
            append(connection, rag_source, ("generation", "source", "checked_at"), never, new_only=True)
            over = rag_source.c.source.not_in(declared)
            connection.execute(delete(rag_source).where(rag_source.c.generation == self._generation.id, over))
            for name, detail in report.failed.items():
                whole = HeldDocument(name, "", "", HeldReason.SOURCE, detail, now)
                hold(connection, self._generation, [whole])
            first = live_generation(connection, self._copilot.name) is None
            if first or not report.failed:
                complete(connection, self._generation, now, changed=changed)
            overtake(connection, self._copilot.name, self._generation.id, now)
            after = generation(connection, self._generation.id)
            if first:
                flip(connection, after, now)
                after = generation(connection, after.id)
            report.generation, report.state = after.id, str(after.state)
            report.documents, report.chunks = size(connection, after.id)
            held = Counter(one.reason for one in held_documents(connection, after.id) if one.key)
            report.held = dict(held + Counter(report.held))
        return report

    def _count_held(self, reason: HeldReason, count: int) -> None:
        self._report.held[str(reason)] = self._report.held.get(str(reason), 0) + count

    def _tell(self) -> None:
        if self._options.progress is not None:
            self._options.progress(Progress(self._report.read, self._to_read, self._report.embedded))

    def _now(self) -> int:
        return self._clock.now()


def _groups(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    """Documents in groups that are embedded and written together."""
    group: list[Draft] = []
    for draft in drafts:
        group.append(draft)
        if sum(len(each.chunks) for each in group) >= _CHUNKS_AT_ONCE or len(group) >= _CHUNKS_AT_ONCE:
            yield group
            group = []
    if group:
        yield group
