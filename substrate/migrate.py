"""Bring a database up to date: our own tables step by step, the verticals' tables by reconciling.

A database that is newer than the program is refused: an older program would write what the newer one misreads.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, inspect

from substrate.catalog import Vertical
from substrate.database import Database
from substrate.errors import DatabaseError
from substrate.features.indexes import indexes_for
from substrate.features.tables import LIVE, REPLAY, tables_of
from substrate.records import history_of, table_of
from substrate.schema import reconcile
from substrate.series.tables import indexes_for as series_indexes
from substrate.series.tables import series_table
from substrate.turns import take_turn


def upgrade(database: Database, verticals: Iterable[Vertical], *, to: str = "head") -> list[str]:
    """Migrate our own tables and reconcile the verticals'.

    Args:
        to: the migration to stop at; tests stop half-way.

    Returns:
        One line a change; empty when everything was up to date.

    Raises:
        DatabaseError: the database was made by a newer Plumbline.
    """
    with database.write() as connection:
        take_turn(connection, "upgrade")
        before = revision(connection)
        _refuse_newer(before)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        after = revision(connection)
        done = [f"migrated from {before or 'empty'} to {after}"] if before != after else []
        return done + reconcile(connection, declared_tables(verticals))


def revision(connection: Connection) -> str | None:
    """The newest migration that the database has; None: it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The newest migration that this program knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    return newest or ""


def is_current(database: Database) -> bool:
    """Whether the database has every migration that this program knows."""
    with database.read() as connection:
        return revision(connection) == head()


def declared_tables(verticals: Iterable[Vertical]) -> list[Table]:
    """The tables that verticals need: their records, the records' history, their features and series."""
    tables: list[Table] = []
    for vertical in verticals:
        for record in vertical.records:
            tables += [table_of(record), history_of(record)]
        for view in vertical.views:
            indexes_for(view)  # joins the records' tables, which are reconciled with them
            tables += [*tables_of(view, LIVE), *tables_of(view, REPLAY)]
        for series in vertical.series:
            series_indexes(series)
            tables += [series_table(series, LIVE), series_table(series, REPLAY)]
    return tables


def missing_tables(connection: Connection, verticals: Iterable[Vertical]) -> list[str]:
    """Which of the verticals' tables the database lacks."""
    present = set(inspect(connection).get_table_names())
    return [table.name for table in declared_tables(verticals) if table.name not in present]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("substrate") / "migrations"))
    return config


def _refuse_newer(found: str | None) -> None:
    known = {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        hint = "Install the Plumbline that made it, or a newer one; the data is untouched."
        raise DatabaseError(f"the database is at migration {found}, which this Plumbline does not know", hint=hint)
