"""Absence as a message: what a whole read did not show is gone, unless too much would go at once.

An empty or truncated source must not wipe out what we know. A read that would drop more than its limit drops nothing
and says so; a person may then allow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, String, Table, delete, exists, func, select

from substrate.batches import next_stamp
from substrate.bulk import append
from substrate.catalog import Vertical
from substrate.records import Record, table_of
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
        held: how many records of each kind were missing where that was too many.
    """

    def __init__(self, vertical: Vertical, source: str, limits: Limits, *, tracking: bool) -> None:
        self._vertical = vertical
        self._source = source
        self._limits = limits
        self._tracking = tracking
        self.held: dict[str, int] = {}

    def begin(self, connection: Connection) -> None:
        """Forget what an earlier read showed."""
        if self._tracking:
            connection.execute(delete(bulk_seen).where(bulk_seen.c.source == self._source))

    def see(self, connection: Connection, seen: Mapping[str, Sequence[int]]) -> None:
        """Remember that these records are there."""
        if self._tracking:
            rows = [(self._source, number) for ids in seen.values() for number in set(ids)]
            append(connection, bulk_seen, ("source", "id"), rows, new_only=True)

    def finish(self, connection: Connection, complete: Iterable[str], now: int) -> dict[str, int]:
        """Drop what complete resources did not show, unless it is too much; how many of each kind went."""
        gone = {}
        for resource in sorted(complete):
            mapper = self._vertical.mappers_by_resource.get(resource)
            for record in (mapper.record, *mapper.parts) if mapper else ():
                gone[record.kind] = self._drop(connection, record, now)
        return gone

    def _drop(self, connection: Connection, record: type[Record], now: int) -> int:
        table = table_of(record)
        own = (table.c.source == self._source, table.c.gone_at.is_(None))
        seen = exists().where(bulk_seen.c.source == self._source, bulk_seen.c.id == table.c.id)
        missing = list(connection.scalars(select(table.c.id).where(*own, ~seen)))
        present = connection.execute(select(func.count()).select_from(table).where(*own)).scalar_one()
        if self._limits.hold(len(missing), present):
            self.held[record.kind] = len(missing)
            return 0
        writer = Writer(connection, self._source, next_stamp(connection, now))
        return writer.tombstone(record, missing)
