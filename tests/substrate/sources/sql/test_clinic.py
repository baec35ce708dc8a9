"""One file connects a database: records come, change and go by it, under keys of several columns and a prefix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, text

from substrate.database import Database
from substrate.ingest import IngestReport, ingest
from substrate.sources.configured import SourceEntry, opened, speaking
from substrate.sources.sql.options import SqlOptions
from tests.conftest import fresh_database
from tests.substrate.clinic import CLINIC, Doctor, Visit
from tests.substrate.test_ingest import NOW, live

MAPPING = """
mapping: his
vertical: clinic
resources:
  stays:
    record: visit
    key: "stay/{house}/{number}"
    changed: {from: written, zone: UTC}
    sql: {deleted: {table: gone_stays, key: [house, number], changed: at}}
    fields:
      doctor_id: "doctor"
      start: {from: began, zone: Europe/Berlin}
      fee: fee
  staff:
    record: doctor
    key: id
    where: surname != "System"
    fields: {name: surname}
"""

TABLES = (
    "CREATE TABLE staff (id INTEGER PRIMARY KEY, surname TEXT)",
    "CREATE TABLE stays (house TEXT, number INTEGER, doctor INTEGER, began TIMESTAMP, fee NUMERIC(8,2), "
    "written TIMESTAMP, PRIMARY KEY (house, number))",
    "CREATE TABLE gone_stays (house TEXT, number INTEGER, at TIMESTAMP)",
    *(f"INSERT INTO staff VALUES ({number}, 'Doctor {number}')" for number in range(1, 61)),
    "INSERT INTO staff VALUES (99, 'System')",
    *(
        f"INSERT INTO stays VALUES ('A', {number}, 1, '2026-01-01 12:00:00', 80.00, '2026-01-0{number} 08:00:00')"
        for number in (1, 2, 3)
    ),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def his(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A hospital's database."""
    on_sqlite = request.param == "sqlite"
    url = (
        f"sqlite:///{tmp_path / 'his.db'}" if on_sqlite else fresh_database(request.getfixturevalue("postgres_server"))
    )
    engine = create_engine(url)
    say(engine, *TABLES)
    yield engine
    engine.dispose()


def say(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def read(clinic: Database, his: Engine, folder: Path, sweep_every: int = 1) -> IngestReport:
    (folder / "his.yaml").write_text(MAPPING, "utf-8")
    url = SecretStr(his.url.render_as_string(hide_password=False))
    options = SqlOptions(url=url, page_rows=2, sweep_every=sweep_every)
    entry = SourceEntry(name="his", vertical="clinic", mapping=str(folder / "his.yaml"), sql=options)
    vertical = speaking(CLINIC, entry)
    with opened(entry, vertical) as source:
        return ingest(clinic, vertical, source, NOW)


def test_everything_comes_and_comes_once(clinic: Database, his: Engine, tmp_path: Path) -> None:
    report = read(clinic, his, tmp_path)
    assert (report.rows_in, report.accepted, report.unchanged, report.quarantined) == (64, 63, 1, 0)
    assert sorted(live(clinic, Visit)) == ["stay/A/1", "stay/A/2", "stay/A/3"]
    assert live(clinic, Visit)["stay/A/1"]["fee"] == 80
    again = read(clinic, his, tmp_path)
    assert (again.accepted, again.quarantined, +again.gone) == (0, 0, {})


def test_a_deletion_that_the_database_notes(clinic: Database, his: Engine, tmp_path: Path) -> None:
    read(clinic, his, tmp_path)
    say(his, "DELETE FROM stays WHERE number < 3", "INSERT INTO gone_stays VALUES ('A', 1, '2026-01-05 08:00:00')")
    assert +read(clinic, his, tmp_path).gone == {"visit": 1}
    assert sorted(live(clinic, Visit)) == ["stay/A/2", "stay/A/3"]


def test_a_deletion_that_only_missing_keys_tell(clinic: Database, his: Engine, tmp_path: Path) -> None:
    read(clinic, his, tmp_path)
    say(his, "DELETE FROM staff WHERE id = 7", "UPDATE staff SET surname = 'System' WHERE id = 8")
    assert +read(clinic, his, tmp_path).gone == {"doctor": 2}


def test_too_many_deletions_wait_for_a_person(clinic: Database, his: Engine, tmp_path: Path) -> None:
    read(clinic, his, tmp_path)
    say(his, "DELETE FROM staff WHERE id > 3")
    report = read(clinic, his, tmp_path)
    assert (+report.gone, report.held_deletes) == ({}, {"doctor": 57})
    assert len(live(clinic, Doctor)) == 60


def test_a_table_that_is_being_filled_anew_loses_nothing(clinic: Database, his: Engine, tmp_path: Path) -> None:
    read(clinic, his, tmp_path)
    say(his, "DELETE FROM staff")
    report = read(clinic, his, tmp_path)
    assert (+report.gone, report.held_deletes) == ({}, {})
    assert len(live(clinic, Doctor)) == 60
