"""What was true at T, as known at K, against an oracle that keeps every version in a list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Select, literal, select

from substrate.database import Database, open_database
from substrate.history import snapshot
from substrate.ingest import ingest
from substrate.migrate import upgrade
from tests.substrate.clinic import CLINIC, ListSource, Visit, row

WANTED = ("source_key", "start", "end", "fee")


@dataclass(frozen=True)
class Told:
    """What the source says of one visit at one time; None as a start means that it is gone."""

    key: str
    now: int
    start: int | None
    end: int | None
    fee: int


tellings = st.builds(
    Told,
    st.sampled_from("ab"),
    st.integers(1, 12),
    st.integers(0, 9) | st.none(),
    st.integers(10, 20) | st.none(),
    st.integers(0, 2),
)


def iso(micros: int) -> str:
    return f"1970-01-01T00:00:00.{micros:06d}Z"


def tell(database: Database, told: Told, page: int) -> None:
    payload = {"id": told.key, "fee": told.fee}
    for name, micros in (("start", told.start), ("end", told.end)):
        payload |= {} if micros is None else {name: iso(micros)}
    said = row("Visit", None, deleted_key=told.key) if told.start is None else row("Visit", payload)
    ingest(database, CLINIC, ListSource(*[[]] * page, [said]), told.now)


def believed(tellings: list[Told], at: int, known: int) -> set[tuple[object, ...]]:
    """The oracle: the last word on each visit that was learnt by then, if it had begun; an end only once it is over."""
    last: dict[str, Told] = {}
    clock = 0
    for told in tellings:
        clock = max(clock, told.now)  # what is learnt later is never filed as known earlier
        if clock <= known:
            last[told.key] = told
    return {
        (each.key, each.start, each.end if each.end is not None and each.end <= at else None, each.fee)
        for each in last.values()
        if each.start is not None and each.start <= at
    }


def read(connection: Connection, statement: Select[Any]) -> set[tuple[object, ...]]:
    return {tuple(each) for each in connection.execute(statement)}


@settings(max_examples=40, deadline=None)
@given(tellings=st.lists(tellings, max_size=8))
def test_any_past_can_be_read_again(tellings: list[Told]) -> None:
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'x.sqlite'}")
        upgrade(database, [CLINIC])
        for page, told in enumerate(tellings):
            tell(database, told, page)
        with database.read() as connection:
            for at in (0, 5, 9, 10, 15, 20):
                for known in range(14):
                    seen = select(snapshot(Visit, at, known, columns=WANTED))
                    assert read(connection, seen) == believed(tellings, at, known)
                newest = select(snapshot(Visit, at, columns=WANTED))
                assert read(connection, newest) == believed(tellings, at, 99)
        database.close()


def test_the_same_on_both_databases(clinic: Database) -> None:
    tellings = [Told("a", 2, 1, None, 1), Told("a", 4, 1, 12, 2), Told("b", 5, 3, 10, 0), Told("a", 7, None, None, 0)]
    for page, told in enumerate(tellings):
        tell(clinic, told, page)
    with clinic.read() as connection:
        for at in (2, 11, 15):
            for known in range(9):
                found = connection.execute(select(snapshot(Visit, literal(at), known, columns=WANTED)))
                assert {tuple(each) for each in found} == believed(tellings, at, known)


def test_a_condition_holds_in_the_past_too(clinic: Database) -> None:
    tell(clinic, Told("a", 2, 1, None, 1), 0)
    tell(clinic, Told("a", 4, 1, None, 2), 1)
    with clinic.read() as connection:
        cheap = snapshot(Visit, 9, 3, columns=["fee"], where=lambda table: [table.c.fee == 1])
        dear = snapshot(Visit, 9, 3, columns=["fee"], where=lambda table: [table.c.fee == 2])
        assert [[*map(tuple, connection.execute(select(each)))] for each in (cheap, dear)] == [[(1,)], []]
