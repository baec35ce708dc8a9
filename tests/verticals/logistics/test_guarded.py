"""What logistics guards."""

from __future__ import annotations

import pytest

from substrate.columns import Sensitivity
from substrate.records import Record, meanings
from verticals.logistics.records import RECORDS, Driver, Party


@pytest.mark.parametrize("record", RECORDS)
def test_no_column_of_a_house_without_patients_is_health_information(record: type[Record]) -> None:
    assert all(meaning.sensitivity < Sensitivity.PHI for meaning in meanings(record).values())


@pytest.mark.parametrize("record", [Party, Driver])
def test_what_names_a_person_is_protected(record: type[Record]) -> None:
    guarded = {name for name, meaning in meanings(record).items() if meaning.sensitivity >= Sensitivity.PII}
    assert guarded >= {"name", "phone", "email", "source_key"}
