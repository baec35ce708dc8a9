"""What real databases do to a reader: late commits, missing stamps, rows from the future, keys made again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from substrate.relations import Deleted, TableOptions
from substrate.sources.ignored import Ignored, Why
from substrate.sources.source import Cursor, Fault, Page, Row
from substrate.sources.sql.options import SqlOptions
from substrate.sources.sql.source import SqlSource

ITEMS = TableOptions(table="items", changed=("changed",))
CREATE = "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, changed TIMESTAMP)"


@pytest.fixture
def erp(database_url: str) -> Iterator[Engine]:
    """A database with a table of items, on SQLite and on PostgreSQL."""
    engine = create_engine(database_url)
    run(engine, CREATE)
    yield engine
    engine.dispose()


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def put(connection: Connection, number: int, changed: str = "CURRENT_TIMESTAMP", name: str = "x") -> None:
    connection.execute(text(f"DELETE FROM items WHERE id = {number}"))
    connection.execute(text(f"INSERT INTO items VALUES ({number}, '{name}', {changed})"))


def pages(engine: Engine, cursor: Cursor | None = None, table: TableOptions = ITEMS, **options: Any) -> list[Page]:
    url = engine.url.render_as_string(hide_password=False)
    with SqlSource("erp", SqlOptions(url=url, tables={"Item": table}, **options)) as source:
        found = list(source.read(cursor and json.loads(json.dumps(cursor)), 0))
        assert source.ignored == []
        return found


def rows(found: list[Page]) -> list[Row]:
    return [row for page in found for row in page.rows]


def ids(found: list[Page]) -> list[Any]:
    return [row.payload["id"] for row in rows(found) if row.payload and row.deleted_key is None]


def test_only_what_changed_comes_again(erp: Engine) -> None:
    with erp.begin() as connection:
        put(connection, 1, "'2020-01-01 00:00:00'")
        put(connection, 2, "'2020-01-03 00:00:00'")
    first = pages(erp)
    with erp.begin() as connection:
        put(connection, 3)
    assert (ids(first), ids(pages(erp, first[-1].cursor))) == ([1, 2], [2, 3])


def test_a_transaction_that_commits_late_is_seen(erp: Engine) -> None:
    """A row stamped before another one that was read long since, but committed after it."""
    late = "CURRENT_TIMESTAMP" if erp.dialect.name == "postgresql" else "datetime('now', '-5 minutes')"
    slow = erp.connect()
    if erp.dialect.name == "postgresql":
        put(slow, 1, late)
    with erp.begin() as connection:
        put(connection, 2, "clock_timestamp()" if erp.dialect.name == "postgresql" else "CURRENT_TIMESTAMP")
    first = pages(erp)
    if erp.dialect.name == "sqlite":  # it knows one writer at a time, so a late row is one that was stamped early
        put(slow, 1, late)
    slow.commit()
    slow.close()
    assert ids(first) == [2]
    assert 1 in ids(pages(erp, first[-1].cursor))
    assert 1 not in ids(pages(erp, first[-1].cursor, overlap_seconds=0))


def test_a_row_that_nobody_stamped_comes_each_time(erp: Engine) -> None:
    with erp.begin() as connection:
        put(connection, 1, "NULL")
        put(connection, 2)
    first = pages(erp)
    assert sorted(ids(first)) == [1, 2]
    assert 1 in ids(pages(erp, first[-1].cursor))


def test_the_first_stamp_that_is_set_counts(erp: Engine) -> None:
    table = TableOptions(
        query="SELECT id, name, changed AS written, '2020-01-01 00:00:00' AS made FROM items",
        changed=("written", "made"),
    )
    if erp.dialect.name == "postgresql":
        table = TableOptions(query="SELECT *, TIMESTAMP '2020-01-01' AS made FROM items", changed=("changed", "made"))
    with erp.begin() as connection:
        put(connection, 1, "NULL")
        put(connection, 2)
    first = pages(erp, table=table)
    assert (sorted(ids(first)), ids(pages(erp, first[-1].cursor, table))) == ([1, 2], [2])


def test_a_row_from_the_future_moves_no_mark(erp: Engine) -> None:
    with erp.begin() as connection:
        put(connection, 1)
        put(connection, 2, "'2099-01-01 00:00:00'")
    first = pages(erp)
    with erp.begin() as connection:
        put(connection, 3)
    second = pages(erp, first[-1].cursor)
    assert {2, 3} <= set(ids(second))
    with erp.begin() as connection:
        put(connection, 4)
    assert 4 in ids(pages(erp, second[-1].cursor))


def test_a_table_of_which_something_else_is_said_is_read_anew(erp: Engine) -> None:
    with erp.begin() as connection:
        put(connection, 1, "'2020-01-01 00:00:00'")
        put(connection, 2)
    first = pages(erp)
    numbered = TableOptions(table="items", changed=("id",))
    second = pages(erp, first[-1].cursor, numbered)
    assert ids(second) == [1, 2]
    torn = pages(erp, first[-1].cursor, TableOptions(table="items"), page_rows=1)[0]
    assert ids(pages(erp, torn.cursor, TableOptions(table="items", key=("id", "name")), page_rows=1)) == [1, 2]


def test_a_key_of_several_columns_pages_through_ties(erp: Engine) -> None:
    run(erp, "CREATE TABLE pairs (a INTEGER, b TEXT, PRIMARY KEY (a, b))")
    run(erp, *(f"INSERT INTO pairs VALUES ({number % 2}, 'k{number}')" for number in range(9)))
    found = pages(erp, table=TableOptions(table="pairs", key=("a", "b")), page_rows=2)
    assert [page.present for page in found if page.present] == []
    assert len({(row.payload["a"], row.payload["b"]) for row in rows(found) if row.payload}) == 9


def test_a_row_without_a_key_is_given_once_to_be_refused(erp: Engine) -> None:
    run(
        erp, "CREATE TABLE loose (id INTEGER, name TEXT)", "INSERT INTO loose VALUES (NULL, 'a'), (NULL, 'b'), (1, 'c')"
    )
    assert ids(pages(erp, table=TableOptions(table="loose"), page_rows=5)) == [1, None, None]


def test_keys_are_swept_every_so_many_reads(erp: Engine) -> None:
    with erp.begin() as connection:
        put(connection, 1)
        put(connection, 2)
    cursor, shown, keys = None, [], [({"id": 1}, {"id": 2})]
    for _ in range(5):
        found = pages(erp, cursor, sweep_every=2)
        cursor = found[-1].cursor
        whole = frozenset[str]().union(*(page.complete for page in found))
        shown.append((bool(whole), [page.present["Item"] for page in found if page.present]))
    assert shown == [(True, []), (False, []), (True, keys), (False, []), (True, keys)]


def test_a_sweep_that_is_cut_off_begins_anew(erp: Engine) -> None:
    with erp.begin() as connection:
        for number in range(6):
            put(connection, number)
    first = pages(erp, sweep_every=1)
    begun = pages(erp, first[-1].cursor, sweep_every=1, page_rows=2)
    torn = next(page for page in begun if page.present)
    again = pages(erp, torn.cursor, sweep_every=1, page_rows=2)
    assert [row for page in again if page.present for row in page.present["Item"]] == [{"id": n} for n in range(6)]


def test_a_grave_of_a_key_that_lives_again_is_no_deletion(erp: Engine) -> None:
    run(erp, "CREATE TABLE graves (item INTEGER, at TIMESTAMP)")
    run(erp, "INSERT INTO graves VALUES (1, CURRENT_TIMESTAMP), (2, CURRENT_TIMESTAMP)")
    with erp.begin() as connection:
        put(connection, 1)
    deleted = Deleted(table="graves", key=("item",), changed=("at",))
    found = pages(erp, table=TableOptions(table="items", changed=("changed",), deleted=deleted))
    assert [(row.deleted_key, row.payload and row.payload["id"]) for row in rows(found)] == [("2", 2), (None, 1)]


def test_a_query_may_hold_colons_percents_and_an_end(erp: Engine) -> None:
    with erp.begin() as connection:
        put(connection, 1, name="at 12\\:30 \\:x 50%")
    query = "-- what :x\nSELECT id, name FROM items WHERE name LIKE '%12:30 :x 50%' -- all"
    assert ids(pages(erp, table=TableOptions(query=query))) == [1]


def test_a_resource_without_a_table_is_told(erp: Engine) -> None:
    url = erp.url.render_as_string(hide_password=False)
    with SqlSource("erp", SqlOptions(url=url, tables={"Item": ITEMS}, kinds=("Item", "Order"))) as source:
        list(source.read(None, 0))
    assert source.kinds == ("Item",)
    assert source.ignored == [Ignored("Order", Why.NO_TABLE, "Order")]


def test_text_that_is_no_utf8_costs_its_row_alone(sqlite_erp: Engine) -> None:
    run(sqlite_erp, "INSERT INTO items VALUES (1, CAST(x'41ff' AS TEXT), NULL), (2, 'fine', NULL)")
    torn, fine = rows(pages(sqlite_erp))
    assert (torn.fault, torn.payload and torn.payload["id"], fine.fault) == (Fault.BAD_ENCODING, 1, None)


def test_wide_types_of_postgresql(postgres_erp: Engine) -> None:
    run(
        postgres_erp,
        "CREATE TYPE mood AS ENUM ('ok', 'bad')",
        "CREATE TABLE wide (id UUID PRIMARY KEY, mood mood, price NUMERIC(12,2), doc JSONB, tags TEXT[], blob BYTEA, "
        "at TIMESTAMPTZ, day DATE, span INTERVAL)",
        "INSERT INTO wide VALUES ('00000000-0000-0000-0000-000000000001', 'ok', 12.50, '{\"a\": 1}', '{x,y}', "
        "'\\x00ff', '2026-01-01 12:00+02', 'infinity', '36:00:00')",
        "INSERT INTO wide VALUES ('00000000-0000-0000-0000-000000000002', 'bad', 1, NULL, NULL, NULL, 'infinity', "
        "'0044-03-15 BC', NULL)",
    )
    table = TableOptions(table="public.wide", changed=("at",))
    first, second = (row.payload for row in rows(pages(postgres_erp, table=table, page_rows=1)))
    assert first == {
        "id": "00000000-0000-0000-0000-000000000001", "mood": "ok", "price": 12.5, "doc": {"a": 1}, "tags": ["x", "y"],
        "blob": "00ff", "at": "2026-01-01T10:00:00Z", "day": "infinity", "span": "36:00:00",
    }  # fmt: skip
    assert second is not None
    assert (second["price"], second["at"]) == (1, "infinity")


def test_pages_by_an_enum_and_a_uuid(postgres_erp: Engine) -> None:
    run(
        postgres_erp,
        "CREATE TYPE mood AS ENUM ('ok', 'bad')",
        "CREATE TABLE wide (mood mood, id UUID, PRIMARY KEY (mood, id))",
        "INSERT INTO wide SELECT (ARRAY['ok','bad'])[1 + n % 2]::mood, gen_random_uuid() FROM generate_series(1, 7) n",
    )
    assert len(ids(pages(postgres_erp, table=TableOptions(table="wide", key=("mood", "id")), page_rows=2))) == 7


@pytest.fixture
def sqlite_erp(tmp_path: Any) -> Iterator[Engine]:
    """The same table on SQLite alone."""
    engine = create_engine(f"sqlite:///{tmp_path / 'erp.db'}")
    run(engine, CREATE)
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_erp(postgres_server: str) -> Iterator[Engine]:
    """An empty PostgreSQL database."""
    from tests.conftest import fresh_database

    engine = create_engine(fresh_database(postgres_server))
    yield engine
    engine.dispose()
