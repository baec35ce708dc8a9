"""Features for a caller: what is above the clearance is withheld by name, and what is another's is not there."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from typing import ClassVar

import pytest
from sqlalchemy import update

from substrate.access import Caller
from substrate.catalog import Vertical
from substrate.columns import Sensitivity, column, instant, reference
from substrate.database import Database
from substrate.disclosure import features_for
from substrate.errors import ConflictError, ForbiddenError, NotFoundError
from substrate.features.declare import Events, View
from substrate.features.refresh import refresh
from substrate.migrate import upgrade
from substrate.records import Record, table_of
from tests.substrate.features.history import History


class Pupil(Record, table=True):
    """Somebody."""

    __tablename__ = "seen_pupil"
    kind: ClassVar[str] = "pupil"

    born: int | None = column("Born", Sensitivity.PII, default=None)


class Mark(Record, table=True):
    """What was seen of them."""

    __tablename__ = "seen_mark"
    kind: ClassVar[str] = "mark"

    pupil_id: int | None = reference("Pupil", "pupil")
    at: int | None = instant("At", default=None)


_plain = Events(Mark, by="pupil_id", at="at", sensitivity=Sensitivity.INTERNAL)
_marks = Events(Mark, by="pupil_id", at="at", sensitivity=Sensitivity.PHI)
VIEW = View(
    Pupil,
    (
        _plain.count("marks", "Marks"),
        _marks.count("marks_secret", "Marks that are PHI"),
    ),
)
SEEN = Vertical(
    "seen", "Seen", (Pupil, Mark), (), rules=files("tests"), templates=files("tests"), views=(VIEW,)
)  # fmt: skip
CHIEF = Caller("key:chief", "chief", Sensitivity.PHI)


@pytest.fixture
def school(database: Database) -> Database:
    """Pupil 1 of the north, pupil 2 of the south, pupil 3 of no site."""
    upgrade(database, [SEEN])
    with database.write() as connection:
        history = History(connection)
        for key, site in ((1, "north"), (2, "south"), (3, None)):
            history.write(Pupil, key, {"born": 1}, 1)
            connection.execute(update(table_of(Pupil)).where(table_of(Pupil).c.id == key).values(site=site))
        refresh(connection, VIEW, 100, batch=history.batch)
    return database


def seen(database: Database, caller: Caller, key: str) -> tuple[set[str], set[str]]:
    """The features that are shown, and those that are withheld."""
    with database.read() as connection:
        found = features_for(connection, caller, SEEN, "pupil", key, now=120)
    return set(found.values), set(found.withheld)


def test_what_is_above_the_clearance_is_withheld_by_name(school: Database) -> None:
    assert seen(school, CHIEF, "1") == ({"marks", "marks_secret"}, set())
    assert seen(school, replace(CHIEF, clearance=Sensitivity.PII), "1") == ({"marks"}, {"marks_secret"})


@pytest.mark.parametrize("key", ["1", "99", "nobody"])
def test_who_is_not_cleared_for_people_learns_not_even_who_there_is(school: Database, key: str) -> None:
    with pytest.raises(ForbiddenError, match="may not ask about any pupil") as refused:
        seen(school, replace(CHIEF, clearance=Sensitivity.INTERNAL), key)
    assert key not in str(refused.value)


@pytest.mark.parametrize("key", ["2", "3", "99", "nobody", "9" * 30])
def test_those_of_another_site_are_as_if_they_were_not_there(school: Database, key: str) -> None:
    north = replace(CHIEF, sites=frozenset({"north"}))
    assert seen(school, north, "1")[0]
    with pytest.raises(NotFoundError, match="there is no such pupil"):
        seen(school, north, key)


def test_another_vertical_is_not_theirs_to_ask(school: Database) -> None:
    with pytest.raises(ForbiddenError):
        seen(school, replace(CHIEF, verticals=frozenset({"hospital"})), "1")


def test_what_was_never_computed_says_so(school: Database) -> None:
    with school.write() as connection:
        History(connection).write(Pupil, 7, {"born": 1}, 2)
    with pytest.raises(ConflictError, match="never computed"):
        seen(school, CHIEF, "7")
