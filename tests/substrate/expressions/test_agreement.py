"""The guarantee of the language: closures, SQLite, PostgreSQL and numpy give the same answer for every row."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from substrate.expressions import Expression, Type, Value, arrange, check, to_arrays, to_closure, to_sql
from substrate.expressions.tree import Node
from tests.substrate.expressions.strategies import expressions
from tests.substrate.expressions.world import NOW, OPERANDS, SCHEMA, TABLE, as_columns, column, insert, random_rows

ROWS = random_rows(seed=7, count=300)
COLUMNS = as_columns(ROWS)
ANY = st.sampled_from([*Type]).flatmap(expressions)
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.fixture(scope="module")
def databases(sqlite_url: str, postgres_url: str) -> Iterator[list[sa.Connection]]:
    """A connection to each database, the rows loaded."""
    engines = [sa.create_engine(url) for url in (sqlite_url, postgres_url)]
    connections = [engine.connect().execution_options(isolation_level="AUTOCOMMIT") for engine in engines]
    for connection in connections:
        insert(connection, ROWS)
    yield connections
    for connection, engine in zip(connections, engines, strict=True):
        connection.close()
        engine.dispose()


def by_closure(expression: Expression) -> list[Value | None]:
    """One answer a row."""
    evaluate = to_closure(expression)
    paths = [operand.path for operand in OPERANDS]
    return [evaluate(arrange(expression, dict(zip(paths, row, strict=True))), NOW) for row in ROWS]


def by_database(connection: sa.Connection, expression: Expression) -> list[Value | None]:
    """One answer a row, from one statement."""
    answer: sa.Select[Any] = sa.select(to_sql(expression, column, NOW)).select_from(TABLE).order_by(TABLE.c.row)
    return [*connection.scalars(answer)]


def by_numpy(expression: Expression, rows: int = len(ROWS)) -> list[Value | None]:
    """One answer a row, from one call."""
    values, valid = to_arrays(expression, COLUMNS, NOW)
    known = [value if there else None for value, there in zip(values.tolist(), valid.tolist(), strict=True)]
    return known if len(known) == rows else known * rows


def differing(expression: Expression, mine: list[Value | None], theirs: list[Value | None]) -> list[tuple[object, ...]]:
    """The rows on which two back-ends differ, in value or in type."""
    pairs = zip(ROWS, mine, theirs, strict=True)
    return [(row, a, b) for row, a, b in pairs if a != b or type(a) is not type(b)]


@settings(unhurried, max_examples=400)
@given(node=ANY)
def test_all_back_ends_agree(databases: list[sa.Connection], node: Node) -> None:
    expression = check(node, SCHEMA)
    expected = by_closure(expression)
    assert differing(expression, expected, by_numpy(expression)) == []
    for connection in databases:
        assert differing(expression, expected, by_database(connection, expression)) == [], connection.dialect.name


DEEP = {
    "d - ({})": ("d", 31),
    "i / ({})": ("i", 31),
    "b ? ({}) : 1": ("i", 31),
    "round({})": ("d", 31),
    "abs(i + {})": ("i", 15),
    "coalesce(d, m.e * ({}))": ("d", 15),
    "b && (c || !({}))": ("c", 10),
    "({}).lowerAscii() + s": ("s", 15),
}


@pytest.mark.parametrize("form", DEEP)
def test_back_ends_agree_at_the_greatest_depth(databases: list[sa.Connection], form: str) -> None:
    text, levels = DEEP[form]
    for _ in range(levels):
        text = form.format(text)
    expression = check(text, SCHEMA)
    for connection in databases:
        assert by_database(connection, expression) == by_closure(expression) == by_numpy(expression)


@pytest.mark.parametrize("part", ["i == 1", "round(d + m.e) > 1.0"])
def test_five_hundred_parts_are_no_trouble_to_any_back_end(databases: list[sa.Connection], part: str) -> None:
    expression = check(" || ".join([part] * 80), SCHEMA)
    for connection in databases:
        assert by_database(connection, expression) == by_closure(expression) == by_numpy(expression)
