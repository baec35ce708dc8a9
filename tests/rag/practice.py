"""A doctor's practice for tests of answers: people with names and numbers, their cases, and what is counted of them."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from typing import Any, ClassVar

from sqlalchemy import insert

from substrate.catalog import Vertical
from substrate.clock import DAY, day_micros, parse_duration
from substrate.columns import Sensitivity, column, instant, reference
from substrate.database import Database
from substrate.features.declare import Events, View
from substrate.features.refresh import refresh
from substrate.features.tables import tables_of
from substrate.records import Record, history_of, record_id, table_of
from substrate.schema import SYSTEM, reconcile

NOW = 1_760_000_000_000_000


class Healer(Record, table=True):
    """Who treats."""

    __tablename__ = "practice_healer"
    kind: ClassVar[str] = "healer"

    name: str | None = column("Name of the healer", Sensitivity.PII, default=None)


class Person(Record, table=True):
    """Who is treated."""

    __tablename__ = "practice_person"
    kind: ClassVar[str] = "person"

    name: str | None = column("Name", Sensitivity.PII, default=None)
    phone: str | None = column("Telephone", Sensitivity.PII, default=None)
    birth_date: int | None = instant("Date of birth", Sensitivity.PII, default=None)
    mrn: str | None = column("Record number", Sensitivity.PII, default=None)


class Case(Record, table=True):
    """One visit."""

    __tablename__ = "practice_case"
    kind: ClassVar[str] = "case"
    occurs: ClassVar[str | None] = "start"

    person_id: int | None = reference("Person", "person")
    healer_id: int | None = reference("Healer", "healer")
    start: int | None = instant("Start", Sensitivity.INTERNAL, default=None)
    finding: str | None = column("Finding", Sensitivity.PHI, default=None)
    fee: float | None = column("Fee", Sensitivity.INTERNAL, default=None)


_cases = Events(Case, by="person_id", at="start")
PEOPLE = View(
    Person,
    (
        _cases.count("cases", "Cases so far"),
        _cases.latest("finding_latest", "Newest finding", "finding"),
        _cases.sum("fees", "Fees so far", "fee"),
    ),
    stale_after="1h",
)
RECORDS: tuple[type[Record], ...] = (Healer, Person, Case)
PRACTICE = Vertical(
    name="practice", title="Practice", records=RECORDS, mappers=(), views=(PEOPLE,), rules=files("tests"),
    templates=files("tests"),
)  # fmt: skip


def number(kind: str, key: str) -> int:
    """The id of a record."""
    return record_id("erp", kind, key)


def furnish(database: Database) -> None:
    """Two people of two sites, with a case each, and their features as of NOW."""
    tables = [table for record in RECORDS for table in (table_of(record), history_of(record))]
    SYSTEM.create_all(database.engine)
    with database.write() as connection:
        reconcile(connection, [*tables, *tables_of(PEOPLE)])
        for record, key, site, values in _rows():
            own = {"id": number(record.kind, key), "source": "erp", "source_key": key, "site": site}
            system = {"recorded_at": NOW - DAY, "content_hash": 1, "batch": 1}
            connection.execute(insert(table_of(record)).values({**own, **system, **values}))
        refresh(connection, PEOPLE, NOW, batch=1)


def _person(name: str, phone: str, born: str, mrn: str) -> dict[str, Any]:
    return {"name": name, "phone": phone, "birth_date": day_micros(date.fromisoformat(born)), "mrn": mrn}


def _case(person: str, finding: str) -> dict[str, Any]:
    start = NOW - parse_duration("2d", what="start")
    who = {"person_id": number("person", person), "healer_id": number("healer", "h1")}
    return {**who, "start": start, "finding": finding, "fee": 12.5}


def _rows() -> list[tuple[type[Record], str, str | None, dict[str, Any]]]:
    return [
        (Healer, "h1", None, {"name": "Dr. Ottokar Weissenfels"}),
        (Person, "p1", "north", _person("María Elena González", "555-123 4567", "1985-03-12", "MR-7781")),
        (Person, "p2", "south", _person("Thaddeus Quillfeather", "+44 20 7946 0999", "1990-11-02", "MR-7782")),
        (Case, "c1", "north", _case("p1", "hypokalaemia")),
        (Case, "c2", "south", _case("p2", "gout")),
    ]
