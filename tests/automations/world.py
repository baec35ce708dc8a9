"""A small world to watch: bays with beds, visits with dates, orders that want doses; and what was announced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sqlalchemy import Connection, select, update

from automations.alerts import LIVE, alert, alert_event
from automations.announcing import Announcement
from automations.engine import Engine, RuleReport, evaluate
from automations.rule_files import rule_from
from automations.rulebook import import_rules
from automations.rules import Rule
from substrate.bulk import upsert
from substrate.clock import DAY, MINUTE
from substrate.columns import Sensitivity, column, instant, reference
from substrate.database import Database
from substrate.facts import Facts
from substrate.records import Record, history_of, record_id, table_of
from substrate.schema import SYSTEM, reconcile

T0 = 1_560_000_000_000_000 // DAY * DAY
"""Midnight of a day in June 2019."""


class Bay(Record, table=True):
    """A room with beds."""

    __tablename__ = "watched_bay"
    kind: ClassVar[str] = "bay"
    title: ClassVar[str] = "name"

    name: str = column("Name", Sensitivity.INTERNAL)
    beds: int | None = column("Beds", Sensitivity.INTERNAL, default=None)
    occupied: int | None = column("Patients in it", Sensitivity.INTERNAL, default=None)


class Visit(Record, table=True):
    """A date that somebody has."""

    __tablename__ = "watched_visit"
    kind: ClassVar[str] = "visit"

    start: int | None = instant("Start", default=None)
    status: str | None = column("Status", Sensitivity.PHI, default=None)


class Line(Record, table=True):
    """Something that was ordered for a bay."""

    __tablename__ = "watched_line"
    kind: ClassVar[str] = "line"

    bay_id: int | None = reference("Bay", "bay")
    ordered: int | None = instant("Ordered", default=None)
    state: str | None = column("State", Sensitivity.PHI, default=None)


class Dose(Record, table=True):
    """What was given for a line."""

    __tablename__ = "watched_dose"
    kind: ClassVar[str] = "dose"

    line_id: int | None = reference("Line", "line")
    given: int | None = instant("Given", default=None)
    result: str | None = column("Result", Sensitivity.PHI, default=None)


RECORDS = (Bay, Visit, Line, Dose)


@dataclass
class World:
    """A database with the records above, and everything that was announced from it."""

    database: Database
    engine: Engine = field(init=False)
    told: list[Announcement] = field(default_factory=list)

    def __post_init__(self) -> None:
        SYSTEM.create_all(self.database.engine)
        with self.database.write() as connection:
            reconcile(connection, [table for kind in RECORDS for table in (table_of(kind), history_of(kind))])
        self.engine = Engine(self.database, "test", Facts(RECORDS), announce=self._announce)

    def put(self, kind: type[Record], key: str, **values: Any) -> int:
        """Write one record as it now is, and return its id."""
        self.put_many(kind, {key: values})
        return record_id("erp", kind.kind, key)

    def put_many(self, kind: type[Record], rows: Mapping[str, Mapping[str, Any]]) -> None:
        """Write many records with the same columns."""
        names = list(next(iter(rows.values())))
        head = ("id", "source", "source_key", "recorded_at", "content_hash", "batch")
        listed = [
            (record_id("erp", kind.kind, key), "erp", key, T0, 0, 1, *(values[name] for name in names))
            for key, values in rows.items()
        ]
        with self.database.write() as connection:
            upsert(connection, table_of(kind), (*head, *names), listed)

    def drop(self, kind: type[Record], key: str) -> None:
        """Say that the source dropped a record."""
        table = table_of(kind)
        with self.database.write() as connection:
            where = table.c.id == record_id("erp", kind.kind, key)
            connection.execute(update(table).where(where).values(gone_at=T0))

    def rule(self, **said: Any) -> Rule:
        """Import one active rule."""
        made = rule_of(**said)
        with self.database.write() as connection:
            import_rules(connection, "test", [made], "test", T0)
        return made

    def run(self, at: int, timeline: str = LIVE) -> RuleReport:
        """Evaluate all rules."""
        return evaluate(self.engine, at, timeline=timeline)

    def alerts(self) -> list[Any]:
        """All alerts, in the order in which they were opened."""
        with self.database.read() as connection:
            return list(connection.execute(select(alert).order_by(alert.c.opened_at, alert.c.episode)))

    def states(self) -> list[str]:
        """The states of all alerts, oldest first."""
        return [row.state for row in self.alerts()]

    def actions(self) -> list[str]:
        """What happened to all alerts, in order."""
        with self.database.read() as connection:
            return list(connection.scalars(select(alert_event.c.action).order_by(alert_event.c.id)))

    def sends(self) -> list[str]:
        """Why people were told, in order."""
        return [str(one.send) for one in self.told]

    def _announce(self, _connection: Connection, announcements: Sequence[Announcement]) -> int:
        self.told.extend(announcements)
        return len(announcements)


def rule_of(**said: Any) -> Rule:
    """A rule about bays that are too full, with some keys said otherwise; None leaves a key out."""
    spec = {
        "rule": "bay-full",
        "title": "Bay is full",
        "description": "More patients than beds",
        "entity": "bay",
        "when": "occupied > beds",
        "severity": "high",
        "owner": "bed-manager",
        "cost_of_delay": "Patients wait",
        "notify": [{"role": "charge-nurse"}],
        "lifecycle": "active",
    }
    merged = {**spec, **said}
    return rule_from({key: value for key, value in merged.items() if value is not None}, "test")


def minutes(count: float) -> int:
    """An instant so many minutes after the beginning of the test's day."""
    return T0 + round(count * MINUTE)
