"""A draft is a file that can be used at once for what is sure, asks about the rest, and tells nobody's secrets."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from substrate.catalog import Vertical
from substrate.mappings.draft import draft
from substrate.mappings.mapping_file import MappingError, read_mapping, read_spec
from substrate.mappings.spec import MappingSpec
from substrate.mappings.words import likeness, words
from substrate.seen_tables import SeenTable
from substrate.sources.sql.options import SqlOptions
from substrate.sources.sql.schema import look_at
from tests.substrate.mappings.schemas import ODOO, SCHOOL, made
from verticals.logistics import vertical as logistics
from verticals.school import vertical as school


def seen(url: str) -> dict[str, SeenTable]:
    return {table.name: table for table in look_at("erp", SqlOptions(url=SecretStr(url)))}


def drafted(url: str, vertical: Vertical) -> tuple[str, MappingSpec]:
    text = draft("erp", vertical, list(seen(url).values()))
    read_mapping(text, "erp.yaml", vertical)
    return text, read_spec(text, "erp.yaml")


def test_the_schema_is_seen_as_it_is(database_url: str) -> None:
    pupils = seen(made(database_url, SCHOOL))["pupils"]
    assert (pupils.key, pupils.references, pupils.rows) == (("id",), {"class_id": "classes"}, 3)
    forms = {name: column.form for name, column in pupils.columns.items()}
    assert forms["dob"] == "date"
    assert (forms["id"], forms["name"], forms["updated_at"]) == ("integer", "text", "instant")
    assert round(pupils.columns["updated_at"].blank, 2) == 0.33


def test_codes_are_seen_and_nothing_that_sounds_personal(database_url: str) -> None:
    tables = seen(made(database_url, (*SCHOOL, *ODOO)))
    assert tables["stock_picking"].columns["state"].codes == ("assigned", "cancel", "done", "draft")
    shown = {name for table in tables.values() for name, column in table.columns.items() if column.codes}
    assert shown == {"state"}
    assert tables["pupils"].columns["diagnosis_code"].is_personal


def test_a_school_that_was_made_by_hand(database_url: str) -> None:
    text, spec = drafted(made(database_url, SCHOOL), school)
    found = {name: resource.record for name, resource in spec.resources.items()}
    assert found.items() >= {"pupils": "student", "teachers": "staff"}.items()
    pupils = spec.resources["pupils"]
    assert pupils.fields["number"].from_ == "pupil_no"
    assert pupils.fields["name"].from_ == "name"
    assert pupils.fields["birth_date"].from_ == "dob"
    assert pupils.fields["email"].from_ == "mail"
    assert pupils.sql == {"changed": ["updated_at", "created_at"]}
    assert "canteen" not in text


def test_a_stock_like_odoos(database_url: str) -> None:
    text, spec = drafted(made(database_url, ODOO), logistics)
    found = {name: resource.record for name, resource in spec.resources.items()}
    assert found.items() >= {"stock_picking": "shipment", "purchase_order": "purchase_order"}.items()
    state = spec.resources["stock_picking"].fields["status"]
    assert state.from_ == "state"
    assert state.codes == {"assigned": None, "cancel": "cancelled", "done": None, "draft": "draft"}
    assert spec.resources["purchase_order"].fields["vendor_id"].from_ == "vendor_id"
    assert text.count("# ?") > 3


def test_nobodys_values_are_told(database_url: str) -> None:
    url = made(database_url, (*SCHOOL, *ODOO))
    told = drafted(url, school)[0] + drafted(url, logistics)[0]
    assert [value for value in ("Kowalsk", "Uczniow", "Nauczyc", "example", "F81", "2012-04") if value in told] == []


def test_a_database_of_something_else_is_told_so(database_url: str) -> None:
    url = made(database_url, ("CREATE TABLE canteen (dish TEXT)", "INSERT INTO canteen VALUES ('soup')"))
    with pytest.raises(MappingError, match="no table looks enough like"):
        drafted(url, school)


@pytest.mark.parametrize(
    ("one", "other"),
    [("pupilNo", "student_number"), ("Lieferungen", "lieferungen"), ("write_date", "WriteDate"), ("qty", "Quantities")],
)
def test_what_is_called_alike(one: str, other: str) -> None:
    assert likeness(words(one), words(other)) == 1.0
