"""Which personal values stand in the records around somebody."""

from __future__ import annotations

import pytest

from rag.personal import around, kind_of, named
from rag.redaction import Known, Redaction
from substrate.database import Database
from tests.rag.practice import PRACTICE, furnish, number


@pytest.fixture
def furnished(database: Database) -> Database:
    furnish(database)
    return database


def test_a_persons_own_values_and_those_of_whom_they_met_are_known(furnished: Database) -> None:
    with furnished.read() as connection:
        found = {known.value for known in around(connection, PRACTICE, [("person", number("person", "p1"))])}
    assert found >= {"María Elena González", "555-123 4567", "MR-7781", "1985-03-12", "12 March 1985", "p1"}
    assert "Dr. Ottokar Weissenfels" in found
    assert "Thaddeus Quillfeather" not in found


def test_what_ails_somebody_names_nobody(furnished: Database) -> None:
    with furnished.read() as connection:
        found = {known.value for known in around(connection, PRACTICE, [("person", number("person", "p1"))])}
    assert "hypokalaemia" not in found


def test_a_date_of_birth_is_masked_as_people_write_it(furnished: Database) -> None:
    with furnished.read() as connection:
        redaction = Redaction(around(connection, PRACTICE, [("person", number("person", "p1"))]))
    for written in ("12/03/1985", "March 12, 1985", "1985-03-12", "12.03.1985"):
        assert redaction.mask(f"since {written}").startswith("since [date of birth")


def test_names_in_a_question_are_found_in_the_records(furnished: Database) -> None:
    with furnished.read() as connection:
        found = named(connection, PRACTICE, "did quillfeather see dr. WEISSENFELS about gout?")
    assert found == [Known("name", "weissenfels"), Known("name", "quillfeather")]


def test_a_kind_that_the_vertical_does_not_have_has_no_values(furnished: Database) -> None:
    with furnished.read() as connection:
        assert around(connection, PRACTICE, [("ship", 1)]) == []


def test_columns_are_told_by_their_names() -> None:
    assert [kind_of(name) for name in ("given_name", "e_mail", "mobile", "birth_date", "mrn")] == [
        "name", "email", "phone", "date of birth", "number",
    ]  # fmt: skip
