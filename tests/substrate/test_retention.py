"""What of pushed events and of features' history is forgotten, on each database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from substrate.database import Database, open_database
from substrate.errors import DatabaseError
from substrate.features.tables import feature_history
from substrate.inbound import Inbound, inbound_event
from substrate.quarantine import lying, quarantine
from substrate.retention import bit_by_bit, forget_events, forget_history
from substrate.schema import SYSTEM
from substrate.upkeep import look_after
from tests.substrate.features.house import STAYS, create

HISTORY = feature_history(STAYS)


@pytest.fixture
def house(database: Database) -> Database:
    create(database)
    SYSTEM.create_all(database.engine)
    return database


def test_only_events_that_are_done_are_forgotten(house: Database) -> None:
    common = {"source": "epr", "content_type": "", "body": b"", "correlation": "", "received_at": 1, "attempts": 1}
    rows = [
        {**common, "event_key": f"{state}{done}", "state": state.value, "done_at": done}
        for state in Inbound
        for done in (5, 10)
    ]
    with house.write() as connection:
        connection.execute(insert(inbound_event), rows)
    assert bit_by_bit(house, forget_events(10)) == 1
    with house.read() as connection:
        kept = set(connection.scalars(select(inbound_event.c.event_key)))
    assert kept == {"done10", "waiting5", "waiting10", "failed5", "failed10"}


def test_each_entity_keeps_what_it_was_at_the_instant_and_since(house: Database) -> None:
    moments = {1: (1, 4, 9, 12), 2: (3,), 3: (11, 12)}
    rows = [{"id": entity, "as_of": at, "gone": False} for entity, times in moments.items() for at in times]
    with house.write() as connection:
        connection.execute(insert(HISTORY), rows)
    assert bit_by_bit(house, forget_history(HISTORY, 10)) == 2
    with house.read() as connection:
        kept = connection.execute(select(HISTORY.c.id, HISTORY.c.as_of).order_by(HISTORY.c.id, HISTORY.c.as_of)).all()
    assert [tuple(row) for row in kept] == [(1, 9), (1, 12), (2, 3), (3, 11), (3, 12)]


def test_looking_after_the_database_leaves_it_as_it_was(house: Database) -> None:
    seen = look_after(house)
    assert set(seen) == ({"bytes", "unused_bytes"} if house.is_sqlite else set())
    assert look_after(house) == seen


def test_a_strange_resource_is_counted_and_not_named(house: Database) -> None:
    common = {"vertical": "clinic", "source": "epr", "place": "", "line": 1, "reason": "bad_json", "detail": ""}
    more = {"raw": b"", "last_seen": 1, "seen": 1, "state": "held"}
    kinds = (("Patient", 1), ("Patient", 9), ("Anna Example", 1))
    rows = [{**common, **more, "resource": kind, "digest": n, "first_seen": at} for n, (kind, at) in enumerate(kinds)]
    with house.write() as connection:
        connection.execute(insert(quarantine), rows)
        found = lying(connection, "clinic", ["Patient"], 5)
    assert [(one.resource, one.held, one.fresh) for one in found] == [("Patient", 2, 1), ("(not known)", 1, 0)]


def test_a_database_that_others_keep_busy_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_cursor: object) -> dict[str, int]:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr("substrate.upkeep._look_after_sqlite", busy)
    database = open_database(f"sqlite:///{tmp_path / 'busy.sqlite'}")
    with pytest.raises(DatabaseError, match="locked"):
        look_after(database)
    database.close()
