"""Times the language's back-ends: a million rows in SQLite, PostgreSQL and numpy, and 500 rules on one event.

Run `python -m benchmarks.expressions [rows]`; it needs the development tools, which bring a PostgreSQL server.
"""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import quantiles
from time import perf_counter

import numpy as np
import sqlalchemy as sa

from benchmarks.result import Result, milliseconds, show
from benchmarks.servers import urls
from substrate.expressions import Column, Expression, FieldPath, Fields, Operand, Type, check, to_arrays, to_closure
from substrate.expressions import to_sql as push_down

NOW = 1_709_210_096_000_000
HOUR = 3_600_000_000
CONDITIONS = {
    "3 leaves": 'potassium > 6.0 && hours_since(taken_at) < 4000.0 && ward in ["ICU", "ER"]',
    "arithmetic": "abs(zscore(potassium, mean, deviation)) > 3.0 || potassium * 2.0 - mean > beds + 8",
    "calendar": "years(taken_at) >= 1 && day_of_week(taken_at) == 0",
}
OPERANDS = [
    Operand(("potassium",), Type.DOUBLE),
    Operand(("mean",), Type.DOUBLE),
    Operand(("deviation",), Type.DOUBLE),
    Operand(("taken_at",), Type.TIMESTAMP),
    Operand(("ward",), Type.STRING),
    Operand(("beds",), Type.INT),
]
SCHEMA = Fields(OPERANDS)
TABLE = sa.Table(
    "events",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("potassium", sa.Double),
    sa.Column("mean", sa.Double),
    sa.Column("deviation", sa.Double),
    sa.Column("taken_at", sa.BigInteger),
    sa.Column("ward", sa.Text),
    sa.Column("beds", sa.BigInteger),
)


def main(rows: int = 1_000_000) -> None:
    """Measure and print one table."""
    show(results(rows), "expressions")


def results(rows: int) -> Iterator[Result]:
    """Whole tables on each back-end (best of 3, matching rows in parentheses), then single events."""
    columns = _columns(rows)
    with _databases(columns) as engines:
        for name, text in CONDITIONS.items():
            expression = check(text, SCHEMA)
            found = [f"{engine.dialect.name} {_cell(partial(_count, engine, expression))}" for engine in engines]
            arrays = _cell(partial(_count_arrays, expression, columns))
            yield Result(f"{name} over {rows:,} rows", ", ".join([*found, f"numpy {arrays}"]))
    yield _events()


def _columns(rows: int) -> dict[FieldPath, Column]:
    chance = np.random.default_rng(1)
    values = {
        "potassium": chance.normal(4.5, 1.0, rows),
        "mean": chance.normal(4.5, 0.1, rows),
        "deviation": chance.uniform(0.0, 1.0, rows),
        "taken_at": NOW - chance.integers(0, 20_000 * HOUR, rows),
        "ward": chance.choice(np.array(["ICU", "ER", "A1", "A2"], dtype=np.dtypes.StringDType()), rows),
        "beds": chance.integers(0, 10, rows),
    }
    return {(name,): Column(array, chance.random(rows) > 0.05) for name, array in values.items()}


@contextmanager
def _databases(columns: dict[FieldPath, Column]) -> Iterator[list[sa.Engine]]:
    with urls() as empty:
        engines = [sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:")) for url in empty]
        for engine in engines:
            _fill(engine, columns)
        yield engines
        for engine in engines:
            engine.dispose()


def _fill(engine: sa.Engine, columns: dict[FieldPath, Column]) -> None:
    names = [operand.path[0] for operand in OPERANDS]
    lists = [
        [value if known else None for value, known in zip(column.values.tolist(), column.valid.tolist(), strict=True)]
        for column in columns.values()
    ]
    with engine.begin() as connection:
        TABLE.create(connection)
        for start in range(0, len(lists[0]), 50_000):
            chunk = zip(*(values[start : start + 50_000] for values in lists), strict=True)
            records = [{"id": start + i, **dict(zip(names, row, strict=True))} for i, row in enumerate(chunk)]
            connection.execute(TABLE.insert(), records)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))


def _count(engine: sa.Engine, expression: Expression) -> int:
    condition = push_down(expression, lambda path: TABLE.c[path[0]], NOW)
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(TABLE).where(condition)) or 0


def _count_arrays(expression: Expression, columns: dict[FieldPath, Column]) -> int:
    values, valid = to_arrays(expression, columns, NOW)
    return int((values & valid).sum())


def _cell(work: Callable[[], int]) -> str:
    times = []
    for _ in range(3):
        start = perf_counter()
        found = work()
        times.append(perf_counter() - start)
    return f"{milliseconds(min(times))} ({found:,})"


def _events(rules: int = 500, events: int = 2_000) -> Result:
    chance = random.Random(1)
    texts = [
        f"potassium > {chance.uniform(5, 7):.2f} && hours_since(taken_at) < {chance.randint(1, 9)} "
        f'&& (ward in ["ICU", "ER"] || beds < {chance.randint(1, 9)})'
        for _ in range(rules)
    ]
    closures = [to_closure(check(text, SCHEMA)) for text in texts]
    times = []
    for _ in range(events):
        row = (
            chance.uniform(3, 9),
            NOW - chance.randrange(10 * HOUR),
            chance.choice(["ICU", "A1"]),
            chance.randrange(9),
        )
        start = perf_counter()
        for evaluate in closures:
            evaluate(row, NOW)
        times.append(perf_counter() - start)
    cuts = quantiles(times, n=100)
    told = f"p50 {milliseconds(cuts[49])}, p99 {milliseconds(cuts[98])}"
    return Result(f"{rules} rules on one event, in memory", told, aim="p99 < 5 ms", met=cuts[98] < 0.005)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
