"""What was refused is kept whole, counted once however often it comes, and listed by what people ask for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from substrate.database import Database
from substrate.quality import Reason
from substrate.quarantine import QuarantineState, Refusal, close, held_in, held_row, held_rows, keep, supersede
from substrate.sources.source import Fault, Row
from tests.substrate.clinic import row

HELD, DISCARDED, RELEASED = QuarantineState.HELD, QuarantineState.DISCARDED, QuarantineState.RELEASED


def refusal(key: str, reason: Reason = Reason.BAD_TIME, kind: str = "Visit") -> Refusal:
    return Refusal(row(kind, {"id": key}), reason, "start is not a time", key)


@pytest.fixture
def stocked(clinic: Database) -> Database:
    """Three rows in quarantine."""
    _keep(clinic, [refusal("a"), refusal("b", Reason.FAILED_CHECK), refusal("a", kind="Doctor")])
    return clinic


def _keep(database: Database, refusals: Iterable[Refusal], now: int = 10, source: str = "erp") -> None:
    with database.write() as connection:
        keep(connection, "clinic", source, list(refusals), now)


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ({}, ["a", "b", "a"]),
        ({"reason": "failed_check"}, ["b"]),
        ({"resource": "Doctor"}, ["a"]),
        ({"limit": 2}, ["a", "b"]),
        ({"state": DISCARDED}, []),
        ({"state": None}, ["a", "b", "a"]),
    ],
)
def test_rows_are_listed_by_what_is_asked(stocked: Database, asked: dict[str, Any], keys: list[str]) -> None:
    with stocked.read() as connection:
        assert [held.source_key for held in held_rows(connection, **asked)] == keys


def test_a_row_comes_out_as_it_went_in(clinic: Database) -> None:
    parsed, torn = row("Visit", {"id": "ä"}, 7), Row("Visit", "f", 8, b"\x00\xff{", None, Fault.BAD_JSON)
    _keep(clinic, [Refusal(parsed, Reason.BAD_TIME, ""), Refusal(torn, Reason.BAD_JSON, "")])
    with clinic.read() as connection:
        assert [held.row() for held in held_rows(connection)] == [parsed, Row("Visit", "f", 8, torn.raw, None)]


def test_the_same_row_again_is_counted_not_kept_twice(clinic: Database) -> None:
    _keep(clinic, [refusal("a"), refusal("a")])
    _keep(clinic, [refusal("a", Reason.FAILED_CHECK)], now=20)
    _keep(clinic, [refusal("a")], source="lab")
    with clinic.read() as connection:
        first, other = held_rows(connection)
    assert (first.seen, first.first_seen, first.last_seen, first.reason) == (2, 10, 20, "failed_check")
    assert (other.source, other.seen) == ("lab", 1)


@pytest.mark.parametrize(
    ("state", "after"), [(RELEASED, HELD), (QuarantineState.SUPERSEDED, HELD), (DISCARDED, DISCARDED)]
)
def test_what_becomes_of_a_row_that_comes_back(clinic: Database, state: QuarantineState, after: str) -> None:
    _keep(clinic, [refusal("a")])
    with clinic.write() as connection:
        number = held_rows(connection)[0].id
        assert close(connection, number, state)
        assert not close(connection, number, state)
    _keep(clinic, [refusal("a")])
    with clinic.read() as connection:
        assert held_row(connection, number).state == after


def test_a_sound_version_closes_what_its_own_resource_and_source_hold(stocked: Database) -> None:
    _keep(stocked, [refusal("a")], source="lab")
    with stocked.write() as connection:
        supersede(connection, "erp", "Visit", ["a", "z"])
        left = [(held.source, held.resource, held.source_key) for held in held_rows(connection)]
    assert left == [("erp", "Visit", "b"), ("erp", "Doctor", "a"), ("lab", "Visit", "a")]


def test_a_file_knows_how_many_of_its_rows_lie_here(stocked: Database) -> None:
    long = "ü" * 5_000 + "\x00"
    _keep(stocked, [Refusal(Row("Visit", long, 1, b"x", None), Reason.BAD_JSON, "")])
    with stocked.read() as connection:
        counts = [held_in(connection, "erp", place) for place in ("memory", long, "other")]
    assert counts == [3, 1, 0]


def test_no_refusals_ask_the_database_nothing(database: Database) -> None:
    _keep(database, [])  # there is no table
