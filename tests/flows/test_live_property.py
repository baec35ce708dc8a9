"""However pushed versions interleave, repeat and overtake one another: the end is that of one ingest of the newest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from automations.alerts import alert
from automations.outbox import outbox
from substrate.clock import MINUTE, isoformat
from substrate.database import open_database
from substrate.features.tables import feature_table
from substrate.records import table_of
from substrate.schema import SYSTEM
from tests.flows.pushing import NOW, Pushed, result
from verticals.hospital import records, vertical

FEATURES = feature_table(vertical.views_by_kind["patient"])
_OURS = ("recorded_at", "batch")

version = st.tuples(st.sampled_from("abc"), st.integers(0, 3))
flags = st.lists(st.sampled_from(["HH", "N", "LL"]), min_size=4, max_size=4)


@pytest.fixture(scope="module")
def pushed() -> Iterator[Pushed]:
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/test.sqlite")
        yield Pushed(Path(folder) / "home", database)
        database.close()


def told(key: str, number: int, flags: list[str]) -> dict[str, Any]:
    """One version of a result."""
    changed = {"lastUpdated": isoformat(NOW + (number - 9) * MINUTE)}
    return result(key, flags[number], valueQuantity={"value": float(number), "unit": "mmol/L"}, meta=changed)


def end_of(pushed: Pushed, batches: list[list[dict[str, Any]]]) -> tuple[Any, ...]:
    """What is there in the end, when it begins with nothing."""
    with pushed.database.write() as connection:
        for table in [*reversed(SYSTEM.sorted_tables), table_of(records.Result), FEATURES]:
            if table.name not in ("rule", "rule_version"):
                connection.execute(delete(table))
    for batch in batches:
        pushed.push(*batch)
        pushed.loop.drain()
    results = [
        {name: value for name, value in row._mapping.items() if name not in _OURS}
        for row in pushed.rows(table_of(records.Result))
    ]
    features = [row[1:-1] for row in pushed.rows(FEATURES)]
    return sorted(results, key=str), features


@settings(max_examples=25)
@given(flags=flags, come=st.lists(st.lists(version, min_size=1, max_size=5), min_size=1, max_size=5))
def test_the_order_of_versions_does_not_matter(
    pushed: Pushed, flags: list[str], come: list[list[tuple[str, int]]]
) -> None:
    newest: dict[str, int] = {}
    for key, number in (one for batch in come for one in batch):
        newest[key] = max(number, newest.get(key, 0))
    once = end_of(pushed, [[told(key, number, flags) for key, number in sorted(newest.items())]])
    found = end_of(pushed, [[told(key, number, flags) for key, number in batch] for batch in come])
    assert found == once
    fired = {row.entity_id for row in pushed.rows(alert) if row.state == "firing"}
    critical = {row.id for row in pushed.rows(table_of(records.Result)) if row.flag != "N"}
    assert fired == critical
    assert len(pushed.rows(outbox)) >= len(fired)
    assert {state for state, _ in pushed.events()} == {"done"}
