"""Who and where: names, deaths, merges, places."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import parse_instant
from tests.verticals.hospital.fhir_rows import AT, NINE, extension, id_of, read, values

MR = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}


def test_a_patient_is_read() -> None:
    told = values("Patient", gender="female", active=True, telecom=[{"system": "phone", "value": "555"}])
    assert (told["name"], told["sex"], told["phone"], told["active"]) == ("Mei Sato", "female", "555", True)
    assert told["birth_date"] == parse_instant("1980-05-01")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            [{"use": "maiden", "family": "Abe"}, {"use": "official", "family": "Sato", "given": ["Mei", "Ai"]}],
            "Mei Ai Sato",
        ),
        ([{"text": "Dr. Sato", "family": "Sato"}], "Dr. Sato"),
        ([{"use": "old", "family": "Abe"}], None),
        ([{"given": ["Mei"]}], "Mei"),
        ([], None),
    ],
)
def test_the_official_name_is_taken(names: list[dict[str, Any]], said: str | None) -> None:
    assert values("Patient", name=names)["name"] == said


def test_the_record_number_is_the_identifier_of_that_type() -> None:
    told = [{"system": "ssn", "value": "1"}, {"type": MR, "system": "mrn", "value": "M9"}]
    assert values("Patient", identifier=told)["mrn"] == "M9"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (False, None, None)),
        ({"deceasedBoolean": False}, (False, None, None)),
        ({"deceasedBoolean": True}, (True, None, 0)),
        ({"deceasedDateTime": AT}, (True, NINE, NINE)),
    ],
)
def test_a_death_without_a_date_counts_from_always(said: dict[str, Any], expected: tuple[Any, ...]) -> None:
    told = values("Patient", **said)
    assert (told["deceased"], told["deceased_at"], told["deceased_from"]) == expected


def test_a_merged_record_names_its_successor() -> None:
    links = [
        {"type": "seealso", "other": {"reference": "Patient/p8"}},
        {"type": "replaced-by", "other": {"reference": "Patient/p9"}},
    ]
    assert values("Patient", link=links)["merged_into_id"] == id_of("patient", "p9")


def test_a_transfer_is_an_extension_whoever_defined_it() -> None:
    assert values("Patient", extension=extension("transferred-out", valueDateTime=AT))["transferred_at"] == NINE


def test_a_bed_says_what_it_is_and_what_the_house_thinks_of_it() -> None:
    told = values("Location", physicalType={"coding": [{"code": "bd"}]}, operationalStatus={"code": "U"},
                  partOf={"reference": "Location/r1"})  # fmt: skip
    assert (told["form"], told["bed_status"], told["own_ward_id"]) == ("bed", "free", None)
    assert told["part_of_id"] == id_of("location", "r1")


def test_a_ward_is_its_own_ward() -> None:
    assert values("Location", physicalType={"coding": [{"code": "wa"}]})["own_ward_id"] == id_of("location", "x1")


def test_a_place_without_a_name_goes_by_its_description() -> None:
    assert values("Location", name=None, description="Patient's home")["name"] == "Patient's home"


def test_the_site_is_the_organization_that_keeps_the_record() -> None:
    assert read("Patient", managingOrganization={"reference": "Organization/o1"}).site == "o1"
    assert read("Location", managingOrganization={"reference": "Organization?identifier=s|o2"}).site == "o2"
    assert read("Patient").site is None


def test_a_role_says_who_where_and_what() -> None:
    told = values("PractitionerRole", location=[{"reference": "Location/w1"}], specialty=[{"text": "Cardiology"}])
    assert told["practitioner_id"] == id_of("practitioner", "d1")
    assert (told["location_id"], told["specialty"]) == (id_of("location", "w1"), "Cardiology")


def test_an_organization_is_read() -> None:
    told = values("Organization", partOf={"reference": "Organization/top"}, active=True)
    assert (told["name"], told["active"], told["part_of_id"]) == ("General", True, id_of("organization", "top"))
