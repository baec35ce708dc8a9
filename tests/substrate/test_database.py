"""One database, opened one way: writers queue, readers see one state, and what is wrong is told without a password."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from substrate.database import Database, masked_url, open_database
from substrate.errors import ConfigurationError, DatabaseError, PlumblineError

SECRET = "hunter2"


@pytest.fixture
def counting(database: Database) -> Database:
    """A database with one counter at zero."""
    with database.write() as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))
    return database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A SQLite file with a table."""
    path = tmp_path / "x.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE thing (n INTEGER PRIMARY KEY, t TEXT)")
    connection.close()
    return path


@pytest.fixture
def opened(file: Path) -> Iterator[Database]:
    """The same file, opened so that nobody waits for a lock."""
    database = open_database(f"sqlite:///{file}")

    @event.listens_for(database.engine, "connect")
    def impatient(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout = 0")

    yield database
    database.close()


def test_two_writers_queue(counting: Database) -> None:
    barrier = Barrier(2)

    def count() -> None:
        barrier.wait(10)
        for _ in range(50):
            with counting.write() as connection:
                if counting.is_sqlite:  # read, then write: only a lock from the start makes that safe
                    n = connection.execute(text("SELECT n FROM counter")).scalar_one()
                    connection.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})
                else:
                    connection.execute(text("UPDATE counter SET n = n + 1"))

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(count) for _ in range(2)]:
            done.result(60)
    with counting.read() as connection:
        assert connection.execute(text("SELECT n FROM counter")).scalar() == 100


def test_a_reader_sees_no_half_of_a_write(counting: Database) -> None:
    with counting.write() as writer:
        writer.execute(text("INSERT INTO counter VALUES (1)"))
        with counting.read() as reader:
            assert reader.execute(text("SELECT count(*) FROM counter")).scalar() == 1


def test_a_reader_of_sqlite_keeps_the_state_that_it_began_with(opened: Database) -> None:
    count = text("SELECT count(*) FROM thing")
    with opened.read() as reader:
        before = reader.execute(count).scalar()
        with opened.write() as writer:
            writer.execute(text("INSERT INTO thing (n) VALUES (1)"))
        assert reader.execute(count).scalar() == before


def test_what_raises_is_undone(counting: Database) -> None:
    with pytest.raises(ZeroDivisionError), counting.write() as connection:
        _ = connection.execute(text("DELETE FROM counter")).rowcount / 0
    with counting.read() as connection:
        assert connection.execute(text("SELECT n FROM counter")).scalar() == 0


def test_an_error_never_repeats_the_values_of_its_statement(counting: Database) -> None:
    with pytest.raises(DBAPIError) as raised, counting.write() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": "Mrs Secret"})
    assert "Mrs Secret" not in str(raised.value)


def test_a_broken_constraint_stays_what_it_is(counting: Database) -> None:
    with pytest.raises(IntegrityError), counting.write() as connection:
        connection.execute(text("INSERT INTO counter VALUES (0)"))


@pytest.mark.parametrize(
    "url", [f"postgresql://anna:{SECRET}@localhost:1/x", f"postgresql://anna@localhost:1/x?password={SECRET}"]
)
def test_a_server_that_is_away_is_named_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseError, match=r"localhost:1/x.* cannot be reached") as told, open_database(url).read():
        pass
    assert SECRET not in str(told.value)
    assert "plumbline doctor" in told.value.hint


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://anna:{SECRET}@host/x",
        f"postgres://anna:{SECRET}@host/x",
        f"postgresql://anna:{SECRET}@host:port/x",
        f"postgresql://anna:{SECRET}@[::1/x",
        SECRET,
        "",
    ],
)
def test_a_wrong_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError, match="PLUMBLINE_DATABASE_URL") as told:
        open_database(url)
    chain = f"{told.value}{told.value.__cause__}{told.value.__suppress_context__}"
    assert SECRET not in chain
    assert "postgresql+psycopg://" in told.value.hint


def test_an_address_is_shown_without_its_password() -> None:
    assert masked_url(f"postgresql://anna:{SECRET}@host/x") == "postgresql://anna:***@host/x"
    assert SECRET not in masked_url(f"postgresql://host/x?user=anna&password={SECRET}")
    assert masked_url(SECRET) == "(not a database address)"


def test_a_lock_that_does_not_end_is_told(file: Path, opened: Database) -> None:
    with opened.read():
        pass
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match="held by another process"), opened.write():
        pass
    holder.close()


def test_a_full_disk_is_told(opened: Database) -> None:
    with opened.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(DatabaseError, match="no room left") as told, opened.write() as connection:
        connection.execute(text("INSERT INTO thing (t) VALUES (:t)"), {"t": "Mrs Secret" * 100_000})
    assert "Mrs Secret" not in f"{told.value}{told.value.__cause__}"


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite"
    path.write_text("to do: milk\n" * 1_000)
    database = open_database(f"sqlite:///{path}")
    with pytest.raises(DatabaseError, match="is no database"), database.read():
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PlumblineError, match="cannot be made"):
        open_database(f"sqlite:///{tmp_path / 'file' / 'x.sqlite'}")


def test_a_new_folder_is_its_owners_alone(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path / 'new' / 'x.sqlite'}").close()
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
