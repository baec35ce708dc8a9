"""The tables: our own are migrated step by step, those that verticals declare are reconciled with their declaration.

Plumbline's own tables (ingest, alerts, outbox …) change by Alembic migrations. Record and feature tables follow what
the installed verticals declare, a stranger's included: a missing table, column or index is added, and nothing is ever
dropped.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Index, MetaData, Table, inspect
from sqlalchemy.schema import CreateColumn, CreateTable

SYSTEM = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def reconcile(connection: Connection, tables: Iterable[Table]) -> list[str]:
    """Add what the declared tables lack in the database, and say what was added.

    Args:
        connection: a write transaction.
        tables: the declared tables.

    Returns:
        One line a change, empty when the database already has everything.
    """
    done: list[str] = []
    inspector = inspect(connection)
    present = set(inspector.get_table_names())
    for table in tables:
        if table.name not in present:
            connection.execute(CreateTable(table))
            _add_indexes(connection, table, set())
            done.append(f"created table {table.name}")
            continue
        done += _add_columns(connection, table, {found["name"] for found in inspector.get_columns(table.name)})
        done += _add_indexes(connection, table, {found["name"] for found in inspector.get_indexes(table.name)})
    return done


def _add_columns(connection: Connection, table: Table, present: set[str]) -> list[str]:
    done = []
    for column in table.columns:
        if column.name not in present:
            spelt = CreateColumn(column).compile(dialect=connection.dialect)
            name = connection.dialect.identifier_preparer.format_table(table)
            connection.exec_driver_sql(f"ALTER TABLE {name} ADD COLUMN {spelt}")
            done.append(f"added column {table.name}.{column.name}")
    return done


def _add_indexes(connection: Connection, table: Table, present: set[str | None]) -> list[str]:
    done = []
    for index in table.indexes:
        if index.name not in present and not _begins_another(index, table):
            _leave_out_nulls(index)
            index.create(connection)
            done.append(f"added index {index.name}")
    return done


def _leave_out_nulls(index: Index) -> None:
    """Nobody looks for rows by a value that they do not have, and to index them doubles the time of a bulk load.

    An index of several columns stays whole: it is also read from end to end, for the order that it keeps.
    """
    columns = list(index.columns)
    if len(columns) == 1 and columns[0].nullable and not index.unique:
        for dialect in ("sqlite", "postgresql"):
            index.dialect_options[dialect]["where"] = columns[0].is_not(None)


def _begins_another(index: Index, table: Table) -> bool:
    """Whether a longer index of the table finds rows by the same columns; a second one would only cost writes."""
    columns = list(index.columns)
    others = [list(other.columns) for other in table.indexes]
    return not index.unique and any(columns == other[: len(columns)] and columns != other for other in others)
