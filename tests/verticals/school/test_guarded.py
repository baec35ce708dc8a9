"""What the school guards."""

from __future__ import annotations

from substrate.columns import Sensitivity
from substrate.records import content_columns, meanings
from verticals.school.records import Incident, Student


def test_what_names_a_student_is_protected() -> None:
    guarded = {name for name, meaning in meanings(Student).items() if meaning.sensitivity >= Sensitivity.PII}
    assert guarded >= {"name", "number", "birth_date", "sex", "grade", "phone", "email", "left_at", "source_key"}


def test_behaviour_is_guarded_like_health() -> None:
    told = {name for name, meaning in meanings(Incident).items() if meaning.sensitivity < Sensitivity.PHI}
    assert told & set(content_columns(Incident)) == {"school_id"}
