"""Pushed events are kept once under their sender's key, taken in order, and end once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete

from substrate.arrivals import Arrival, Kept, Receipt, store
from substrate.database import Database, open_database
from substrate.errors import NotFoundError
from substrate.inbound import (
    Backlog,
    anything_waiting,
    backlog,
    body_of,
    fail,
    failed,
    failed_count,
    finish,
    inbound_event,
    purge,
    take,
    try_again,
)
from substrate.schema import SYSTEM

PLENTY = 1 << 20


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest) -> Iterator[Database]:
    """One database of each kind for the module, since each further one costs PostgreSQL a second."""
    opened = open_database(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))
    SYSTEM.create_all(opened.engine)
    yield opened
    SYSTEM.drop_all(opened.engine)
    opened.close()


@pytest.fixture
def database(shared: Database) -> Database:
    with shared.write() as connection:
        connection.execute(delete(inbound_event))
    return shared


def come(body: str, key: str | None = None, at: int = 1, word: str = "w") -> Arrival:
    return Arrival("lab", key, "application/json", body.encode(), word, at)


def kept(database: Database, *arrivals: Arrival) -> list[Receipt]:
    with database.write() as connection:
        return store(connection, arrivals)


def waiting(database: Database, limit: int = 100, max_bytes: int = PLENTY) -> list[Any]:
    with database.write() as connection:
        return take(connection, "lab", limit, max_bytes)


def bodies(database: Database, limit: int = 100, max_bytes: int = PLENTY) -> list[str]:
    return [event.body.decode() for event in waiting(database, limit, max_bytes)]


def test_events_are_taken_in_the_order_in_which_they_came(database: Database) -> None:
    kept(database, *(come(str(number), f"e{number}") for number in range(70)))
    kept(database, come("70"))
    assert bodies(database) == [str(number) for number in range(71)]
    assert bodies(database, limit=2) == ["0", "1"]


def test_a_batch_is_bounded_by_bytes_but_for_its_first_event(database: Database) -> None:
    kept(database, come("x" * 10, "a"), come("y" * 10, "b"), come("z", "c"))
    assert bodies(database, max_bytes=5) == ["x" * 10]
    assert bodies(database, max_bytes=20) == ["x" * 10, "y" * 10]


def test_the_same_key_is_one_event_with_one_answer(database: Database) -> None:
    (first,) = kept(database, come("1", "a", word="one"))
    again = kept(database, come("1", "a", word="two"), come("2", "a", word="three"))
    assert first == Receipt("a", "one", Kept.NEW)
    assert again == [Receipt("a", "one", Kept.REPEAT), Receipt("a", "one", Kept.CONFLICT)]


def test_the_same_key_in_one_transaction_is_one_event(database: Database) -> None:
    found = kept(database, come("1", "a"), come("1", "a"), come("2", "a"), come("1", "b"))
    assert [receipt.kept for receipt in found] == [Kept.NEW, Kept.REPEAT, Kept.CONFLICT, Kept.NEW]


def test_a_body_without_a_key_repeats_the_newest_event_alone(database: Database) -> None:
    found = kept(database, come("1"), come("1"), come("2"), come("1")) + kept(database, come("1"))
    assert [receipt.kept for receipt in found] == [Kept.NEW, Kept.REPEAT, Kept.NEW, Kept.NEW, Kept.REPEAT]
    assert bodies(database) == ["1", "2", "1"]


def test_many_senders_of_one_key_make_one_event(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda word: kept(database, come("1", "a", word=str(word)))[0], range(12)))
    assert len({receipt.correlation for receipt in found}) == 1
    assert len(waiting(database)) == 1


def test_an_event_ends_once_and_a_failed_one_can_wait_again(database: Database) -> None:
    kept(database, come("1", "a", at=5), come("2", "b", at=7))
    one, two = (event.id for event in waiting(database))
    with database.write() as connection:
        assert (finish(connection, {one: "rows: 1"}, 10), finish(connection, {one: "again"}, 11)) == (1, 0)
        assert fail(connection, {two: "ValueError"}, 12) == 1
        assert [(each.event_key, each.outcome, each.attempts) for each in failed(connection)] == [
            ("b", "ValueError", 1)
        ]
        assert (failed_count(connection), try_again(connection, [one]), try_again(connection)) == (1, 0, 1)
    assert bodies(database) == ["2"]


def test_the_backlog_counts_what_waits(database: Database) -> None:
    kept(database, come("1", "a", at=5), come("2", "b", at=7))
    with database.read() as connection:
        assert (backlog(connection), backlog(connection, ["ward"])) == (Backlog(2, 5), Backlog())
        assert anything_waiting(connection, ["ward", "lab"]) == ["lab"]
    assert (Backlog(2, 5).age(15), Backlog().age(15), Backlog(2, 5).age(1)) == (10, 0, 0)


def test_old_events_are_forgotten_and_waiting_ones_never(database: Database) -> None:
    kept(database, *(come(each, each) for each in "abc"))
    one, two, three = (event.id for event in waiting(database))
    with database.write() as connection:
        finish(connection, {one: ""}, 10)
        fail(connection, {two: ""}, 10)
        assert [purge(connection, 10, 10), purge(connection, 11, 10), purge(connection, 99, 99)] == [0, 1, 1]
        assert body_of(connection, three) == b"c"
        with pytest.raises(NotFoundError):
            body_of(connection, one)
