"""What is wrong with a mapping file is named by file, place, value and next step, before any row is read."""

from __future__ import annotations

import pytest

from substrate.mappings.mapping_file import MappingError, read_mapping
from substrate.mappings.spec import Column, FieldSpec, MappingSpec, RecordSpec, Resource
from tests.substrate.mappings.page import KIS, PAGE
from verticals.hospital import vertical

SMALL = """
mapping: small
vertical: hospital
resources:
  P:
    record: patient
    key: id
    fields: {name: Name}
"""


def fault(text: str) -> str:
    with pytest.raises(MappingError) as wrong:
        read_mapping(text, "kis.yaml", vertical)
    assert wrong.value.message.startswith("kis.yaml")
    return str(wrong.value)


def field(name: str, said: str) -> str:
    return SMALL.replace("{name: Name}", f"{{{name}: {said}}}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALL.replace("hospital", "zoo"), "vertical: it is for 'zoo', not for 'hospital'"),
        (SMALL.replace("patient", "patent"), "resources.P.record: hospital has no records of kind 'patent'"),
        (SMALL.replace("key: id", "ky: id"), "resources.P.ky: there is no such key; did you mean 'key'?"),
        (SMALL.replace("    key: id\n", ""), "resources.P.key: is missing"),
        (SMALL.replace("key: id", "key: '{id'"), "resources.P.key: a brace in '{id' has no partner"),
        (SMALL.replace("key: id", "key: id\n    where: Name = 'x'"), "resources.P.where: cannot read '='"),
        (SMALL.replace("key: id", "key: id\n    where: Name > 5"), "Columns are text, unless `columns` declares"),
        (SMALL.replace("key: id", "key: id\n    where: now > now"), "changes with the time at which a row is read"),
        (SMALL.replace("mapping:", "zone: Europe/Berln\nmapping:"), "zone: there is no time zone 'Europe/Berln'"),
        (SMALL.replace("patient", "encounter").replace("name: Name", "type: T"), "encounter.class_code must have a"),
        (field("nme", "Name"), "resources.P.fields.nme: patient has no column 'nme'\nDid you mean 'name'?"),
        (field("name", "{from: a, text: b}"), "resources.P.fields.name: write one of"),
        (field("name", "{from: a, as: number}"), "fields.name.as: name holds text, and this is number"),
        (field("name", "{expr: '1'}"), "resources.P.fields.name.expr: name holds text, and this is integer"),
        (field("name", "{key: a}"), "resources.P.fields.name: name refers to no other record"),
        (field("name", "{value: 5}"), "resources.P.fields.name.value: 5 is not text"),
        (field("name", "{from: a, otherwise: null}"), "resources.P.fields.name.otherwise: Input should be"),
        (field("birth_date", "{value: soon}"), "fields.birth_date.value: time 'soon' is not a date or time"),
        (field("sex", "{from: a, codes: {m: 5}}"), "resources.P.fields.sex.codes.m: 5 is not text"),
        (field("birth_date", "{from: a, format: dd.mm.yy}"), "'dd.mm.yy' is no way to write a date"),
        (field("birth_date", "{from: a, at: noon}"), "resources.P.fields.birth_date.at: 'noon' is no time of day"),
        (field("practitioner_id", "{key: a, reference: place}"), "practitioner_id refers to a practitioner, not to a"),
        (field("name", "{from: a, sensitivity: PHI}"), "resources.P.fields.name.sensitivity: name is open to PII"),
        (field("name", "{from: a, sensitivity: PUBLIC}"), "name is PII, and no file lowers that"),
        ("- a", "it is no mapping file"),
        ("a: [", "line 1"),
        (SMALL + SMALL, "is written twice"),
    ],
)
def test_a_fault_names_its_place(text: str, said: str) -> None:
    assert said in fault(text)


def test_a_column_that_another_record_gives_cannot_be_filled() -> None:
    text = SMALL.replace("patient", "location_stay").replace("name: Name", "ward_id: W, start: s")
    assert "location_stay.ward_id is not filled by a mapping" in fault(text)


def test_the_file_s_digest_is_the_version() -> None:
    first, second = (read_mapping(text, "x", vertical).mappers[0] for text in (SMALL, SMALL + "# a word\n"))
    assert first.version != second.version
    assert first.version == read_mapping(SMALL, "y", vertical).mappers[0].version


def test_the_example_of_the_page_fits() -> None:
    mapping = read_mapping(KIS, "kis.yaml", vertical)
    assert [mapper.resource for mapper in mapping.mappers] == ["Patienten", "Faelle"]
    assert [record.kind for record in mapping.mappers[1].given] == ["encounter", "location"]


def test_the_page_has_every_key() -> None:
    parts = (MappingSpec, Resource, RecordSpec, FieldSpec, Column)
    keys = {described.alias or name for part in parts for name, described in part.model_fields.items()}
    assert [key for key in sorted(keys) if f"`{key}`" not in PAGE] == []
    assert all(described.description for part in parts for described in part.model_fields.values())


def test_a_prefix_is_what_keys_begin_with() -> None:
    mapping = read_mapping(SMALL.replace("key: id", "key: out/{id}"), "x", vertical)
    (mapper,) = mapping.mappers
    assert (mapper.prefix, mapper.key({"id": 7}), mapper.key({})) == ("out/", "7", None)
