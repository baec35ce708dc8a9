"""A database is only read, never waited for too long, and what is wrong with it is told without its secrets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from substrate.errors import ConfigurationError, SourceError
from substrate.relations import TableOptions
from substrate.sources.sql.options import SqlOptions
from substrate.sources.sql.server import SqlServer
from substrate.sources.sql.source import SqlSource
from substrate.sources.web import UnreachableError


@pytest.fixture
def url(database_url: str) -> str:
    """The address of a database with one table of staff."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE staff (id INTEGER PRIMARY KEY, surname TEXT)"))
        connection.execute(text("INSERT INTO staff VALUES (1, 'Kowalska')"))
    engine.dispose()
    return database_url


def read(url: str, **options: Any) -> None:
    table = {name: options.pop(name) for name in ("table", "query", "key", "changed", "columns") if name in options}
    with SqlSource("erp", SqlOptions(url=url, tables={"Staff": TableOptions(**table)}, **options)) as source:
        list(source.read(None, 0))


def trouble(url: str, **options: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(url, **options)
    return caught.value


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO staff VALUES (2, 'x')", "UPDATE staff SET surname = 'x'", "DELETE FROM staff", "DROP TABLE staff"],
)
def test_the_database_itself_refuses_to_be_written_to(url: str, statement: str) -> None:
    server = SqlServer("erp", SqlOptions(url=url))
    with pytest.raises(SQLAlchemyError, match=r"read.?only"), server.engine.begin() as connection:
        connection.execute(text(statement))
    server.close()


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM staff", "INSERT INTO staff VALUES (3)", "/* SELECT */ DROP TABLE staff", "PRAGMA user_version"],
)
def test_a_query_that_is_no_select_is_refused_at_once(query: str) -> None:
    with pytest.raises(ValidationError, match="SELECT"):
        TableOptions(query=query)


def test_two_statements_are_not_sent_as_one(url: str) -> None:
    trouble(url, query="SELECT * FROM staff; DELETE FROM staff")
    read(url, table="staff")


def test_a_table_or_column_that_is_not_there_names_its_neighbours(url: str) -> None:
    assert "'staf'" in trouble(url, table="staf").message
    assert trouble(url, table="staf").hint == "It has: staff."
    assert "'surnam'" in trouble(url, table="staff", columns=("surnam",)).message
    assert trouble(url, table="staff", changed=("surnam",)).hint == "It has: surname."


def test_a_query_on_an_unknown_table_is_told_in_plain_words(url: str) -> None:
    assert "knows no such table or column" in trouble(url, query="SELECT id FROM nowhere").message


def test_a_statement_that_takes_too_long_is_ended(url: str) -> None:
    forever = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 1000000000) SELECT id FROM n"
    error = trouble(url, query=forever, statement_seconds=1)
    assert "in time" in error.message
    assert "statement_seconds" in error.hint


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://plumbline:s3cret@localhost:1/erp", "cannot be reached"),
        ("postgresql://plumbline:s3cret@host.invalid/erp", "cannot be reached"),
    ],
)
def test_a_server_that_is_away_is_told_without_the_password(address: str, said: str) -> None:
    error = trouble(address, table="staff", connect_seconds=2)
    assert isinstance(error, UnreachableError)
    assert said in error.message
    assert "s3cret" not in f"{error!r}{error}{error.__cause__!r}"


def test_a_database_that_its_server_does_not_have(postgres_server: str) -> None:
    name, _, host = postgres_server.partition("?")
    address = f"{name.rpartition('/')[0]}/nowhere?{host}".replace("postgres:", "postgres:s3cret")
    assert "does not exist on its server" in trouble(address, table="staff").message


def test_the_address_is_shown_without_its_password() -> None:
    options = SqlOptions(url="postgresql://plumbline:s3cret@db/erp?sslpassword=s3cret")
    assert options.place == "postgresql://plumbline:***@db/erp?sslpassword=%2A%2A%2A"
    assert "s3cret" not in f"{options!r}{options.model_dump_json()}"


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "none.db"
    assert f"no database file {missing}" in trouble(f"sqlite:///{missing}", table="staff").message
    assert not missing.exists()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "erp.db").write_text("surname;firstname\n" * 100)
    assert "is no database file" in trouble(f"sqlite:///{tmp_path / 'erp.db'}", table="staff").message


@pytest.mark.parametrize("address", ["mysql://u:s3cret@db/erp", "mariadb://u:s3cret@db/erp"])
def test_a_driver_that_is_not_installed_names_its_extra(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(ConfigurationError) as caught:
        SqlServer("erp", SqlOptions(url=address))
    assert "plumbline[mysql]" in caught.value.hint


@pytest.mark.parametrize("address", ["not an address", "nosuch://db/erp"])
def test_an_address_that_nobody_understands(address: str) -> None:
    with pytest.raises((ConfigurationError, ValidationError)):
        SqlServer("erp", SqlOptions(url=address))
