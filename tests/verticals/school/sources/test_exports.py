"""Exports of OneRoster through the whole ingest: what a later one does not show is gone, unless it is too much."""

from __future__ import annotations

import zipfile
from pathlib import Path

from sqlalchemy import select

from substrate.clock import parse_instant
from substrate.database import Database
from substrate.ingest import IngestReport, ingest
from substrate.migrate import upgrade
from substrate.records import table_of
from substrate.sources.configured import SourceEntry, opened, speaking
from verticals.school import vertical
from verticals.school.records import Student

NOW = parse_instant("2026-03-02T10:00:00Z")
HEADER = "sourcedId,status,dateLastModified,enabledUser,role,givenName,familyName,roles\n"


def export(folder: Path, name: str, mode: str, users: dict[str, str]) -> None:
    """A zip with users and their status."""
    rows = "".join(f"{key},{status},,true,student,G{key},F,\n" for key, status in users.items())
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr("manifest.csv", f"propertyName,value\nfile.users,{mode}\n")
        archive.writestr("users.csv", HEADER + rows)


def load(database: Database, folder: Path) -> IngestReport:
    """One read of the folder."""
    entry = SourceEntry.model_validate({"name": "sis", "vertical": "school", "oneroster_csv": {"path": folder}})
    spoken = speaking(vertical, entry)
    upgrade(database, [vertical])
    with opened(entry, spoken) as source:
        return ingest(database, spoken, source, NOW)


def present(database: Database) -> int:
    """How many students are there."""
    table = table_of(Student)
    with database.read() as connection:
        return len(connection.scalars(select(table.c.id).where(table.c.gone_at.is_(None))).all())


def test_student_who_is_to_be_deleted_or_no_longer_shown_is_gone(database: Database, tmp_path: Path) -> None:
    export(tmp_path, "1.zip", "bulk", {str(number): "" for number in range(30)})
    export(tmp_path, "2.zip", "delta", {"1": "tobedeleted", "2": "inactive"})
    load(database, tmp_path)
    assert present(database) == 29
    export(tmp_path, "3.zip", "bulk", {str(number): "" for number in range(2, 30)} | {"31": ""})
    export(tmp_path, "4.zip", "bulk", {str(number): "" for number in range(3, 30)})
    assert load(database, tmp_path).gone["student"] == 2
    assert present(database) == 27


def test_export_that_lacks_most_students_drops_none(database: Database, tmp_path: Path) -> None:
    export(tmp_path, "1.zip", "bulk", {str(number): "" for number in range(60)})
    load(database, tmp_path)
    export(tmp_path, "2.zip", "bulk", {"1": ""})
    assert load(database, tmp_path).held_deletes == {"student": 59}
    assert present(database) == 60
