"""Many rows in one statement: upserts and appends at the speed of the driver, on both databases.

Values go to the driver as they are (ints, strings, floats, bools, None): no object a row, no type machinery a value.
PostgreSQL takes large batches through COPY into a staging table of the transaction, and one INSERT … SELECT.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

Rows = Sequence[tuple[Any, ...]]

# Below this many rows COPY into a staging table costs more round trips than it saves.
_COPY_FROM = 64


def upsert(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Rows,
    key: Sequence[str] = ("id",),
    *,
    rising: str | None = None,
) -> None:
    """Insert rows, or overwrite the named columns of those whose key exists.

    Args:
        connection: a write transaction.
        table: the table to write.
        columns: the names that the tuples' values belong to; they include the key.
        rows: one tuple a row, each key at most once.
        key: the columns of the unique key.
        rising: a column that never falls; a row that holds a larger value of it already is left as it is.
    """
    changed = [_quoted(connection, name) for name in columns if name not in key]
    sets = ", ".join(f"{name} = excluded.{name}" for name in changed)
    target = ", ".join(_quoted(connection, name) for name in key)
    action = f"DO UPDATE SET {sets}" if changed else "DO NOTHING"
    if rising is not None:
        guard = _quoted(connection, rising)
        action += f" WHERE {_quoted(connection, table.name)}.{guard} <= excluded.{guard}"
    _write(connection, table, columns, rows, f"ON CONFLICT ({target}) {action}")


def append(connection: Connection, table: Table, columns: Sequence[str], rows: Rows, *, new_only: bool = False) -> int:
    """Insert rows, and say how many went in; with `new_only`, rows that break a unique key are passed over."""
    return _write(connection, table, columns, rows, "ON CONFLICT DO NOTHING" if new_only else "")


def _write(connection: Connection, table: Table, columns: Sequence[str], rows: Rows, conflict: str) -> int:
    if not rows:
        return 0
    names = ", ".join(_quoted(connection, name) for name in columns)
    target = _quoted(connection, table.name)
    if connection.dialect.name == "postgresql" and len(rows) >= _COPY_FROM:
        return _copy(connection, target, names, rows, conflict)
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    marks = ", ".join([mark] * len(columns))
    spelt = f"INSERT INTO {target} ({names}) VALUES ({marks}) {conflict}"
    return connection.exec_driver_sql(spelt, list(rows)).rowcount


def _copy(connection: Connection, target: str, names: str, rows: Rows, conflict: str) -> int:
    cursor: Any = connection.connection.cursor()
    try:
        cursor.execute(f"CREATE TEMP TABLE plumbline_stage ON COMMIT DROP AS SELECT {names} FROM {target} LIMIT 0")
        with cursor.copy(f"COPY plumbline_stage ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(f"INSERT INTO {target} ({names}) SELECT {names} FROM plumbline_stage {conflict}")
        count = int(cursor.rowcount)
        cursor.execute("DROP TABLE plumbline_stage")
        return count
    except connection.dialect.loaded_dbapi.Error as error:
        # This way round SQLAlchemy, so its tree of errors must be found by hand: callers know no driver's.
        base, dialect = connection.dialect.loaded_dbapi.Error, connection.dialect
        raise DBAPIError.instance("COPY", None, error, base, hide_parameters=True, dialect=dialect) from error
    finally:
        cursor.close()


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)
