"""Two processes at once on one database: they queue, and in the end it is as if one had come after the other."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import func, select

from substrate.batches import current_batch
from substrate.database import Database, open_database
from substrate.ingest import ingest
from substrate.migrate import is_current, upgrade
from substrate.quarantine import held_rows
from substrate.records import history_of, table_of
from substrate.sources.source import Row
from tests.substrate.clinic import CLINIC, Doctor, ListSource, Step, Visit, row

NOW = 400
DOCTORS, PAGES = 120, 6

pytestmark = pytest.mark.slow


def page(number: int) -> list[Row]:
    """Doctors, each read twice, visits by badge with steps, one bad row."""
    doctors = [row("Doctor", {"id": f"{number}-{each}", "badge": f"B{number}-{each}"}) for each in range(DOCTORS)]
    visits = [
        row("Visit", {"id": f"{number}-{each}", "badge": f"B{number}-{each}", "fee": each, "steps": ["x", "y"]})
        for each in range(DOCTORS)
    ]
    return [*visits, *doctors, row("Visit", {"id": f"bad-{number}", "start": "soon"})]


def ingest_all(url: str, barrier: Barrier) -> None:
    """What each of the processes does."""
    database = open_database(url)
    source = ListSource(*(page(number) for number in range(PAGES)), complete=["Doctor", "Visit"])
    barrier.wait(60)
    ingest(database, CLINIC, source, NOW, batch_rows=50)
    database.close()


def migrate(url: str, barrier: Barrier) -> None:
    """The same for the tables."""
    database = open_database(url)
    barrier.wait(60)
    upgrade(database, [CLINIC])
    database.close()


def both(work: Callable[[str, Barrier], None], url: str) -> None:
    """Let two processes do the same work, and both must come to their end."""
    context = get_context("spawn")
    barrier = context.Barrier(2)
    processes = [context.Process(target=work, args=(url, barrier)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(240)
    assert [process.exitcode for process in processes] == [0, 0]


def test_two_reads_of_one_source_lose_and_double_nothing(clinic: Database, database_url: str) -> None:
    both(ingest_all, database_url)
    with clinic.read() as connection:
        for record, count in ((Doctor, DOCTORS * PAGES), (Visit, DOCTORS * PAGES), (Step, 2 * DOCTORS * PAGES)):
            table, past = table_of(record), history_of(record)
            alive = select(func.count()).select_from(table).where(table.c.gone_at.is_(None))
            assert connection.execute(alive).scalar() == count
            assert connection.execute(select(func.count()).select_from(past)).scalar() == 0
        visit, doctor = table_of(Visit), table_of(Doctor)
        lost = select(func.count()).select_from(visit.outerjoin(doctor, doctor.c.id == visit.c.doctor_id))
        assert connection.execute(lost.where(doctor.c.id.is_(None))).scalar() == 0
        held = held_rows(connection)
        assert (len(held), {each.seen for each in held}) == (PAGES, {2})
        assert current_batch(connection) > 0


def test_two_processes_that_make_the_tables_make_them_once(database: Database, database_url: str) -> None:
    both(migrate, database_url)
    assert is_current(database)
    assert upgrade(database, [CLINIC]) == []


def open_new_files(folder: str, barrier: Barrier) -> None:
    """Open one new file after another, each in the same moment as the other process."""
    for number in range(40):
        barrier.wait(60)
        database = open_database(f"sqlite:///{folder}/{number}.db")
        with database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS visit (id INTEGER)")
        database.close()


def test_a_new_file_that_two_processes_open_at_once_is_refused_to_neither(tmp_path: Path) -> None:
    both(open_new_files, str(tmp_path))
