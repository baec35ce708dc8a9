"""The sample feed: the same plan gives the same bytes, and it counts what it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from substrate.catalog import SampleOrder
from verticals.logistics import vertical
from verticals.logistics.sample import SamplePlan, generate
from verticals.logistics.sample.defects import DEFECT_KINDS
from verticals.logistics.sample.plan import DEFAULT_UNTIL

PLAN = SamplePlan(customers=20, days=10, seed=2, defects=0.05)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_plan_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 2), ("b", 2), ("c", 3)):
        generate(tmp_path / name, SamplePlan(customers=20, days=10, seed=seed))
    first, second, other = (bytes_of(tmp_path / name) for name in "abc")
    assert first == second != other


def test_it_counts_what_it_wrote(tmp_path: Path) -> None:
    told = generate(tmp_path, PLAN)
    for kind, count in told.resources.items():
        lines = (tmp_path / f"{kind}.{'ndjson' if kind == 'ObjectEvent' else 'csv'}").read_bytes().count(b"\n")
        assert lines - (kind != "ObjectEvent") == count
    planted = orjson.loads((tmp_path / "planted.json").read_bytes())
    assert (sum(told.defects.values()), sum(told.incidents.values())) == (
        len(planted["defects"]), len(planted["incidents"])
    )  # fmt: skip
    assert set(told.defects) == set(DEFECT_KINDS)
    assert sum(told.defects.values()) == pytest.approx(0.05 * told.rows, abs=1)


def test_events_decide_the_size(tmp_path: Path) -> None:
    order = SampleOrder(events=60_000, days=30, defects=0, until=DEFAULT_UNTIL, compress=True)
    assert vertical.sample is not None
    told = vertical.sample(tmp_path, order, lambda _done, _all: None)
    assert sum(told.resources.values()) == pytest.approx(60_000, rel=0.25)
    assert (tmp_path / "sensor_reading.csv.gz").exists()
    assert told.bytes < 60_000 * 60


@pytest.mark.parametrize("wrong", [{"customers": 0}, {"days": 0}, {"events": 0}, {"defects": 0.6}])
def test_a_plan_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SamplePlan(**wrong)
