"""A vertical of three kinds, small enough to read at a glance, for tests of the ground."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any, ClassVar

import orjson

from substrate.catalog import Vertical
from substrate.columns import Sensitivity, column, instant, reference
from substrate.mapping import Draft, Mapper, Reader
from substrate.quality import Check, OnFailure, Reason, RowRefused
from substrate.records import Record
from substrate.sources.source import Cursor, Page, Row


class Place(Record, table=True):
    """A place, perhaps inside another; some are wards."""

    __tablename__ = "clinic_place"
    kind: ClassVar[str] = "place"

    inside_id: int | None = reference("What is around it", "place")
    itself_id: int | None = reference("Itself, if it is a ward", "place")
    ward_id: int | None = reference("Nearest ward", "place", inherits=("inside_id", "ward_id"), own="itself_id")


class Doctor(Record, table=True):
    """Who sees people."""

    __tablename__ = "clinic_doctor"
    kind: ClassVar[str] = "doctor"

    name: str | None = column("Name", Sensitivity.PII, default=None)


class Visit(Record, table=True):
    """Somebody is seen."""

    __tablename__ = "clinic_visit"
    kind: ClassVar[str] = "visit"
    occurs: ClassVar[str | None] = "start"

    doctor_id: int | None = reference("Doctor", "doctor")
    start: int | None = instant("Start", default=None, index=True)
    end: int | None = instant("End", known_at="end", default=None)
    fee: int | None = column("Fee", Sensitivity.INTERNAL, unit="EUR", default=None)
    pulse: float | None = column("Pulse", Sensitivity.PHI, unit="/min", default=None)
    paid: bool | None = column("Paid", Sensitivity.INTERNAL, default=None)


class Step(Record, table=True):
    """A part of a visit."""

    __tablename__ = "clinic_step"
    kind: ClassVar[str] = "step"

    visit_id: int | None = reference("Visit", "visit")
    doctor_id: int | None = reference("Doctor", "doctor", inherits=("visit_id", "doctor_id"))
    what: str | None = column("What", Sensitivity.PHI, default=None)


def read_doctor(payload: dict[str, Any], _reader: Reader) -> Draft:
    """A doctor, with the badge by which others may refer to him."""
    badge = payload.get("badge")
    return Draft(Doctor, _key(payload), {"name": payload.get("name")}, aliases=(badge,) if badge else ())


def read_place(payload: dict[str, Any], reader: Reader) -> Draft:
    """A place."""
    key, inside = _key(payload), payload.get("inside")
    values = {
        "inside_id": reader.id_of("place", inside) if inside else None,
        "itself_id": reader.id_of("place", key) if payload.get("ward") else None,
    }
    return Draft(Place, key, values)


def read_visit(payload: dict[str, Any], reader: Reader) -> Draft:
    """A visit and its steps."""
    key = _key(payload)
    doctor = payload.get("doctor")
    badge = payload.get("badge")
    by_badge = reader.id_of_alias("doctor", badge) if badge else None
    values = {
        "doctor_id": reader.id_of("doctor", doctor) if doctor else by_badge,
        "start": reader.instant(payload["start"], "start") if "start" in payload else None,
        "end": reader.instant(payload["end"], "end") if "end" in payload else None,
        "fee": payload.get("fee"),
        "pulse": payload.get("pulse"),
        "paid": payload.get("paid"),
    }
    visit = reader.id_of("visit", key)
    steps = tuple(Draft(Step, f"{key}#{what}", {"visit_id": visit, "what": what}) for what in payload.get("steps", ()))
    return Draft(Visit, key, values, changed_at=payload.get("changed"), site=payload.get("site"), parts=steps)


def _key(payload: dict[str, Any]) -> str:
    if not isinstance(payload.get("id"), str):
        raise RowRefused(Reason.MISSING_KEY, "id is missing")
    return str(payload["id"])


CLINIC = Vertical(
    name="clinic",
    title="Clinic",
    records=(Place, Doctor, Visit, Step),
    mappers=(
        Mapper("Place", Place, read_place),
        Mapper("Doctor", Doctor, read_doctor),
        Mapper("Visit", Visit, read_visit, parts={Step: "visit_id"}),
    ),
    checks=(
        Check("visit_ends_after_start", Visit, "end >= start", "the visit ends before it starts"),
        Check("fee_is_sane", Visit, "fee <= 10000", "fee is absurd", OnFailure.DISCARD, ("fee",)),
    ),
    rules=files("tests"),
    templates=files("tests"),
)


def row(kind: str, payload: dict[str, Any] | None, line: int = 1, **more: Any) -> Row:
    """A row as a source would give it."""
    return Row(kind, "memory", line, orjson.dumps(payload), payload, **more)


class ListSource:
    """A source that gives the pages it was made with, from the page that the cursor names."""

    def __init__(
        self,
        *pages: Sequence[Row],
        name: str = "erp",
        complete: Sequence[str] = (),
        kinds: Sequence[str] | None = None,
        present: Mapping[str, tuple[dict[str, Any], ...]] | None = None,
    ) -> None:
        self.name = name
        self.pages = pages
        self.complete = frozenset(complete)
        self.kinds = kinds
        self.present = present or {}
        self.ignored: list[Any] = []

    @property
    def completes(self) -> bool:
        """Whether the last page says that kinds are complete."""
        return bool(self.complete)

    def estimate(self, cursor: Cursor | None) -> int | None:
        """All rows, whatever the cursor."""
        return sum(len(page) for page in self.pages)

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """The pages after the cursor's, then an empty one that ends the read."""
        begin = 0 if cursor is None or self.complete else int(cursor["page"])
        for number, rows in enumerate(self.pages[begin:], start=begin + 1):
            yield Page(tuple(rows), {"page": number})
        last = {"page": len(self.pages)}
        yield Page((), last, complete=self.complete, present=self.present, ended=True)
