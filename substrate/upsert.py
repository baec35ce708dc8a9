"""Drafts into tables: decide for each what it is (new, changed, unchanged, stale), then write in bulk.

The deciding is pure; the writing archives the version that is replaced and overwrites the live row, a statement a kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, literal, select, update

from substrate.batches import Stamp
from substrate.bulk import upsert
from substrate.idset import among, among_given
from substrate.mapping import Draft
from substrate.records import (
    SYSTEM_COLUMNS,
    Record,
    history_of,
    record_id,
    table_of,
)
from substrate.sealing import mapped_columns_of


class Outcome(StrEnum):
    """What a draft turned out to be."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    STALE = "stale"  # an older version than the one we have
    COLLISION = "collision"  # another key of the same source has the same id

    @property
    def is_change(self) -> bool:
        """Whether something is written."""
        return self in (Outcome.NEW, Outcome.CHANGED)


@dataclass(slots=True)
class Stored:
    """What is known of a record before a draft of it is decided.

    Attributes:
        content_hash: of the newest version.
        changed_at: when the source says that version was made.
        source_key: whose record it is.
        gone: the source dropped it.
        in_table: that version is in the table, rather than waiting to be written.
    """

    content_hash: int
    changed_at: int | None
    source_key: str
    gone: bool
    in_table: bool


def decide(draft: Draft, stored: Stored | None) -> Outcome:
    """Compare a draft with what is stored.

    Content decides, not the source's change time, since reads can bump that; but a version that the source itself
    dates before ours does not overwrite it.
    """
    if stored is None:
        return Outcome.NEW
    if stored.source_key != draft.key:
        return Outcome.COLLISION
    if stored.content_hash == draft.digest and not stored.gone:
        return Outcome.UNCHANGED
    if draft.changed_at is not None and stored.changed_at is not None and draft.changed_at < stored.changed_at:
        return Outcome.STALE
    return Outcome.CHANGED


def later_date(draft: Draft, stored: Stored) -> int | None:
    """When the source says that the version still stood, where that is later than we knew."""
    dated, known = draft.changed_at, stored.changed_at
    return dated if dated is not None and (known is None or dated > known) else None


