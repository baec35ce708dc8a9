"""What runs when: only where there is something to read, under names that cannot be confused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.quiet import quiet
from flows.timetable import Turn, slug, subject_of, turns
from substrate.clock import DAY, HOUR, MINUTE
from substrate.sources.configured import SourceEntry, folder_entry
from verticals.hospital import vertical

EPR = folder_entry("hospital", Path("/srv/drop"), name="EPR north")


def test_a_vertical_without_a_source_has_nothing_to_do_but_what_is_the_house_s() -> None:
    assert [turn.flow for turn in turns([vertical], [])] == ["reindex-copilots", "maintenance"]


def test_every_source_has_a_turn_of_its_own() -> None:
    lab = EPR.model_copy(update={"name": "lab", "every": "5m"})
    reading = [turn for turn in turns([vertical], [EPR, lab]) if turn.flow == "ingest-source"]
    assert [(turn.every, turn.parameters["source"]) for turn in reading] == [
        (15 * MINUTE, "EPR north"),
        (5 * MINUTE, "lab"),
    ]
    assert reading[0].subject == "ingest-source hospital/EPR north"


def test_no_two_pieces_of_work_have_one_name() -> None:
    names = [(turn.flow, turn.name) for turn in turns([vertical], [EPR, EPR.model_copy(update={"name": "epr-north"})])]
    assert len(set(names)) == len(names)


@given(st.text(min_size=1, max_size=120), st.text(min_size=1, max_size=120))
def test_different_names_have_different_keys_that_prefect_takes(one: str, other: str) -> None:
    first, second = slug("hospital", one), slug("hospital", other)
    assert (first == second) == (one.lower() == other.lower())
    assert first.replace("-", "").isalnum()
    assert first.isascii()
    assert len(first) < 100


@pytest.mark.parametrize(("every", "late_after"), [(15 * MINUTE, 75 * MINUTE), (DAY, DAY + HOUR // 2)])
def test_work_is_late_after_three_turns_or_half_an_hour_after_a_day(every: int, late_after: int) -> None:
    assert Turn("sweep-rules", "x", every).patience == late_after


def test_a_subject_names_what_it_works_on() -> None:
    assert subject_of("maintenance", {}) == "maintenance"
    assert subject_of("daily-cycle", {"vertical": "hospital", "as_of": None}) == "daily-cycle hospital"


@pytest.mark.parametrize("every", ["10s", "soon", ""])
def test_a_source_is_not_read_more_often_than_each_minute(every: str) -> None:
    with pytest.raises(ValueError, match="every"):
        SourceEntry.model_validate({**EPR.model_dump(exclude_none=True), "every": every})


def test_quiet_has_the_last_word_and_leaves_the_rest() -> None:
    assert quiet({"DO_NOT_TRACK": "0", "PATH": "/bin"}).items() >= {"DO_NOT_TRACK": "1", "PATH": "/bin"}.items()
