"""What a vertical declares is added; an index that would only cost writes is not."""

from __future__ import annotations

from typing import ClassVar

import pytest
from sqlalchemy import Index, MetaData, Table, inspect

from substrate.columns import instant, reference
from substrate.database import Database
from substrate.records import Record, table_of
from substrate.schema import reconcile


class Parcel(Record, table=True):
    """Something on its way, of which many do not know their sender."""

    __tablename__ = "schema_parcel"
    kind: ClassVar[str] = "parcel"

    sender_id: int | None = reference("Sender", "person")
    sent_at: int | None = instant("Sent", default=None)
    seen_at: int = instant("Seen", index=True)


@pytest.fixture
def parcel() -> Table:
    """A fresh copy of the declared table, to which a test may add."""
    return table_of(Parcel).to_metadata(MetaData())


def indexes(database: Database) -> set[str | None]:
    with database.read() as connection:
        return {found["name"] for found in inspect(connection).get_indexes("schema_parcel")}


def test_a_table_is_created_once_with_its_indexes(database: Database, parcel: Table) -> None:
    with database.write() as connection:
        assert "created table schema_parcel" in reconcile(connection, [parcel])
        assert reconcile(connection, [parcel]) == []
    assert "ix_schema_parcel_sender_id" in indexes(database)


def test_an_index_that_begins_a_longer_one_is_left_out(database: Database, parcel: Table) -> None:
    Index("ix_longer", parcel.c.sender_id, parcel.c.sent_at)
    with database.write() as connection:
        reconcile(connection, [parcel])
    assert indexes(database) == {"ix_longer", "ix_schema_parcel_seen_at", "ix_schema_parcel_batch"}


def test_a_unique_index_stays_whatever_else_there_is(database: Database, parcel: Table) -> None:
    Index("ix_longer", parcel.c.sent_at, parcel.c.seen_at)
    Index("ix_unique", parcel.c.sent_at, unique=True)
    with database.write() as connection:
        reconcile(connection, [parcel])
    assert {"ix_longer", "ix_unique"} <= indexes(database)


@pytest.mark.parametrize("name", ["sender_id", "sent_at"])
def test_what_has_no_value_is_not_indexed_and_what_has_is_found_by_it(
    database: Database, parcel: Table, name: str
) -> None:
    Index("ix_schema_parcel_sent_at", parcel.c.sent_at)
    one_of = "IN (SELECT value FROM json_each('[1]'))" if database.is_sqlite else "= ANY (ARRAY[1])"
    with database.write() as connection:
        reconcile(connection, [parcel])
        if not database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        for condition in (one_of, "= 1", "> 1"):
            told = connection.exec_driver_sql(f"{explain} SELECT id FROM schema_parcel WHERE {name} {condition}").all()
            assert f"ix_schema_parcel_{name}" in str(told)


def test_an_index_of_several_columns_gives_the_order_of_all_rows(database: Database, parcel: Table) -> None:
    Index("ix_longer", parcel.c.sender_id, parcel.c.sent_at)
    with database.write() as connection:
        reconcile(connection, [parcel])
        if not database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        counted = "SELECT sender_id, count(*) FROM schema_parcel GROUP BY sender_id"
        assert "ix_longer" in str(connection.exec_driver_sql(f"{explain} {counted}").all())
