"""What the hospital guards."""

from __future__ import annotations

from substrate.columns import Sensitivity
from substrate.records import meanings
from verticals.hospital.records import Patient


def test_what_names_a_patient_is_protected() -> None:
    guarded = {name for name, meaning in meanings(Patient).items() if meaning.sensitivity >= Sensitivity.PII}
    assert guarded >= {"name", "mrn", "birth_date", "sex", "phone", "deceased_at", "source_key"}