class Writer:
    """Writes the drafts of one transaction.

    Attributes:
        written: how many records of each kind were written.
        gone: how many records of each kind were tombstoned.
        seen: the ids of each kind that the source showed, changed or not.
    """

    def __init__(self, connection: Connection, source: str, stamp: Stamp) -> None:
        self._connection = connection
        self._source = source
        self._stamp = stamp
        self.written: Counter[str] = Counter()
        self.gone: Counter[str] = Counter()
        self.seen: dict[str, list[int]] = {}

    def write(self, drafts: Sequence[Draft]) -> list[Outcome]:
        """Write drafts (not their parts), and say what each turned out to be.

        Of several drafts of one record, a later one is compared with the earlier ones.
        """
        outcomes: list[Outcome] = [Outcome.UNCHANGED] * len(drafts)
        for record, indexes in _by_kind(drafts).items():
            found = self._write_kind(record, [drafts[index] for index in indexes])
            for index, outcome in zip(indexes, found, strict=True):
                outcomes[index] = outcome
        return outcomes

    def collisions(self, drafts: Sequence[Draft]) -> set[int]:
        """The places of drafts whose id another key of the source has, or takes before them."""
        found: set[int] = set()
        for record, places in _by_kind(drafts).items():
            ids = [record_id(self._source, record.kind, drafts[place].key) for place in places]
            table = table_of(record)
            chosen = select(table.c.id, table.c.source_key).where(among(table.c.id, set(ids)))
            keys = dict(self._connection.execute(chosen).tuples().all())
            pairs = zip(places, ids, strict=True)
            found.update(
                place for place, number in pairs if keys.setdefault(number, drafts[place].key) != drafts[place].key
            )
        return found

    def tombstone(self, record: type[Record], ids: Sequence[int]) -> list[int]:
        """Mark live records as gone, keeping their last version in the history; the ids of those that were live."""
        if not ids:
            return []
        table = table_of(record)
        alive = select(table.c.id).where(among(table.c.id, ids), table.c.gone_at.is_(None))
        live = list(self._connection.scalars(alive))
        self.archive(record, live)
        stamp = self._stamp
        mark = {"gone_at": stamp.recorded_at, "recorded_at": stamp.recorded_at, "batch": stamp.batch}
        self._connection.execute(update(table).where(among(table.c.id, live)).values(mark))
        self.gone[record.kind] += len(live)
        return live

    def _write_kind(self, record: type[Record], drafts: list[Draft]) -> list[Outcome]:
        ids = [record_id(self._source, record.kind, draft.key) for draft in drafts]
        self.seen.setdefault(record.kind, []).extend(ids)
        stored = self._stored(record, ids)
        waiting: dict[int, tuple[Any, ...]] = {}
        confirmed: dict[int, int] = {}
        outcomes = []
        for number, draft in zip(ids, drafts, strict=True):
            outcome = decide(draft, stored.get(number))
            outcomes.append(outcome)
            if outcome.is_change:
                if number in waiting:  # two versions in one batch: the first is written, then archived like any other
                    self._flush(record, waiting, stored)
                waiting[number] = self._row(record, number, draft)
                stored[number] = Stored(draft.digest, draft.changed_at, draft.key, False, number in stored)
                confirmed.pop(number, None)
            elif outcome is Outcome.UNCHANGED and (later := later_date(draft, stored[number])) is not None:
                stored[number].changed_at = confirmed[number] = later
        self._flush(record, waiting, stored)
        self._confirm(record, confirmed)
        return outcomes

    def _confirm(self, record: type[Record], dates: dict[int, int]) -> None:
        """The source says that a version still stood later: what it dates before that is older than ours.

        The version itself is the same, so it is not archived, and nothing that was computed from it is touched.
        """
        if not dates:
            return
        table = table_of(record)
        statement = update(table).where(table.c.id == bindparam("number")).values(changed_at=bindparam("dated"))
        rows = [{"number": number, "dated": dated} for number, dated in sorted(dates.items())]
        self._connection.execute(statement, rows)

    def _stored(self, record: type[Record], ids: Sequence[int]) -> dict[int, Stored]:
        rows = self._connection.execute(_stored_in(record), {"ids": ids}).all()
        return {
            row.id: Stored(row.content_hash, row.changed_at, row.source_key, row.gone_at is not None, True)
            for row in rows
        }

    def _row(self, record: type[Record], number: int, draft: Draft) -> tuple[Any, ...]:
        stamp, get = self._stamp, draft.values.get
        origin = (number, self._source, draft.key, draft.site, draft.changed_at)
        ours = (stamp.recorded_at, None, draft.digest, stamp.batch)
        return (*origin, *ours, *map(get, mapped_columns_of(record)))

    def _flush(self, record: type[Record], waiting: dict[int, tuple[Any, ...]], stored: dict[int, Stored]) -> None:
        self.archive(record, [number for number in waiting if stored[number].in_table])
        names = (*SYSTEM_COLUMNS, *mapped_columns_of(record))
        # In the order of the key, so that neighbouring rows share pages.
        upsert(self._connection, table_of(record), names, [waiting[number] for number in sorted(waiting)])
        self.written[record.kind] += len(waiting)
        for number in waiting:
            stored[number].in_table = True
        waiting.clear()

    def archive(self, record: type[Record], ids: Sequence[int]) -> None:
        """Keep the live versions of these records in the history, superseded by what this transaction writes."""
        if not ids:
            return
        live, history = table_of(record), history_of(record)
        names = [*live.columns.keys(), "superseded_at", "superseded_batch"]
        until = literal(self._stamp.recorded_at), literal(self._stamp.batch)
        versions = select(*live.columns, *until).where(among(live.c.id, ids))
        self._connection.execute(insert(history).from_select(names, versions))


def _by_kind(drafts: Sequence[Draft]) -> dict[type[Record], list[int]]:
    """The places of drafts, by the kind of record."""
    kinds: dict[type[Record], list[int]] = {}
    for index, draft in enumerate(drafts):
        kinds.setdefault(draft.record, []).append(index)
    return kinds


@cache
def _stored_in(record: type[Record]) -> Select[Any]:
    """Made once a kind: a pushed event would wait longer for the making than for the answer."""
    table = table_of(record)
    chosen = select(table.c.id, table.c.content_hash, table.c.changed_at, table.c.source_key, table.c.gone_at)
    return chosen.where(among_given(table.c.id))
