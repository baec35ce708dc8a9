"""What a run left behind, as a value that two runs can be compared by: every table, and every file of the outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, select

from substrate.database import Database

# Numbers that a database hands out, numbers of transactions, and how often and when something was tried: a run that
# was killed took more of them. Everything else must be equal.
_MAY_DIFFER = {
    "alert": {"count"},
    "alert_event": {"id"},
    "audit_event": {"id"},
    "feature_state": {"seconds"},
    "inbox_message": {"id", "received_at"},
    "outbox": {"id", "attempts", "due_at", "changed_at", "uncertain", "sent_at", "provider_id"},
    "quarantine": {"id", "seen"},
    "rule_progress": {"revision", "usual_interval"},
}
_NUMBERED = {"batch", "superseded_batch", "number"}


@dataclass(frozen=True)
class Rows:
    """The rows of a table, in no order; columns that may differ are left out."""

    columns: tuple[str, ...]
    rows: Counter[tuple[Any, ...]]


State = Mapping[str, Rows]
"""Each table, and under `files` the files of the outbox folder."""


def state_of(database: Database, outbox: Path) -> State:
    """Everything that a run left."""
    metadata = MetaData()
    with database.read() as connection:
        metadata.reflect(connection)
        found = {name: _rows(connection, table) for name, table in metadata.tables.items()}
    files = Counter((path.name, path.read_bytes()) for path in outbox.glob("*"))
    return found | {"files": Rows(("name", "content"), files)}


def differences(expected: State, found: State) -> list[str]:
    """One line for each table in which two runs differ; empty: they came to the same. No value is repeated."""
    if expected.keys() != found.keys():
        return [f"these tables are not in both: {', '.join(sorted(expected.keys() ^ found.keys()))}"]
    return [_told(name, expected[name], found[name]) for name in sorted(expected) if expected[name] != found[name]]


def _told(name: str, expected: Rows, found: Rows) -> str:
    lost, more = expected.rows - found.rows, found.rows - expected.rows
    columns = [
        column
        for place, column in enumerate(expected.columns)
        if Counter(row[place] for row in lost.elements()) != Counter(row[place] for row in more.elements())
    ]
    return f"{name}: {lost.total()} rows lost, {more.total()} too many; they differ in {', '.join(columns)}"


def _rows(connection: Connection, table: Table) -> Rows:
    left_out = _MAY_DIFFER.get(table.name, set()) | _NUMBERED
    columns = [column for column in table.columns if column.name not in left_out]
    rows = Counter(tuple(row) for row in connection.execute(select(*columns)))
    return Rows(tuple(column.name for column in columns), rows)
