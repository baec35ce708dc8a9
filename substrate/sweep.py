"""Absence as a message: what a whole read did not show is gone, unless too much would go at once.

An empty or truncated source must not wipe out what we know. A read that would drop more than its limit drops nothing
and says so; a person may then allow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, String, Table, delete, exists, func, select

from substrate.batches import Stamp, next_stamp
from substrate.bulk import append
from substrate.catalog import Vertical
from substrate.idset import among
from substrate.mapping import Mapper
from substrate.records import Record, record_id, table_of
from substrate.schema import SYSTEM
from substrate.upsert import Writer

bulk_seen = Table(
    "bulk_seen",
    SYSTEM,
    Column("source", String(120), primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a mass delete is held.

    Attributes:
        share: of a kind's records that one read may drop.
        floor: this many may always be dropped.
        allowed: a person has allowed it for this read.
    """

    share: float = 0.2
    floor: int = 20
    allowed: bool = False

    def hold(self, missing: int, present: int) -> bool:
        """Whether dropping `missing` of `present` records needs a person's word."""
        return not self.allowed and missing > max(self.floor, self.share * present)


class Sweep:
    """Remembers, in the database, what one read of a source has shown.

    Args:
        tracking: the source may say that a kind is complete; otherwise nothing is remembered.

    Attributes:
        held: how many records of each kind were missing where that was too many, or where a row that nobody could
            read may have been one of them.
        overtaken: another read of the source has begun since, and forgot what this one had shown; nothing is dropped.
    """

    def __init__(self, vertical: Vertical, source: str, limits: Limits, *, tracking: bool) -> None:
        self._vertical = vertical
        self._source = source
        self._limits = limits
        self._tracking = tracking
        self._mark = 0
        self._unclear: set[type[Record]] = set()
        self.held: dict[str, int] = {}
        self.overtaken = False

    def begin(self, connection: Connection, now: int) -> None:
        """Forget what an earlier read showed, and mark the beginning of this one."""
        if self._tracking:
            # Negative, so that it is no record's id; the number of a batch, so that no other read has it.
            self._mark = -next_stamp(connection, now).batch
            connection.execute(delete(bulk_seen).where(bulk_seen.c.source == self._source))
            append(connection, bulk_seen, ("source", "id"), [(self._source, self._mark)])
            self._unclear.clear()

    def see(self, connection: Connection, seen: Mapping[str, Sequence[int]]) -> None:
        """Remember that these records are there."""
        if self._tracking:
            rows = [(self._source, number) for ids in seen.values() for number in set(ids)]
            append(connection, bulk_seen, ("source", "id"), rows, new_only=True)

    def spare(self, connection: Connection, mapper: Mapper, keys: Sequence[str | None]) -> None:
        """Remember records that the source showed, though as nothing that we take over, and their parts.

        A key that is None stands for a row of which nobody can tell what it was; no kind that it may be is swept
        without a person's word.
        """
        if not self._tracking or not keys:
            return
        named = [key for key in keys if key is not None]
        if len(named) < len(keys):
            self._unclear.update(mapper.owned)
        self.spare_older(connection, mapper, named)

    def spare_older(self, connection: Connection, mapper: Mapper, keys: Sequence[str]) -> None:
        """Remember records that the source showed in an older version than ours, and their parts."""
        if not self._tracking or not keys:
            return
        shown = {
            record.kind: [record_id(self._source, record.kind, key) for key in keys]
            for record in (mapper.record, *mapper.instead)
        }
        ids = shown[mapper.record.kind]
        for part, owner in mapper.parts.items():
            table = table_of(part)
            shown[part.kind] = list(connection.scalars(select(table.c.id).where(among(table.c[owner], ids))))
        self.see(connection, shown)

    def finish(self, connection: Connection, complete: Iterable[str], now: int) -> dict[str, int]:
        """Drop what complete resources did not show, unless it is too much; how many of each kind went."""
        resources = frozenset(complete)
        if not resources or not self._tracking:
            return {}
        stamp = next_stamp(connection, now)
        mine = select(bulk_seen.c.id).where(bulk_seen.c.source == self._source, bulk_seen.c.id == self._mark)
        self.overtaken = connection.execute(mine).first() is None
        if self.overtaken:
            return {}
        scopes = self._scopes(resources)
        return {record.kind: self._drop(connection, record, foreign, stamp) for record, foreign in scopes.items()}

    def _scopes(self, resources: frozenset[str]) -> dict[type[Record], list[str]]:
        """The kinds of which everything was shown, each with the prefixes of keys that other resources give it."""
        scopes = {}
        shown = [mapper for mapper in self._vertical.mappers if mapper.resource in resources]
        for record in (record for mapper in shown for record in mapper.owned):
            others = [
                mapper
                for mapper in self._vertical.mappers
                if mapper.resource not in resources and record in mapper.owned
            ]
            if all(mapper.record is record and mapper.prefix for mapper in others):
                scopes[record] = [mapper.prefix for mapper in others]
        return scopes

    def _drop(self, connection: Connection, record: type[Record], foreign: Iterable[str], stamp: Stamp) -> int:
        table = table_of(record)
        ours = [~table.c.source_key.startswith(prefix, autoescape=True) for prefix in foreign]
        # What was written since this read began, somebody showed: it may have been pushed meanwhile.
        before = table.c.batch <= -self._mark
        own = (table.c.source == self._source, table.c.gone_at.is_(None), *ours)
        seen = exists().where(bulk_seen.c.source == self._source, bulk_seen.c.id == table.c.id)
        missing = list(connection.scalars(select(table.c.id).where(*own, before, ~seen)))
        present = connection.execute(select(func.count()).select_from(table).where(*own)).scalar_one()
        unclear = record in self._unclear and missing and not self._limits.allowed
        if unclear or self._limits.hold(len(missing), present):
            self.held[record.kind] = len(missing)
            return 0
        return len(Writer(connection, self._source, stamp).tombstone(record, missing))
