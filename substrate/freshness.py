"""One clock of freshness: until when each source's records, view, series and collection are known to be true.

Rules, features, answers and pages cite the same table. Nothing fires or resolves on data older than its promise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, String, Table, delete, func, select

from substrate.bulk import upsert
from substrate.records import Record, table_of
from substrate.schema import SYSTEM

watermark = Table(
    "watermark",
    SYSTEM,
    Column("name", String(120), primary_key=True),
    Column("source", String(120), primary_key=True),
    Column("at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Stale:
    """Data older than its promise.

    Attributes:
        name: `records:hospital_encounter`, `view:hospital_patient`, `series:arrivals_daily`, `collection:hospital`.
        at: the instant that the data is true for; None: it was never read.
        age: microseconds between that and the time of asking; None: never read.
        budget: the promised age, in microseconds.
    """

    name: str
    at: int | None
    age: int | None
    budget: int


def records_name(record: type[Record]) -> str:
    """The watermark of a kind of record; by its table, as two verticals may both have an `order`."""
    return f"records:{table_of(record).name}"


def view_name(record: type[Record]) -> str:
    """The watermark of a kind's features."""
    return f"view:{table_of(record).name}"


def series_name(name: str) -> str:
    """The watermark of a series."""
    return f"series:{name}"


def collection_name(name: str) -> str:
    """The watermark of a copilot's index."""
    return f"{_COLLECTION}{name}"


def is_collection(name: str) -> bool:
    """Whether a watermark is a copilot's index; no rule rests on one."""
    return name.startswith(_COLLECTION)


_COLLECTION = "collection:"


def advance(connection: Connection, names: Iterable[str], source: str, at: int) -> None:
    """Say that what a source gives under these names is true as of `at`."""
    upsert(connection, watermark, ("name", "source", "at"), [(name, source, at) for name in names], ("name", "source"))


def retire(connection: Connection, source: str) -> int:
    """Let what a source gave count no longer in how far the data is known; its records stay as they are.

    Returns:
        how many names it had marked.
    """
    return connection.execute(delete(watermark).where(watermark.c.source == source)).rowcount


def watermarks(connection: Connection) -> dict[str, int]:
    """How far each name is known; where several sources feed it, the one furthest behind decides."""
    return dict(connection.execute(_FURTHEST_BEHIND).tuples().all())


_FURTHEST_BEHIND = select(watermark.c.name, func.min(watermark.c.at)).group_by(watermark.c.name)


def stale(known: Mapping[str, int], needs: Mapping[str, int], at: int) -> list[Stale]:
    """Which of the names that are needed are older than their budget.

    Args:
        known: watermarks by name.
        needs: budgets by name, in microseconds.
        at: the instant of asking.
    """
    found = []
    for name, budget in sorted(needs.items()):
        mark = known.get(name)
        if mark is None or at - mark > budget:
            found.append(Stale(name, mark, None if mark is None else at - mark, budget))
    return found
