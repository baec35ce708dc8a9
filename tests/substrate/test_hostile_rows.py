"""Rows that a stranger's ERP, or a stranger's mapper, may come up with: one is refused, its neighbours never notice."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Any

import pytest

from substrate.clock import DAY
from substrate.database import Database
from substrate.ingest import IngestReport, ingest
from substrate.mapping import Draft, Mapper, Reader
from substrate.quarantine import held_rows
from substrate.replay import discard
from substrate.sources.source import Row
from tests.substrate.clinic import CLINIC, Doctor, ListSource, Place, Visit, row
from tests.substrate.test_ingest import NOW, live, take

GOOD = row("Visit", {"id": "good", "fee": 1})
SECRET = "Mrs Secret"


def mapped_by(database: Database, read: Callable[[dict[str, Any], Reader], Any], *rows: Row) -> IngestReport:
    """Ingest with another mapper of doctors, and a good visit at the end."""
    mappers = (Mapper("Doctor", Doctor, read), *(each for each in CLINIC.mappers if each.resource != "Doctor"))
    vertical = dataclasses.replace(CLINIC, mappers=mappers)
    return ingest(database, vertical, ListSource([*rows, GOOD]), NOW)


def raising(error: Exception) -> Callable[[dict[str, Any], Reader], Draft]:
    """A mapper that trips over every row."""

    def read(payload: dict[str, Any], reader: Reader) -> Draft:
        raise error

    return read


def drafting(**fields: Any) -> Callable[[dict[str, Any], Reader], Draft]:
    """A mapper that makes the same draft of every row."""
    return lambda _payload, _reader: Draft(Doctor, **{"key": "d", "values": {}, **fields})


def endless(payload: dict[str, Any], reader: Reader) -> Draft:
    """A mapper that never comes back."""
    return endless(payload, reader)


def test_a_key_that_cannot_be_told_names_no_record(clinic: Database) -> None:
    keyed = Mapper("Doctor", Doctor, raising(ValueError("x")), key=lambda payload: str(payload["nowhere"]))
    vertical = dataclasses.replace(CLINIC, mappers=(keyed,))
    report = ingest(clinic, vertical, ListSource([row("Doctor", {"id": "d"})]), NOW)
    assert report.reasons == {"mapper_failed": 1}


@pytest.mark.parametrize("error", [KeyError(SECRET), TypeError(SECRET), AttributeError(SECRET), ValueError(SECRET)])
def test_a_mapper_that_fails_is_named_and_the_value_is_not(clinic: Database, error: Exception) -> None:
    report = mapped_by(clinic, raising(error), row("Doctor", {"id": "d"}))
    assert (report.reasons, report.accepted) == ({"mapper_failed": 1}, 1)
    with clinic.read() as connection:
        (held,) = held_rows(connection)
    name = type(error).__name__
    assert held.detail.startswith(f"the mapper of Doctor raised {name} at test_hostile_rows.py:")
    assert SECRET not in held.detail


def test_a_mapper_without_end_is_refused(clinic: Database) -> None:
    assert mapped_by(clinic, endless, row("Doctor", {"id": "d"})).reasons == {"mapper_failed": 1}


def test_a_lack_of_memory_is_not_the_rows_fault(clinic: Database) -> None:
    with pytest.raises(MemoryError):
        mapped_by(clinic, raising(MemoryError()), row("Doctor", {"id": "d"}))


@pytest.mark.parametrize("given", [None, [], {"key": "d"}])
def test_a_mapper_that_gives_no_draft_is_refused(clinic: Database, given: object) -> None:
    report = mapped_by(clinic, lambda _payload, _reader: given, row("Doctor", {"id": "d"}))
    assert report.reasons == {"mapper_failed": 1}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"key": ""}, "missing_key"),
        ({"key": 7}, "missing_key"),
        ({"site": 7}, "wrong_type"),
        ({"site": "a\x00b"}, "bad_encoding"),
        ({"aliases": (7,)}, "wrong_type"),
        ({"changed_at": "today"}, "wrong_type"),
        ({"changed_at": 1.5}, "wrong_type"),
        ({"changed_at": 1 << 70}, "out_of_range"),
        ({"values": {"name": "half \ud800 a pair"}}, "bad_encoding"),
        ({"key": "half \ud800 a pair"}, "bad_encoding"),
    ],
)
def test_a_draft_that_cannot_be_kept_is_refused(clinic: Database, fields: dict[str, Any], reason: str) -> None:
    report = mapped_by(clinic, drafting(**fields), row("Doctor", {"id": "d"}))
    assert (report.reasons, report.accepted) == ({reason: 1}, 1)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"pulse": float("nan")}, "out_of_range"),
        ({"pulse": float("-inf")}, "out_of_range"),
        ({"pulse": 10**400}, "out_of_range"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "out_of_range"),
        ({"start": "10000-01-01"}, "bad_time"),
        ({"start": "9" * 100_000}, "bad_time"),
        ({"changed": -(1 << 62)}, "out_of_range"),
    ],
)
def test_a_number_or_time_beyond_all_bounds_is_refused(clinic: Database, payload: dict[str, Any], reason: str) -> None:
    bad = Row("Visit", "f", 1, repr(payload).encode(), {"id": "bad", **payload})
    report = take(clinic, bad, GOOD)
    assert (report.reasons, list(live(clinic, Visit))) == ({reason: 1}, ["good"])


@pytest.mark.parametrize("pulse", [sys.float_info.max, -1e308, 5e-324, 2**63, 2**64 - 1, 10**300, 0])
def test_any_finite_number_is_kept_as_a_fraction(clinic: Database, pulse: float) -> None:
    assert take(clinic, Row("Visit", "f", 1, b"x", {"id": "v", "pulse": pulse})).accepted == 1
    assert live(clinic, Visit)["v"]["pulse"] == float(pulse)


def test_the_first_and_the_last_day_of_the_calendar_are_kept(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", "start": "0001-01-01", "end": "9999-12-31T23:59:59.999999Z", "changed": -1}))
    found = live(clinic, Visit)["v"]
    assert (found["start"], found["end"], found["changed_at"]) == (-719_162 * DAY, 2_932_897 * DAY - 1, -1)


def test_ten_million_characters_are_kept_whole(clinic: Database) -> None:
    name = "ä\t\\N\n" * 2_000_000
    take(clinic, row("Doctor", {"id": "d", "name": name}))
    assert live(clinic, Doctor)["d"]["name"] == name
    assert take(clinic, row("Doctor", {"id": "d", "name": name})).unchanged == 1


def test_a_key_of_ten_thousand_characters_is_a_key(clinic: Database) -> None:
    key = "".join(chr(0x4E00 + number) for number in range(10_000))
    take(clinic, row("Place", {"id": key, "inside": key}))
    assert list(live(clinic, Place)) == [key]
    take(clinic, row("Visit", {"id": key, "start": "soon"}))
    take(clinic, row("Visit", {"id": key}))
    with clinic.read() as connection:
        assert held_rows(connection) == []


@pytest.mark.parametrize("depth", [200, 400, 1_000])
def test_a_deep_row_is_refused_or_kept_but_never_in_the_way(clinic: Database, depth: int) -> None:
    deep: dict[str, Any] = {"id": "v", "start": "soon"}
    for _ in range(depth):
        deep = {"id": "v", "start": "soon", "in": deep}
    report = take(clinic, Row("Visit", "f", 1, b"raw", deep), GOOD)
    assert (report.reasons, report.accepted) == ({"bad_time": 1}, 1)


def test_a_refused_row_of_odd_characters_is_kept_all_the_same(clinic: Database) -> None:
    odd = "no \x00, half \ud800, long " + "x" * 5_000
    rows = [Row(odd, odd, 1, b"1", {"id": odd}), Row("Visit", odd, 2, b"2", {"id": odd, "start": "soon"})]
    assert take(clinic, *rows, GOOD).reasons == {"unmapped": 1, "bad_time": 1}


def test_an_alias_that_alone_is_new_is_known_from_then_on(clinic: Database) -> None:
    take(clinic, row("Doctor", {"id": "d"}), row("Visit", {"id": "v", "badge": "B7"}))
    take(clinic, row("Doctor", {"id": "d", "badge": "B7"}))
    assert live(clinic, Visit)["v"]["doctor_id"] == live(clinic, Doctor)["d"]["id"]


def test_a_person_who_discarded_a_row_is_not_asked_again(clinic: Database) -> None:
    bad = row("Visit", {"id": "v", "start": "soon"})
    take(clinic, bad)
    with clinic.write() as connection:
        discard(connection, held_rows(connection)[0].id, NOW, "anna", "a test")
    take(clinic, bad)
    with clinic.read() as connection:
        assert held_rows(connection) == []
