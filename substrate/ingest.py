"""Records in: source → map → gate → upsert, each row accounted for exactly once, cursor and rows in one transaction.

Batch and push go through the same `Intake.take`. Nothing here knows where rows come from or what they mean.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from traceback import walk_tb
from typing import Any

from sqlalchemy import Connection

from substrate import quarantine
from substrate.aliases import adopt, resolve
from substrate.batches import Stamp, next_stamp
from substrate.catalog import Vertical
from substrate.cursors import load_cursor, store_cursor
from substrate.database import Database
from substrate.families import Families
from substrate.freshness import advance, records_name
from substrate.gate import Gate
from substrate.inherit import settle
from substrate.mapping import Draft, Mapper, Reader
from substrate.quality import Reason, RowRefused
from substrate.quarantine import Refusal
from substrate.records import record_id
from substrate.sealing import fit, seal
from substrate.sources.source import PAGE_ROWS, Page, Row, Source
from substrate.sweep import Limits, Sweep
from substrate.tracing import spanned
from substrate.upsert import Outcome, Writer

Progress = Callable[[int], None]

_ALLOCATIONS = 500_000
"""Between two looks for garbage cycles; a page of rows makes about a tenth of it."""


@dataclass(slots=True)
class IngestReport:
    """What became of every row of a read.

    `rows_in` is always `accepted + unchanged + quarantined`; `reasons` adds up to `quarantined`, and so does
    `refused_in`, by place, where rows are pushed.
    """

    rows_in: int = 0
    accepted: int = 0
    unchanged: int = 0
    quarantined: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    held_deletes: dict[str, int] = field(default_factory=dict)
    discarded: Counter[str] = field(default_factory=Counter)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    refused_in: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Intake:
    """The pipeline of one vertical for one source.

    Args:
        vertical: whose records they are.
        reader: resolves references and times; it carries the source's name.
        sweep: what happens to records that a whole read did not show.

    Attributes:
        report: the account of all rows since it was last replaced.
        origins: the place that each changed record came from, by id; None: nobody asks.
    """

    origins: dict[int, str] | None = None

    def __init__(self, vertical: Vertical, reader: Reader, sweep: Sweep) -> None:
        self.vertical = vertical
        self.reader = reader
        self.sweep = sweep
        self.gate = Gate(vertical.checks)
        self.report = IngestReport(discarded=self.gate.discarded)
        self._mappers = vertical.mappers_by_resource

    def begin_anew(self) -> None:
        """Count from zero: what was taken so far is accounted for, or was rolled back."""
        self.gate.discarded.clear()
        self.report = IngestReport(discarded=self.gate.discarded)
        self.origins = {}

    @spanned("ingest")
    def take(self, connection: Connection, rows: Sequence[Row], now: int) -> int:
        """Map, check and write some rows in the caller's transaction, account for each, and say the batch's number."""
        refusals: list[Refusal] = []
        stamp = next_stamp(connection, now)
        # In the source's order: a record that is dropped and comes back in one batch is there at its end.
        for dropping, group in groupby(rows, key=lambda row: row.deleted_key is not None):
            if dropping:
                self._drop(connection, list(group), stamp)
            else:
                self._write(connection, self._sort(group, now, refusals), stamp, refusals)
        self._spare(connection, refusals)
        quarantine.keep(connection, self.vertical.name, self.reader.source, refusals, now)
        self._count_refusals(refusals)
        self.report.rows_in += len(rows)
        return stamp.batch

    def skip(self, connection: Connection, page: Page) -> None:
        """Account for rows that the source knows to be the same as those already read."""
        for skipped in page.skipped:
            lying = min(skipped.rows, quarantine.held_in(connection, self.reader.source, skipped.place))
            self.report.rows_in += skipped.rows
            self.report.quarantined += lying
            self.report.unchanged += skipped.rows - lying
            if lying:
                self.report.reasons["already_in_quarantine"] += lying

    def _sort(self, rows: Iterable[Row], now: int, refusals: list[Refusal]) -> list[tuple[Row, Draft]]:
        drafts = []
        for row in rows:
            try:
                drafts.append((row, self.draft(row, now)))
            except RowRefused as refused:
                refusals.append(Refusal(row, refused.reason, refused.detail, _key_in(row)))
        return drafts

    def draft(self, row: Row, now: int) -> Draft:
        """The record that a row describes.

        Raises:
            RowRefused: it describes none, or one that a check keeps out.
        """
        if row.fault is not None:
            raise RowRefused(Reason(row.fault.value), row.detail)
        mapper = self._mapper(row)
        if row.payload is None:
            raise RowRefused(Reason.BAD_JSON, "the row cannot be parsed")
        draft = self._mapped(mapper, row.payload)
        fit(draft)
        self.gate.pass_through(draft, now)
        seal(draft)
        return draft

    def _mapped(self, mapper: Mapper, payload: dict[str, Any]) -> Draft:
        try:
            draft: object = mapper.read(payload, self.reader)
        except (RowRefused, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - a mapper is a plug-in: a row that it trips over stops no other row
            # The exception's own words would repeat the row's values, so neither they nor the chain go on.
            detail = f"the mapper of {mapper.resource} raised {type(error).__name__}{_where(error)}"
            raise RowRefused(Reason.MAPPER_FAILED, detail) from None
        if not isinstance(draft, Draft):
            detail = f"the mapper of {mapper.resource} gave a {type(draft).__name__}, no draft"
            raise RowRefused(Reason.MAPPER_FAILED, detail)
        return draft

    def _mapper(self, row: Row) -> Mapper:
        mapper = self._mappers.get(row.kind)
        if mapper is None:
            raise RowRefused(Reason.UNMAPPED, f"{self.vertical.name} does not read {row.kind}")
        return mapper

    def _write(
        self, connection: Connection, drafts: list[tuple[Row, Draft]], stamp: Stamp, refusals: list[Refusal]
    ) -> None:
        source, alone = self.reader.source, [draft for _, draft in drafts]
        writer = Writer(connection, source, stamp)
        resolve(connection, self.reader, alone)
        outcomes = Families(connection, self.vertical, source, writer).write(alone)
        for (row, draft), outcome in zip(drafts, outcomes, strict=True):
            self._count(row, draft, outcome, refusals)
            if outcome is Outcome.STALE:
                self.sweep.spare(connection, self._mappers[row.kind], [draft.key])
        changed = [draft for draft, outcome in zip(alone, outcomes, strict=True) if outcome.is_change]
        self._note_origins(drafts)
        adopt(connection, self.vertical, source, changed, stamp)
        settle(connection, self.vertical, writer, stamp)
        self._note(connection, writer)
        self._supersede(connection, drafts)

    def _note_origins(self, drafts: list[tuple[Row, Draft]]) -> None:
        if self.origins is None:
            return
        for row, draft in drafts:
            ids = (record_id(self.reader.source, one.record.kind, one.key) for one in draft.family())
            self.origins.update(dict.fromkeys(ids, row.place))

    def _spare(self, connection: Connection, refusals: Iterable[Refusal]) -> None:
        """A record is not gone because its source tells it in a way that we refuse."""
        shown: dict[str, list[str | None]] = {}
        for refusal in refusals:
            shown.setdefault(refusal.row.kind, []).append(_key_in(refusal.row))
        for resource, keys in shown.items():
            mapper = self._mappers.get(resource)
            if mapper is not None:
                self.sweep.spare(connection, mapper, [key and mapper.prefix + key for key in keys])

    def _drop(self, connection: Connection, rows: list[Row], stamp: Stamp) -> None:
        writer = Writer(connection, self.reader.source, stamp)
        families = Families(connection, self.vertical, self.reader.source, writer)
        for row in rows:
            mapper = self._mappers.get(row.kind)
            if mapper is not None and families.tombstone(mapper, row.deleted_key or ""):
                self.report.accepted += 1
            else:
                self.report.unchanged += 1
        self._note(connection, writer)

    def _note(self, connection: Connection, writer: Writer) -> None:
        self.report.records.update(writer.written)
        self.report.gone.update(writer.gone)
        self.sweep.see(connection, writer.seen)

    def _count(self, row: Row, draft: Draft, outcome: Outcome, refusals: list[Refusal]) -> None:
        if outcome is Outcome.COLLISION:
            detail = f"its id is taken by another {draft.record.kind} of source {self.reader.source}"
            refusals.append(Refusal(row, Reason.ID_COLLISION, detail, draft.key))
        elif outcome.is_change:
            self.report.accepted += 1
        else:
            self.report.unchanged += 1

    def _count_refusals(self, refusals: list[Refusal]) -> None:
        self.report.quarantined += len(refusals)
        self.report.reasons.update(refusal.reason.value for refusal in refusals)
        if self.origins is not None:
            self.report.refused_in.update(refusal.row.place for refusal in refusals)

    def _supersede(self, connection: Connection, drafts: list[tuple[Row, Draft]]) -> None:
        arrived: dict[str, list[str]] = {}
        for row, draft in drafts:
            arrived.setdefault(row.kind, []).append(_key_in(row) or draft.key)
        for resource, keys in arrived.items():
            quarantine.supersede(connection, self.reader.source, resource, keys)


def ingest(
    database: Database,
    vertical: Vertical,
    source: Source,
    now: int,
    *,
    zone: str | None = None,
    limits: Limits | None = None,
    batch_rows: int = PAGE_ROWS,
    progress: Progress = lambda _rows: None,
) -> IngestReport:
    """Read a source from where it was left to its end.

    Args:
        database: where records go; every batch is one transaction, with the cursor that follows it.
        vertical: whose records they are.
        source: where rows come from.
        now: the instant of the read, in microseconds since 1970 UTC.
        zone: IANA zone of times that the source writes without one; None: such rows are refused.
        limits: when a mass delete is held.
        batch_rows: rows in one transaction.
        progress: told the number of rows after each batch.

    Raises:
        SourceError: the source cannot be read at all; what was committed stays, and the next read goes on from there.
    """
    started = time.monotonic()
    sweep = Sweep(vertical, source.name, limits or Limits(), tracking=source.completes)
    intake = Intake(vertical, Reader(source.name, zone), sweep)
    recipe = _recipe(vertical)
    with database.write() as connection:
        cursor = load_cursor(connection, source.name, recipe)
        sweep.begin(connection, now)
    with _rare_collections():
        for page in source.read(cursor, now):
            _take_page(database, intake, page, now, batch_rows, recipe, progress)
            if page.ended:
                _mark_fresh(database, vertical, source, now)
    report = intake.report
    report.held_deletes = sweep.held
    if sweep.overtaken:
        report.ignored.append((source.name, "another read of it began meanwhile, and will say what is gone"))
    report.seconds = time.monotonic() - started
    return report


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage cycles rarely: parsed rows hold none, and looking through them took a third of the time."""
    before = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _take_page(
    database: Database, intake: Intake, page: Page, now: int, batch_rows: int, recipe: str, progress: Progress
) -> None:
    chunks = list(_chunks(page.rows, batch_rows))
    for rows in chunks[:-1]:
        with database.write() as connection:
            intake.take(connection, rows, now)
        progress(len(rows))
    with database.write() as connection:
        if chunks:
            intake.take(connection, chunks[-1], now)
        intake.skip(connection, page)
        intake.report.gone.update(intake.sweep.finish(connection, page.complete, now))
        if not intake.sweep.held:  # else it is read again, and told again, until a person has decided
            store_cursor(connection, intake.reader.source, recipe, page.cursor, now)
    progress((len(chunks[-1]) if chunks else 0) + sum(skipped.rows for skipped in page.skipped))


def _key_in(row: Row) -> str | None:
    key = row.payload.get("id") if row.payload else None
    return key if isinstance(key, str) else None


def _where(error: Exception) -> str:
    """The line on which a mapper tripped, ` at visits.py:42`."""
    lines = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)][1:]
    return f" at {Path(lines[-1][0]).name}:{lines[-1][1]}" if lines else ""


def _chunks(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _mark_fresh(database: Database, vertical: Vertical, source: Source, now: int) -> None:
    names = [records_name(kind) for kind in fed(vertical, source.kinds)]
    with database.write() as connection:
        advance(connection, names, source.name, now)


def fed(vertical: Vertical, resources: Collection[str] | None) -> list[str]:
    """The kinds of record that a source keeps up to date which gives these resources (None: all that there are)."""
    read = [mapper for mapper in vertical.mappers if resources is None or mapper.resource in resources]
    if len(read) == len(vertical.mappers):
        return [record.kind for record in vertical.records]
    given = {record.kind for mapper in read for record in (mapper.record, *mapper.parts)}
    return [record.kind for record in vertical.records if record.kind in given]


def _recipe(vertical: Vertical) -> str:
    return ",".join(f"{mapper.resource}:{mapper.version}" for mapper in vertical.mappers)
