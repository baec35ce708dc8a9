"""Plans that cannot be met are refused, and wings stay small."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from verticals.hospital.sample import SamplePlan


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patients": 0}, "patients is 0"),
        ({"days": 0}, "days is 0"),
        ({"defects": 0.6}, "defects is 0.6"),
        ({"events": 0}, "events is 0"),
        ({"until": datetime(2026, 1, 1)}, "no time zone"),  # noqa: DTZ001 - the naive time is what is refused
    ],
)
def test_an_impossible_plan_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SamplePlan(**changes)


@pytest.mark.parametrize("patients", [1, 499, 500, 501, 12_345])
def test_wings_share_all_patients_evenly(patients: int) -> None:
    wings = SamplePlan(patients=patients).wings()
    assert sum(wings) == patients
    assert max(wings) <= 500
    assert max(wings) - min(wings) <= 1
