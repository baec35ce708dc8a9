"""A million real events without ids: duplicates are unchanged, events without a time are kept in quarantine."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete

from substrate.cursors import source_cursor
from substrate.database import Database, open_database
from substrate.ingest import IngestReport, ingest
from substrate.migrate import upgrade
from tests.substrate.mimic import MIMIC, ParquetSource

EVENTS = "hospital/mimic_iv_demo_meds/mimic_iv_demo_meds_events.parquet"
NOW = 10**16


@pytest.fixture(scope="module")
def read(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Database, IngestReport]:
    """The whole file, read once."""
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('mimic') / 'mimic.sqlite'}")
    upgrade(database, [MIMIC])
    return database, ingest(database, MIMIC, ParquetSource(shared_data / EVENTS), NOW, batch_rows=5_000)


@pytest.mark.slow
def test_every_event_is_accounted_for(read: tuple[Database, IngestReport]) -> None:
    _, report = read
    assert report.rows_in == 916_166
    assert (report.unchanged, report.quarantined) == (82_516, 100)
    assert report.reasons == {"missing_value": 100}
    assert report.accepted == report.rows_in - report.unchanged - report.quarantined


@pytest.mark.slow
def test_nothing_is_read_twice(read: tuple[Database, IngestReport], shared_data: Path) -> None:
    database, _ = read
    assert ingest(database, MIMIC, ParquetSource(shared_data / EVENTS), NOW).rows_in == 0


@pytest.mark.slow
def test_what_is_read_again_is_unchanged(read: tuple[Database, IngestReport], shared_data: Path) -> None:
    database, _ = read
    with database.write() as connection:
        connection.execute(delete(source_cursor))
    report = ingest(database, MIMIC, ParquetSource(shared_data / EVENTS), NOW)
    database.close()
    assert (report.accepted, report.unchanged, report.quarantined) == (0, 916_066, 100)
