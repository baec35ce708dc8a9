"""A large view is computed in parts under Prefect, comes to the same end, and is not true before all parts are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from flows import features, steps
from flows.features import refresh_features
from flows.ingest import ingest_source
from flows.installation import Installation
from flows.steps import Moment
from substrate.errors import DatabaseError, NotFoundError
from substrate.features.parts import Division
from substrate.features.refresh import Mode, refresh
from substrate.features.tables import feature_table
from substrate.freshness import view_name, watermarks
from tests.conftest import fresh_database
from tests.flows.house import House
from verticals.hospital import vertical
from verticals.hospital.records import Patient

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

PATIENT = vertical.views_by_kind["patient"]


@pytest.fixture(params=["sqlite", "postgresql"])
def large(request: pytest.FixtureRequest, conducted: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A hospital with more patients than a part may have, on each database."""
    if request.param == "postgresql":
        monkeypatch.setenv("PLUMBLINE_DATABASE_URL", fresh_database(request.getfixturevalue("postgres_server")))
    monkeypatch.setenv("PLUMBLINE_PARTITION_ENTITIES", "6")
    for task in (features.begin_view, features.refresh_part, features.finish_view):
        monkeypatch.setattr(task, "retry_delay_seconds", [0, 0, 0])
    ingest_source("hospital", "epr")
    return conducted


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception, times: int) -> list[int]:
    """Let the second part fail so many times; the numbers of the parts that were done."""
    real: Callable[..., Any] = steps.refresh_part
    done: list[int] = []

    def sometimes(bench: Any, view: Any, division: Division, part: Any) -> Any:
        nonlocal times
        if part.number == 2 and times:
            times -= 1
            raise error
        done.append(part.number)
        return real(bench, view, division, part)

    monkeypatch.setattr(steps, "refresh_part", sometimes)
    return done


def is_true(opened: Installation) -> bool:
    """Whether all that is stored is what a refresh at once makes of it."""
    with opened.database.write() as connection:
        at = watermarks(connection)[view_name(Patient)]
        refresh(connection, PATIENT, at, timeline="replay", mode=Mode.FULL)
        live, whole = feature_table(PATIENT), feature_table(PATIENT, "replay")
        stored = [connection.execute(select(table).order_by(table.c.id)).all() for table in (live, whole)]
    return stored[0] == stored[1] != []


def marked(opened: Installation) -> int | None:
    """What instant the features of patients are said to be true for."""
    with opened.database.read() as connection:
        return watermarks(connection).get(view_name(Patient))


def test_the_parts_come_to_the_end_of_a_refresh_at_once(large: House, monkeypatch: pytest.MonkeyPatch) -> None:
    done = failing(monkeypatch, DatabaseError("it is away"), times=1)
    changed = refresh_features("hospital", "patient")
    assert sorted(done) == list(range(1, len(done) + 1))
    assert len(done) > 2
    assert changed["patient"] > 6
    with large.opened() as opened:
        assert is_true(opened)
    assert refresh_features("hospital", "patient") == {"patient": 0}


def test_a_part_that_is_not_done_holds_all_back_and_the_next_run_does_it(
    large: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        failing(broken, NotFoundError("it is nowhere"), times=1)
        with pytest.raises(NotFoundError):
            refresh_features("hospital", "patient")
    with large.opened() as opened:
        assert marked(opened) is None
        refresh_features("hospital", "patient")
        assert is_true(opened)


def test_a_refresh_that_another_overtook_says_so_and_nothing_else(
    large: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = steps.begin_view

    def overtaken(bench: Any, view: Any, moment: Moment) -> Any:
        found = real(bench, view, moment)
        steps.refresh_view(bench, view, Moment(moment.at + 1))
        return found

    monkeypatch.setattr(steps, "begin_view", overtaken)
    assert refresh_features("hospital", "patient") == {"patient": 0}
    with large.opened() as opened:
        assert is_true(opened)
