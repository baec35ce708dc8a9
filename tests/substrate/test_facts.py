"""What rules may say, and that the statements which read it agree with the records."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.database import Database
from substrate.errors import NotFoundError
from substrate.expressions.checker import check, check_condition
from substrate.expressions.types import Type
from substrate.facts import Facts
from substrate.features.refresh import refresh
from tests.substrate.features.history import History
from tests.substrate.features.house import RECORDS, VIEWS, Patient, Stay, Ward, create

FACTS = Facts(RECORDS, VIEWS)


def test_own_columns_keep_type_unit_and_words() -> None:
    beds = FACTS.schema("ward").resolve(("beds",))
    assert beds is not None
    assert (beds.type, beds.unit, beds.meaning, beds.sensitivity) == (Type.INT, "1", "Beds", "INTERNAL")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("start", Type.TIMESTAMP),
        ("stay.status", Type.STRING),
        ("stay.ward.beds", Type.INT),
        ("stay.ward.crowded", Type.BOOL),
        ("stay.ward.since_end", Type.DURATION),
        ("patient.ward.per_bed", Type.DOUBLE),
    ],
)
def test_a_path_follows_two_references(path: str, kind: Type) -> None:
    operand = FACTS.schema("visit").resolve(tuple(path.split(".")))
    assert operand is not None
    assert (operand.name, operand.type) == (path, kind)


@pytest.mark.parametrize("path", ["nothing", "ward.beds", "stay.patient.ward.beds", "stay.nothing.beds", "gone_at"])
def test_a_path_that_leads_nowhere_resolves_to_nothing(path: str) -> None:
    assert FACTS.schema("visit").resolve(tuple(path.split("."))) is None


def test_every_name_offered_resolves() -> None:
    schema = FACTS.schema("visit")
    assert all(schema.resolve(tuple(name.split("."))) for name in schema.names())


def test_dependencies_name_what_a_condition_rests_on() -> None:
    assert FACTS.dependencies("visit", [("stay", "ward", "crowded")]) == {
        "records:house_visit", "records:house_stay", "records:house_ward", "view:house_ward",
    }  # fmt: skip


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(NotFoundError, match="'nurse'"):
        FACTS.schema("nurse")


@pytest.fixture
def house(database: Database) -> Database:
    """Two wards, a patient, two stays of which the first ended at 30, and features as of 40."""
    create(database)
    with database.write() as connection:
        history = History(connection)
        history.write(Ward, 1, {"beds": 1}, 1)
        history.write(Ward, 2, {"beds": 5}, 1)
        history.write(Patient, 7, {"born": 0, "ward_id": 2}, 1)
        history.write(Stay, 21, {"ward_id": 1, "patient_id": 7, "start": 10, "end": 30, "status": "home"}, 11)
        history.write(Stay, 22, {"ward_id": 1, "patient_id": 7, "start": 20, "quiet": True}, 21)
        for view in VIEWS:
            refresh(connection, view, 40, batch=history.batch)
    return database


def ids(house: Database, kind: str, condition: str, at: int = 40, **more: Any) -> set[int]:
    """The records for which a condition is true."""
    where = check_condition(condition, FACTS.schema(kind))
    with house.read() as connection:
        return {row.id for row in connection.execute(FACTS.select(kind, {}, at, where=where, **more))}


@pytest.mark.parametrize(
    ("kind", "condition", "expected"),
    [
        ("ward", "crowded", {1}),
        ("ward", "beds > 3 || stays == 2", {1, 2}),
        ("ward", "since_end >= duration('10us')", {1}),
        ("stay", "status == 'home'", {21}),
        ("stay", "status == 'open'", {22}),
        ("stay", "ward.crowded && patient.stays == 2", {21, 22}),
        ("stay", "patient.ward.beds == 5 && !has(end)", {22}),
        ("patient", "ward.stays > 0", set()),
    ],
)
def test_a_rule_is_pushed_down(house: Database, kind: str, condition: str, expected: set[int]) -> None:
    assert ids(house, kind, condition) == expected


def test_the_past_sees_neither_what_came_later_nor_how_it_ended(house: Database) -> None:
    assert ids(house, "stay", "status == 'open'", 15) == {21}


def test_a_rule_over_some_records(house: Database) -> None:
    assert ids(house, "stay", "ward.crowded", ids=[22, 99]) == {22}


def test_features_are_computed_anew_for_the_past(house: Database) -> None:
    with house.read() as connection:
        paths = [("stays",), ("crowded",), ("open_stays",)]
        assert FACTS.at(connection, "ward", 1, paths, 15) == {("stays",): 1, ("crowded",): False, ("open_stays",): 1}
        assert FACTS.at(connection, "ward", 1, paths, 25) == {("stays",): 2, ("crowded",): True, ("open_stays",): 2}


def test_the_features_of_what_is_referred_to_are_computed_anew_too(house: Database) -> None:
    with house.read() as connection:
        paths = [("ward", "stays"), ("patient", "ward", "beds"), ("patient", "ward", "stays")]
        found = FACTS.at(connection, "stay", 21, paths, 15)
    assert list(found.values()) == [1, 5, 0]


def test_what_was_not_yet_known_is_not_seen(house: Database) -> None:
    with house.write() as connection:
        History(connection, batch=50).write(Stay, 23, {"ward_id": 1, "start": 12}, 35)
        assert FACTS.at(connection, "ward", 1, [("stays",)], 15)["stays",] == 2
        assert FACTS.at(connection, "ward", 1, [("stays",)], 15, known=34)["stays",] == 1
        assert FACTS.read(connection, "ward", [("stays",)], 15, 35, ids=[1])[1]["stays",] == 2


def test_a_record_that_did_not_exist_then_is_named(house: Database) -> None:
    with house.read() as connection, pytest.raises(NotFoundError, match="stay with id 22"):
        FACTS.at(connection, "stay", 22, [("start",)], 15)


def test_columns_are_labelled_beside_id_and_key(house: Database) -> None:
    twice = check("ward.beds * 2", FACTS.schema("stay"))
    with house.read() as connection:
        rows = connection.execute(FACTS.select("stay", {"double": twice, "from": ("start",)}, 40, ids=[21])).mappings()
        assert [dict(row) for row in rows] == [{"id": 21, "source_key": "21", "double": 2, "from": 10}]


def test_no_table_is_joined_that_no_path_needs() -> None:
    statement = str(FACTS.select("visit", {"start": ("start",)}, 40))
    assert "JOIN" not in statement
