"""`plumbline db`: bring the database up to date."""

from __future__ import annotations

from console.answers import JSON, app
from console.terminal import print_json, screen
from console.workspace import load_settings
from substrate.catalog import verticals
from substrate.database import open_database
from substrate.migrate import head, revision
from substrate.migrate import upgrade as upgrade_database

commands = app("The database: bring it up to date, see where it stands.")


@commands.command()
def upgrade(as_json: JSON = False) -> None:
    """Migrate our own tables, and add what the installed verticals declare. Safe to run again.

    Example: PLUMBLINE_DATABASE_URL=postgresql+psycopg://plumbline@db/plumbline plumbline db upgrade
    """
    settings = load_settings()
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = open_database(settings.resolved_database_url)
    try:
        changes = upgrade_database(database, verticals().values())
    finally:
        database.close()
    if as_json:
        print_json({"database": settings.safe_database_url, "revision": head(), "changes": changes})
        return
    for change in changes:
        screen.print(f"  {change}")
    screen.print(f"{settings.safe_database_url} is up to date (migration {head()}).")


@commands.command()
def status(as_json: JSON = False) -> None:
    """Say which migration the database has, and which this program knows.

    Example: plumbline db status --json
    """
    settings = load_settings()
    database = open_database(settings.resolved_database_url)
    try:
        with database.read() as connection:
            found = revision(connection)
    finally:
        database.close()
    if as_json:
        print_json({"database": settings.safe_database_url, "revision": found, "head": head()})
        return
    screen.print(f"{settings.safe_database_url}: migration {found or 'none'}, newest is {head()}.")
