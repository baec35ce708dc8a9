"""The school's features: they are explained, mean what they say, and agree in whichever way they are computed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, select

from substrate.clock import DAY, HOUR, MINUTE, parse_instant
from substrate.database import Database
from substrate.facts import Facts
from substrate.features.checked import feature_operands
from substrate.features.declare import View
from substrate.features.point_in_time import point_in_time
from substrate.features.refresh import Mode, refresh
from substrate.features.tables import feature_table
from substrate.migrate import upgrade
from substrate.records import record_id
from tests.verticals.school.feed import NOW, SOURCE, Feed, at
from verticals.school import vertical
from verticals.school.features import VIEWS

FACTS = Facts(vertical.records, vertical.views)


@pytest.fixture
def house(database: Database) -> Database:
    """A school with two siblings and their guardian, in one form."""
    upgrade(database, [vertical])
    feed = Feed()
    feed.add("orgs", sourcedId="h1", type="school")
    feed.add("classes", sourcedId="f1", classType="homeroom", schoolSourcedId="h1")
    feed.add("users", sourcedId="g1", role="parent")
    for student in ("s1", "s2"):
        feed.add("users", sourcedId=student, agentSourcedIds="g1", orgSourcedIds="h1", grades="7",
                 **{"metadata.homeroom": "f1"})  # fmt: skip
    feed.send(database)
    return database


def seen(database: Database, kind: str, key: str, *names: str, when: int = NOW) -> list[Any]:
    """Features of one record, computed as of `when`."""
    number = record_id(SOURCE, kind, key)
    with database.read() as connection:
        found = FACTS.at(connection, kind, number, [(name,) for name in names], when)
    return [found[(name,)] for name in names]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.entity.kind)
def test_every_feature_is_checked_and_explained(view: View) -> None:
    assert set(feature_operands(view)) == {feature.name for feature in view.features}
    assert all(len(feature.text) > 2 for feature in view.features)


def test_days_in_a_row_pass_over_leave_and_end_with_a_day_at_school(house: Database) -> None:
    feed = Feed()
    days = [("23", "present"), ("24", "absent"), ("25", "excused"), ("26", "absent"), ("27", "absent")]
    for day, code in days:
        feed.mark("s1", f"2026-02-{day}", code)
        feed.mark("s2", f"2026-02-{day}", "late" if day == "27" else code)
    feed.mark("s1", "2026-02-27", "present", session="l1")
    feed.send(house)
    assert seen(house, "student", "s1", "absence_streak", "last_mark") == [3, "absent"]
    assert seen(house, "student", "s2", "absence_streak", "last_mark") == [0, "late"]
    assert seen(house, "student", "s1", "absence_streak", when=parse_instant("2026-02-26T12:00:00Z")) == [2]


def test_a_mark_is_not_known_before_it_is_made_and_a_correction_counts(house: Database) -> None:
    feed = Feed()
    feed.mark("s1", "2026-03-02", "absent")
    feed.send(house)
    feed = Feed()
    feed.mark("s1", "2026-03-02", "late", corrected_at=at(NOW - 20 * MINUTE), revision="1")
    feed.send(house)
    assert seen(house, "student", "s1", "last_mark", "absent_on", "absence_settled_at") == ["late", None, None]
    assert seen(house, "student", "s1", "last_mark", when=NOW - 2 * HOUR) == [None]


def test_rates_are_of_whole_days_and_of_the_term(house: Database) -> None:
    feed = Feed()
    feed.add("registrations", student="s1", term="t1", days_planned="20")
    for day in range(10, 20):
        feed.mark("s1", f"2026-02-{day}", "absent" if day < 12 else "excused" if day == 12 else "late", term="t1")
    feed.mark("s1", "2026-02-13", "absent", session="l1", term="t1")
    feed.send(house)
    assert seen(house, "student", "s1", "attendance_rate_45d", "days_marked_45d") == [pytest.approx(0.7), 10]
    told = seen(house, "registration", "s1/t1", "attendance_rate", "days_missed", "days_unexcused", "best_rate")
    assert told == [pytest.approx(0.7), 3, 2, pytest.approx(17 / 20)]


def test_work_is_missing_or_late_by_when_it_was_handed_in(house: Database) -> None:
    feed = Feed()
    due = {"w1": NOW - 3 * DAY, "w2": NOW - 4 * DAY, "w3": NOW - 5 * DAY, "w4": NOW - 6 * DAY, "w5": NOW + DAY}
    for key, instant in due.items():
        feed.add("line_items", id=key, due_at=at(instant), class_="f1")
    feed.add("submissions", line_item="w1", status="submitted", submitted_at=at(NOW - 2 * DAY))
    feed.add("submissions", line_item="w2")
    feed.add("submissions", line_item="w3", status="exempt")
    feed.add("submissions", line_item="w4", due_at=at(NOW + 2 * HOUR))
    feed.add("submissions", line_item="w5")
    feed.send(house)
    names = ("work_missing_45d", "work_late_45d", "work_due_in_48h", "next_work_due_at")
    assert seen(house, "student", "s1", *names) == [1, 1, 2, NOW + 2 * HOUR]
    assert seen(house, "student", "s1", "work_missing_45d", when=NOW - 60 * HOUR) == [2]
    assert seen(house, "class", "f1", "work_due_7d", "work_missing_7d") == [4, 1]


def test_a_deadline_that_moves_takes_its_work_along(house: Database) -> None:
    feed = Feed()
    feed.add("line_items", id="w1", due_at=at(NOW - 3 * DAY))
    feed.add("submissions", line_item="w1")
    feed.send(house)
    assert seen(house, "student", "s1", "work_missing_45d") == [1]
    feed = Feed()
    feed.add("line_items", id="w1", due_at=at(NOW + 3 * DAY))
    feed.send(house)
    assert seen(house, "student", "s1", "work_missing_45d") == [0]


def test_only_what_is_owed_is_overdue(house: Database) -> None:
    feed = Feed()
    plans = (("i1", "issued", 3, None), ("i2", "cancelled", 3, None), ("i3", "issued", 5, NOW - HOUR),
             ("i4", "issued", -3, None))  # fmt: skip
    for key, status, ago, paid in plans:
        feed.add("fee_invoices", id=key, status=status, guardian="g1", due_at=at(NOW - ago * DAY),
                 paid_at=None if paid is None else at(paid))  # fmt: skip
    feed.send(house)
    assert seen(house, "student", "s1", "fees_overdue", "fees_outstanding") == [450.0, 900.0]
    assert seen(house, "student", "s1", "fees_days_overdue") == [pytest.approx(3.0)]
    assert seen(house, "guardian", "g1", "fees_overdue", "fees_due_in_7d", "items_7d") == [450.0, 450.0, 2]


def test_siblings_are_counted_for_those_at_home(house: Database) -> None:
    feed = Feed()
    feed.mark("s1", "2026-03-02", "absent")
    feed.mark("s2", "2026-03-02", "absent")
    feed.mark("s2", "2026-02-27", "late")
    feed.send(house)
    names = ("children_absent_24h", "children_7d", "days_absent_7d", "days_late_7d")
    assert seen(house, "guardian", "g1", *names) == [2, 2, 2, 1]


def test_a_class_knows_its_students_and_registers(house: Database) -> None:
    feed = Feed()
    for student, end in (("s1", None), ("s2", "2026-02-20")):
        feed.add("enrolments", class_="f1", student=student, end=end)
    for key, hours, taken in (("l1", 2, NOW - HOUR), ("l2", 3, None), ("l3", 200, None)):
        feed.add("sessions", id=key, class_="f1", starts_at=at(NOW - hours * HOUR),
                 register_taken_at=None if taken is None else at(taken))  # fmt: skip
    feed.send(house)
    names = ("students", "lessons_7d", "registers_missing_7d", "last_register_at")
    assert seen(house, "class", "f1", *names) == [1, 2, 1, NOW - HOUR]
    assert seen(house, "class", "f1", "students", when=NOW - 12 * DAY) == [2]


def test_signs_of_risk_are_counted(house: Database) -> None:
    feed = Feed()
    for number in range(2):
        feed.add("incidents", id=f"i{number}", at=at(NOW - number * DAY))
    feed.add("incidents", id="i9", at=at(NOW - DAY), form="positive")
    feed.add("submissions", line_item="w1", submitted_at=at(NOW - DAY), score="3", percent="30")
    feed.send(house)
    assert seen(house, "student", "s1", "incidents_45d", "percent_mean_45d", "risk_signs") == [2, 30.0, 2]
    assert seen(house, "student", "s2", "risk_signs") == [0]


def stored(connection: Connection, view: View) -> dict[int, tuple[Any, ...]]:
    """What is stored of each entity, without the time of the refresh."""
    table = feature_table(view)
    names = [column.name for column in table.c if column.name not in ("as_of", "computed_at")]
    found = connection.execute(select(*(table.c[name] for name in names)))
    return {row.id: tuple(_rounded(value) for value in row) for row in found}


def _rounded(value: Any) -> Any:
    return round(value, 9) if isinstance(value, float) else value


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.entity.kind)
def test_in_part_in_full_and_back_in_time_agree(house: Database, view: View) -> None:
    """A fortnight in steps, with a correction, a moved deadline and a payment in between."""
    later = NOW + 2 * DAY
    with house.write() as connection:
        refresh(connection, view, NOW - 14 * DAY)
    for step, moment in enumerate((NOW - 7 * DAY, NOW - DAY, later)):
        _happen(house, step, moment)
        with house.write() as connection:
            refresh(connection, view, moment, mode=Mode.INCREMENTAL)
            in_part = stored(connection, view)
            refresh(connection, view, moment, mode=Mode.FULL)
            assert stored(connection, view) == in_part
            told = point_in_time(connection, view, [(number, moment) for number in in_part])
    names = [feature.name for feature in view.aggregates]
    with house.read() as connection:
        table = feature_table(view)
        for row in connection.execute(select(table)).mappings():
            back = told[(row["id"], later)]
            assert {name: _rounded(back[name]) for name in names} == {name: _rounded(row[name]) for name in names}


def _happen(house: Database, step: int, moment: int) -> None:
    feed = Feed()
    day = at(moment)[:10]
    code = ("absent", "absent", "late")[step]
    common = {"school": "h1", "class": "f1", "year_group": "h1/7", "term": "t1"}
    feed.add("year_groups", school="h1", grade="7")
    feed.add("academicSessions", sourcedId="t1")
    feed.add("registrations", student="s1", term="t1", days_planned="50")
    feed.add("calendar_days", school="h1", date=day, term="t1", open="true")
    feed.add("users", sourcedId="t9", role="teacher")
    feed.add("enrolments", class_="f1", student="s1", end=day if step == 1 else None)
    feed.mark("s1", day, code, **common)
    feed.mark("s2", at(NOW - 7 * DAY)[:10], code, **common)
    feed.add("line_items", id="w1", class_="f1", due_at=at(NOW - (3 - 2 * step) * DAY))
    feed.add("submissions", line_item="w1", submitted_at=at(moment) if step == 2 else None)
    feed.add("incidents", id=f"i{step}", at=at(moment - HOUR), school="h1")
    feed.add(
        "fee_invoices", id="i1", guardian="g1", due_at=at(NOW - 2 * DAY), paid_at=at(moment) if step == 2 else None
    )
    feed.add("sessions", id=f"l{step}", class_="f1", teacher="t9", starts_at=at(moment - HOUR),
             register_taken_at=at(moment) if step == 1 else None)  # fmt: skip
    feed.add("loans", id="b1", due_at=at(NOW - 3 * DAY), returned_at=at(moment) if step == 2 else None)
    feed.add("leave_notes", start=day, end=day)
    report = feed.send(house, moment)
    assert report.quarantined == 0
