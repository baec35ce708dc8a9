"""The conformance suite, run over every source."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.conftest import fresh_database
from tests.substrate.sources.conformance import Harness, Reader
from tests.substrate.sources.harnesses import HARNESSES, IN_DATABASE

MYSQL = os.environ.get("PLUMBLINE_TEST_MYSQL_URL")
"""A MySQL or MariaDB server that somebody has at hand, by its address without a database."""
ON = ("sqlite", "postgresql", *(["mysql"] if MYSQL else []))


@pytest.fixture(params=[*HARNESSES, *(f"{name}:{make}" for name in IN_DATABASE for make in ON)])
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    """One origin after another, with forty records of two kinds in it, many of them written in the same instant."""
    folder = tmp_path / "drop"
    folder.mkdir()
    with ExitStack() as stack:
        made = _made(request, folder, stack)
        for number in range(40):
            made.put("Patient" if number % 3 else "Encounter", f"k{number}", note=number)
        made.publish()
        yield made


def _made(request: pytest.FixtureRequest, folder: Path, stack: ExitStack) -> Harness:
    if request.param in HARNESSES:
        return HARNESSES[request.param](folder, stack)
    name, _, make = request.param.partition(":")
    if make == "sqlite":
        return IN_DATABASE[name](f"sqlite:///{folder / 'erp.db'}", stack)
    if make == "mysql" and MYSQL:
        return IN_DATABASE[name](_fresh_on_mysql(MYSQL), stack)
    return IN_DATABASE[name](fresh_database(request.getfixturevalue("postgres_server")), stack)


def _fresh_on_mysql(server: str) -> str:
    name = f"t{uuid.uuid4().hex[:16]}"
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def reader(harness: Harness) -> Reader:
    """A reader that has read everything once."""
    reader = Reader(harness)
    reader.read()
    return reader


def keys(records: object) -> set[object]:
    """The keys alone, where a read itself changes the records."""
    assert isinstance(records, dict)
    return set(records)


def plain(records: dict[tuple[str, str], dict[str, object]]) -> dict[tuple[str, str], dict[str, object]]:
    """The records without the server's own bookkeeping."""
    own = {"meta", "modified", "write_date"}
    return {key: {name: value for name, value in one.items() if name not in own} for key, one in records.items()}


def agrees(reader: Reader) -> bool:
    """Whether the reader knows exactly what the origin holds."""
    return plain(reader.records) == plain(reader.harness.state())


def test_everything_arrives_despite_ties(reader: Reader) -> None:
    assert agrees(reader)
    assert len(reader.records) == 40


def test_pages_are_bounded_and_only_the_last_one_ends(reader: Reader) -> None:
    assert [page.ended for page in reader.pages] == [False] * (len(reader.pages) - 1) + [True]
    assert max(len(page.rows) for page in reader.pages) <= 7 + 4


def test_every_row_says_what_it_is_and_where_it_was(reader: Reader) -> None:
    rows = [row for page in reader.pages for row in page.rows]
    assert all(row.kind in ("Patient", "Encounter") and row.raw and row.place for row in rows)


def test_reading_again_changes_nothing(reader: Reader) -> None:
    reader.read()
    assert agrees(reader)


def test_change_and_late_correction_arrive(harness: Harness, reader: Reader) -> None:
    harness.put("Patient", "k1", note="corrected")
    harness.put("Encounter", "new", note="new")
    harness.publish()
    reader.read()
    assert agrees(reader)


def test_deleted_record_goes(harness: Harness, reader: Reader) -> None:
    harness.delete("Patient", "k1")
    harness.publish()
    reader.read()
    assert ("Patient", "k1") not in reader.records
    assert agrees(reader)


def test_record_deleted_and_made_again_stays(harness: Harness, reader: Reader) -> None:
    harness.delete("Patient", "k1")
    harness.put("Patient", "k1", note="again")
    harness.publish()
    reader.read()
    assert agrees(reader)


def test_mass_delete_is_told_as_it_is(harness: Harness, reader: Reader) -> None:
    for kind, key in list(harness.state()):
        if kind == "Patient" and key != "k1":
            harness.delete(kind, key)
    harness.publish()
    reader.read()
    assert agrees(reader)


def test_truncated_answer_is_never_complete(harness: Harness) -> None:
    reader = Reader(harness)
    with harness.truncated():
        pages = list(harness.source(7).read(None, 1))
    assert frozenset().union(*(page.complete for page in pages)) <= {"Bundle"}
    reader.cursor = pages[-1].cursor
    assert not reader.records


def test_unknown_columns_and_odd_values_arrive_as_they_are(harness: Harness, reader: Reader) -> None:
    odd = {"quote": 'a"b', "line": "two\nlines", "sign": "Żółć 漢字 🙂", "semi": "a;b,c\td|e", "empty": ""}
    typed = {"nothing": None, "many": [1, {"a": 2.5}], "big": 2**53, "yes": True}
    harness.put("Patient", "k1", **odd, **(typed if harness.holds_types else {}))
    harness.publish()
    reader.read()
    assert agrees(reader)


def test_writes_during_a_read_are_there_after_the_next(harness: Harness) -> None:
    reader, chance = Reader(harness), Random(7)

    def write() -> None:
        kind, key = chance.choice(sorted(harness.state()))
        if chance.random() < 0.3:
            harness.delete(kind, key)
        harness.put("Patient", f"w{chance.random()}", note=1)
        harness.put(kind, key, note=chance.random())

    reader.read(between=write)
    harness.publish()
    for _ in range(2):
        reader.read()
    assert agrees(reader)


def test_killed_after_any_page_nothing_is_lost(harness: Harness) -> None:
    whole = Reader(harness)
    whole.read()
    for killed_after in range(1, len(whole.pages) + 1):
        reader = Reader(harness)
        reader.read(stop_after=killed_after)
        reader.read()
        assert agrees(reader), f"killed after page {killed_after}"


def test_killed_while_reading_changes_nothing_is_lost(harness: Harness, reader: Reader) -> None:
    for number in range(0, 40, 2):
        harness.put("Patient" if number % 3 else "Encounter", f"k{number}", note=-number)
    harness.delete("Patient", "k1")
    harness.publish()
    for _ in range(3):
        reader.read(stop_after=1)
    for _ in range(2):
        reader.read()
    assert agrees(reader)
