"""A sample feed: the same plan gives the same bytes, its rows lie together, and what was planted is written down."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from substrate.catalog import SampleOrder
from substrate.quality import Reason
from verticals.school import vertical
from verticals.school.sample import SamplePlan, generate
from verticals.school.sample.defects import DEFECT_KINDS
from verticals.school.sample.order import sample
from verticals.school.sample.sheets import SHEETS
from verticals.school.sample.stories import STORIES

PLAN = SamplePlan(students=90, days=60)


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A feed of the usual kind."""
    folder: Path = tmp_path_factory.mktemp("feed")
    generate(folder, PLAN)
    return folder


def rows(feed: Path, sheet: str) -> list[dict[str, str]]:
    """The rows of a file without a planted defect."""
    flawed = {flaw["line"] for flaw in planted(feed)["defects"] if flaw["resource"] == sheet}
    lines = (feed / f"{sheet}.csv").read_bytes().splitlines()
    good = [line.decode() for number, line in enumerate(lines, 1) if number not in flawed]
    return list(csv.DictReader(good))


def planted(feed: Path) -> dict[str, Any]:
    """What was planted."""
    return dict(json.loads((feed / "planted.json").read_bytes()))


def test_the_same_plan_gives_the_same_bytes_and_another_seed_does_not(feed: Path, tmp_path: Path) -> None:
    generate(tmp_path / "same", PLAN)
    generate(tmp_path / "other", SamplePlan(students=90, days=60, seed=2))
    for file in feed.iterdir():
        assert (tmp_path / "same" / file.name).read_bytes() == file.read_bytes()
    assert (tmp_path / "other" / "attendance.csv").read_bytes() != (feed / "attendance.csv").read_bytes()


def test_every_file_has_its_columns_and_is_read_by_a_mapper(feed: Path) -> None:
    for sheet, columns in SHEETS.items():
        header = (feed / f"{sheet}.csv").read_text("utf-8", "replace").partition("\n")[0]
        assert header == ",".join(columns)
    assert set(SHEETS) <= set(vertical.mappers_by_resource)


def test_the_receipt_counts_what_lies_there(tmp_path: Path) -> None:
    order = SampleOrder(people=80, days=20, until=PLAN.now, compress=True)
    receipt = sample(tmp_path, order, lambda _done, _total: None)
    assert receipt.bytes == sum(file.stat().st_size for file in tmp_path.glob("*.csv.gz"))
    assert receipt.resources["users"] > 160


def test_references_lead_to_rows_that_exist(feed: Path) -> None:
    users = {row["sourcedId"] for row in rows(feed, "users")}
    classes = {row["sourcedId"] for row in rows(feed, "classes")}
    assert {row["userSourcedId"] for row in rows(feed, "enrollments")} <= users
    assert {row["classSourcedId"] for row in rows(feed, "enrollments")} <= classes
    marks = rows(feed, "attendance")
    assert {row["student"] for row in marks} <= users
    assert {row["class"] for row in marks} <= classes
    assert {row["session"] for row in marks} - {""} <= {row["id"] for row in rows(feed, "sessions")}


def test_nothing_is_marked_on_a_holiday_or_later_than_now(feed: Path) -> None:
    closed = {row["date"] for row in rows(feed, "calendar_days") if row["open"] == "false"}
    closed -= {f"{PLAN.until:%Y-%m-%d}"}  # the annex is closed today
    for row in rows(feed, "attendance"):
        assert row["date"] not in closed
        assert datetime.fromisoformat(row["changed_at"]) <= PLAN.until


def test_every_story_is_told_and_every_rule_has_a_near_miss(feed: Path) -> None:
    said = Counter((case["kind"], case["expect"]) for case in planted(feed)["incidents"])
    assert {kind for kind, _ in said} >= set(STORIES.values())
    fires = {kind for kind, expect in said if expect == "fires"}
    assert fires == {kind for kind, _ in said}
    alone = {"absence_still_unexplained", "absence_three_days", "school_absence_unusual"}
    assert {kind for kind, expect in said if expect == "quiet"} >= fires - alone


def test_each_flaw_names_its_line_and_outcome(feed: Path) -> None:
    flaws = planted(feed)["defects"]
    total = sum(len((feed / f"{sheet}.csv").read_bytes().splitlines()) - 1 for sheet in SHEETS)
    assert {flaw["kind"] for flaw in flaws} == set(DEFECT_KINDS)
    assert len(flaws) == pytest.approx(0.01 * total, rel=0.05)
    reasons = {reason.value for reason in Reason}
    assert all(flaw["expect"] != "quarantined" or flaw["reason"] in reasons for flaw in flaws)


@pytest.mark.parametrize("until", ["2026-03-01T00:10:00+00:00", "2026-02-28T23:59:00+00:00"])
def test_a_weekend_or_midnight_does_no_harm(tmp_path: Path, until: str) -> None:
    made = generate(tmp_path, SamplePlan(students=80, days=15, until=datetime.fromisoformat(until)))
    assert made.incidents["absence_unexplained"] > 0


@pytest.mark.parametrize("days", [1, 2, 4, 7, 11])
def test_a_short_history_is_enough(tmp_path: Path, days: int) -> None:
    made = generate(tmp_path, SamplePlan(students=5, days=days))
    assert made.incidents["work_missing"] > 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"students": 0}, "students is 0"),
        ({"days": 0}, "days is 0"),
        ({"defects": 0.6}, "defects is 0.6"),
        ({"events": 0}, "events is 0"),
        ({"until": datetime(2026, 1, 1)}, "no time zone"),  # noqa: DTZ001 - the naive time is what is refused
    ],
)
def test_an_impossible_plan_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SamplePlan(**changes)


def test_schools_share_all_students_evenly() -> None:
    sizes = SamplePlan(students=5_001).schools()
    assert (sum(sizes), max(sizes) - min(sizes)) == (5_001, 1)
    assert max(sizes) <= 600
