"""Records in: source → map → gate → upsert, each row accounted for exactly once, cursor and rows in one transaction.

Batch and push go through the same `Intake.take`. Nothing here knows where rows come from or what they mean.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from traceback import walk_tb
from typing import Any

from sqlalchemy import Connection

from substrate import quarantine
from substrate.aliases import adopt, resolve
from substrate.batches import Stamp, next_stamp
from substrate.beside import Written, write_rows
from substrate.catalog import Vertical
from substrate.cursors import load_cursor, store_cursor
from substrate.database import Database
from substrate.families import Families
from substrate.freshness import advance, records_name
from substrate.gate import Gate
from substrate.inherit import settle
from substrate.mapping import Draft, Gone, Mapper, Reader, id_in
from substrate.quality import Reason, RowRefused
from substrate.quarantine import Refusal
from substrate.records import Record, record_id
from substrate.sealing import fit, seal
from substrate.sequence import Told, stretches
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
        told = self._read(rows, now, refusals)
        handed = self.reader.drain()
        for stretch in stretches(told):
            self._drop(connection, stretch.gone, stamp)
            self._write(connection, stretch.drafts, handed, stamp, refusals)
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

    def hear_of(self, connection: Connection, page: Page) -> None:
        """Remember the records of which the source only says that they are there."""
        for resource, rows in page.present.items():
            mapper = self._mappers.get(resource)
            if mapper is not None:
                keys = [row if isinstance(row, str) else mapper.key(row) for row in rows]
                self.sweep.spare(connection, mapper, [key and mapper.prefix + key for key in keys])

    def _read(self, rows: Iterable[Row], now: int, refusals: list[Refusal]) -> list[Told]:
        told: list[Told] = []
        for row in rows:
            try:
                told.append((row, self._mappers.get(row.kind), self.draft(row, now)))
            except RowRefused as refused:
                refusals.append(Refusal(row, refused.reason, refused.detail, self._key_in(row)))
        return told

    def draft(self, row: Row, now: int) -> Draft | Gone:
        """The record that a row describes, or the word that it is gone.

        Raises:
            RowRefused: it describes none, or one that a check keeps out.
        """
        if row.deleted_key is not None:
            return Gone(self._key_in(row) or row.deleted_key)
        if row.fault is not None:
            raise RowRefused(Reason(row.fault.value), row.detail)
        mapper = self._mapper(row)
        if row.payload is None:
            raise RowRefused(Reason.BAD_JSON, "the row cannot be parsed")
        draft = self._mapped(mapper, row.payload)
        if isinstance(draft, Gone):
            return draft
        if draft.also:
            _fit_beside(mapper, draft)
        for told in draft.told():
            fit(told)
            self.gate.pass_through(told, now)
            seal(told)
        return draft

    def _mapped(self, mapper: Mapper, payload: dict[str, Any]) -> Draft | Gone:
        try:
            draft: object = mapper.read(payload, self.reader)
        except (RowRefused, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - a mapper is a plug-in: a row that it trips over stops no other row
            # The exception's own words would repeat the row's values, so neither they nor the chain go on.
            detail = f"the mapper of {mapper.resource} raised {type(error).__name__}{_where(error)}"
            raise RowRefused(Reason.MAPPER_FAILED, detail) from None
        if not isinstance(draft, Draft | Gone):
            detail = f"the mapper of {mapper.resource} gave a {type(draft).__name__}, no draft"
            raise RowRefused(Reason.MAPPER_FAILED, detail)
        return draft

    def _mapper(self, row: Row) -> Mapper:
        mapper = self._mappers.get(row.kind)
        if mapper is None:
            raise RowRefused(Reason.UNMAPPED, f"{self.vertical.name} does not read {row.kind}")
        return mapper

    def _key_in(self, row: Row) -> str | None:
        mapper = self._mappers.get(row.kind)
        if not row.payload:
            return None
        try:
            return (mapper.key if mapper else id_in)(row.payload)
        except Exception:  # noqa: BLE001 - a mapper is a plug-in: a row of which it cannot tell the key names none
            return None

    def _write(
        self,
        connection: Connection,
        drafts: list[tuple[Row, Draft]],
        handed: Mapping[int, str],
        stamp: Stamp,
        refusals: list[Refusal],
    ) -> None:
        if not drafts:
            return
        source, alone = self.reader.source, [draft for _, draft in drafts]
        writer = Writer(connection, source, stamp)
        resolve(connection, handed, [told for draft in alone for told in draft.told()])
        written = write_rows(Families(connection, self.vertical, source, writer), writer, alone)
        self._count(drafts, written, refusals)
        self._spare_older(connection, drafts, written)
        self._note_origins(drafts)
        adopt(connection, self.vertical, source, (draft for _, draft in written.changed), stamp)
        settle(connection, self.vertical, writer, stamp)
        self._note(connection, writer)
        self._supersede(connection, drafts)

    def _spare_older(self, connection: Connection, drafts: list[tuple[Row, Draft]], written: Written) -> None:
        stale: dict[str, list[str]] = {}
        for (row, draft), outcome in zip(drafts, written.own, strict=True):
            if outcome is Outcome.STALE:
                stale.setdefault(row.kind, []).append(draft.key)
        for resource, keys in stale.items():
            self.sweep.spare_older(connection, self._mappers[resource], keys)

    def _note_origins(self, drafts: list[tuple[Row, Draft]]) -> None:
        if self.origins is None:
            return
        for row, draft in drafts:
            told = (member for one in draft.told() for member in one.family())
            ids = (record_id(self.reader.source, one.record.kind, one.key) for one in told)
            self.origins.update(dict.fromkeys(ids, row.place))

    def _spare(self, connection: Connection, refusals: Iterable[Refusal]) -> None:
        """A record is not gone because its source tells it in a way that we refuse."""
        shown: dict[str, list[str | None]] = {}
        for refusal in refusals:
            shown.setdefault(refusal.row.kind, []).append(self._key_in(refusal.row))
        for resource, keys in shown.items():
            mapper = self._mappers.get(resource)
            if mapper is not None:
                self.sweep.spare(connection, mapper, [key and mapper.prefix + key for key in keys])

    def _drop(self, connection: Connection, rows: list[tuple[Row, Mapper | None, Gone]], stamp: Stamp) -> None:
        if not rows:
            return
        writer = Writer(connection, self.reader.source, stamp)
        families = Families(connection, self.vertical, self.reader.source, writer)
        keys: dict[str, list[str]] = {}
        for row, _, gone in rows:
            keys.setdefault(row.kind, []).append(gone.key)
        dropped = 0
        for resource, named in keys.items():
            mapper = self._mappers.get(resource)
            dropped += families.tombstone(mapper, named) if mapper is not None else 0
            quarantine.supersede(connection, self.reader.source, resource, named)
        self.report.accepted += dropped
        self.report.unchanged += len(rows) - dropped
        self._note(connection, writer)

    def _note(self, connection: Connection, writer: Writer) -> None:
        self.report.records.update(writer.written)
        self.report.gone.update(writer.gone)
        self.sweep.see(connection, writer.seen)

    def _count(self, drafts: list[tuple[Row, Draft]], written: Written, refusals: list[Refusal]) -> None:
        changed = written.changed_rows
        self.report.accepted += len(changed)
        collided = 0
        for (row, draft), outcome in zip(drafts, written.own, strict=True):
            if outcome is Outcome.COLLISION:
                collided += 1
                kinds = " or ".join(dict.fromkeys(told.record.kind for told in draft.told()))
                detail = f"its id is taken by another {kinds} of source {self.reader.source}"
                refusals.append(Refusal(row, Reason.ID_COLLISION, detail, draft.key))
        self.report.unchanged += len(drafts) - len(changed) - collided

    def _count_refusals(self, refusals: list[Refusal]) -> None:
        self.report.quarantined += len(refusals)
        self.report.reasons.update(refusal.reason.value for refusal in refusals)
        if self.origins is not None:
            self.report.refused_in.update(refusal.row.place for refusal in refusals)

    def _supersede(self, connection: Connection, drafts: list[tuple[Row, Draft]]) -> None:
        arrived: dict[str, list[str]] = {}
        for row, draft in drafts:
            arrived.setdefault(row.kind, []).append(self._key_in(row) or draft.key)
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
        intake.hear_of(connection, page)
        intake.report.gone.update(intake.sweep.finish(connection, page.complete, now))
        if not intake.sweep.held:  # else it is read again, and told again, until a person has decided
            store_cursor(connection, intake.reader.source, recipe, page.cursor, now)
    progress((len(chunks[-1]) if chunks else 0) + sum(skipped.rows for skipped in page.skipped))


def _fit_beside(mapper: Mapper, draft: Draft) -> None:
    """What a row tells of beside must be declared, else nobody could say what a whole read has shown."""
    for beside in draft.also:
        if beside.record not in mapper.also or beside.parts or beside.also:
            detail = f"the mapper of {mapper.resource} tells of a {beside.record.kind} beside, in a way it may not"
            raise RowRefused(Reason.MAPPER_FAILED, detail)


def _where(error: Exception) -> str:
    """The line on which a mapper tripped, ` at visits.py:42`."""
    lines = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)][1:]
    return f" at {Path(lines[-1][0]).name}:{lines[-1][1]}" if lines else ""


def _chunks(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _mark_fresh(database: Database, vertical: Vertical, source: Source, now: int) -> None:
    names = [records_name(record) for record in fed(vertical, source.kinds)]
    with database.write() as connection:
        advance(connection, names, source.name, now)


def fed(vertical: Vertical, resources: Collection[str] | None) -> list[type[Record]]:
    """The kinds of record that a source keeps up to date which gives these resources (None: all that there are)."""
    read = [mapper for mapper in vertical.mappers if resources is None or mapper.resource in resources]
    given = {record for mapper in read for record in mapper.given}
    return [record for record in vertical.records if record in given]


def _recipe(vertical: Vertical) -> str:
    return ",".join(f"{mapper.resource}:{mapper.version}" for mapper in vertical.mappers)
