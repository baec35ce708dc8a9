"""A batch is cut only where its order matters: where a record is dropped after a row that tells of it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from substrate.mapping import Draft, Gone, Mapper
from substrate.sequence import Stretch, Told, stretches
from tests.substrate.clinic import Doctor, read_doctor, row

DOCTORS = Mapper("Doctor", Doctor, read_doctor, prefix="d/")
deeds = st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=12)


def told(deeds: Sequence[tuple[str, bool]]) -> list[Told]:
    return [(row("Doctor", {}), DOCTORS, Gone(key) if gone else Draft(Doctor, f"d/{key}", {})) for key, gone in deeds]


def played(stretch: Stretch, living: set[str]) -> set[str]:
    living = living - {f"d/{gone.key}" for _, _, gone in stretch.gone}
    return living | {draft.key for _, draft in stretch.drafts}


@given(deeds)
def test_the_same_records_live_in_the_end(deeds: list[tuple[str, bool]]) -> None:
    living: set[str] = {"d/a"}
    for stretch in stretches(told(deeds)):
        living = played(stretch, living)
    last = {"a": False, **dict(deeds)}
    assert living == {f"d/{key}" for key, gone in last.items() if not gone}


def test_records_that_have_nothing_to_do_with_each_other_go_together() -> None:
    mixed = [(key, key in "bd") for key in "abcd"] * 2
    assert len(list(stretches(told(mixed)))) == 1
    assert len(list(stretches(told([("a", False), ("a", True), ("a", False), ("a", True)])))) == 3
