"""A whole read says what is gone; it never says so by being empty, cut short, unreadable or overtaken."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from substrate.database import Database
from substrate.ingest import ingest
from substrate.mapping import Draft, Mapper, Reader
from substrate.sources.source import Cursor, Fault, Page, Row
from substrate.sweep import Limits, Sweep
from tests.substrate.clinic import CLINIC, Doctor, ListSource, Step, Visit, read_doctor, row
from tests.substrate.test_ingest import MORNING, NOW, live, take


def prefixed(prefix: str) -> Mapper:
    """Doctors of a resource of their own, whose keys begin with its name."""

    def read(payload: dict[str, Any], reader: Reader) -> Draft:
        return read_doctor({**payload, "id": prefix + str(payload["id"])}, reader)

    return Mapper(prefix.strip("/"), Doctor, read, prefix=prefix)


TWO_WAYS = dataclasses.replace(CLINIC, mappers=(prefixed("In/"), prefixed("Out/")))


class Roll(ListSource):
    """A source that calls the names of its visits, without telling what they are."""

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        yield Page((), {}, present={"Visit": tuple(str(one.payload["id"]) for one in self.pages[0] if one.payload)})
        yield Page((), {}, complete=self.complete, ended=True)


@given(missing=st.integers(0, 10_000), present=st.integers(0, 10_000), floor=st.integers(0, 100), share=st.floats(0, 1))
def test_what_passes_unheld_is_within_the_limit(missing: int, present: int, floor: int, share: float) -> None:
    held = Limits(share, floor).hold(missing, present)
    assert held == (missing > floor and missing > share * present)
    assert not Limits(share, floor, allowed=True).hold(missing, present)


def test_a_row_that_is_refused_is_not_gone(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", **MORNING, "steps": ["x"]}))
    report = take(clinic, row("Visit", {"id": "v", "start": "soon"}), complete=["Visit"])
    assert (report.quarantined, report.gone.total()) == (1, 0)
    assert list(live(clinic, Visit)) == ["v"]
    assert list(live(clinic, Step)) == ["v#x"]


def test_a_row_whose_key_alone_was_read_is_there_with_its_parts(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", **MORNING, "steps": ["x"]}), row("Visit", {"id": "w", **MORNING}))
    report = take(clinic, complete=["Visit"], present={"Visit": ({"id": "v"}, {"id": "never seen"})})
    assert +report.gone == {"visit": 1}
    assert (list(live(clinic, Visit)), list(live(clinic, Step))) == (["v"], ["v#x"])


def test_keys_alone_say_nothing_of_what_their_rows_told_beside(clinic: Database) -> None:
    def read(payload: dict[str, Any], _reader: object) -> Draft:
        return Draft(Step, str(payload["id"]), {"what": "x"}, also=(Draft(Doctor, "d", {"name": "Ada"}),))

    lines = Mapper("Line", Step, read, also=(Doctor,))
    vertical = dataclasses.replace(CLINIC, mappers=(lines,))
    for source in (
        ListSource([row("Line", {"id": "a"}), row("Line", {"id": "b"})], complete=["Line"]),
        ListSource(complete=["Line"], present={"Line": ({"id": "a"},)}),
    ):
        ingest(clinic, vertical, source, NOW)
    assert (list(live(clinic, Step)), list(live(clinic, Doctor))) == (["a"], ["d"])


def test_a_roll_of_keys_says_what_is_gone_and_changes_nothing_else(clinic: Database) -> None:
    told = [row("Visit", {"id": key, **MORNING, "steps": ["x"]}) for key in "abc"]
    take(clinic, *told)
    report = ingest(clinic, CLINIC, Roll(told[:2], complete=["Visit"]), NOW)
    assert (report.rows_in, report.gone) == (0, {"visit": 1, "step": 1})
    assert (set(live(clinic, Visit)), set(live(clinic, Step))) == ({"a", "b"}, {"a#x", "b#x"})


def test_a_roll_that_misses_too_many_holds(clinic: Database) -> None:
    told = [row("Visit", {"id": f"v{number}", **MORNING}) for number in range(50)]
    take(clinic, *told)
    assert ingest(clinic, CLINIC, Roll(told[:1], complete=["Visit"]), NOW).held_deletes == {"visit": 49}


def test_a_row_that_nobody_can_read_holds_the_deletes_of_its_kind(clinic: Database) -> None:
    take(clinic, row("Doctor", {"id": "a"}), row("Doctor", {"id": "b"}))
    torn = Row("Doctor", "f", 1, b"{", None, Fault.BAD_JSON)
    assert take(clinic, row("Doctor", {"id": "a"}), torn, complete=["Doctor"]).held_deletes == {"doctor": 1}
    source = ListSource([row("Doctor", {"id": "a"}), torn], complete=["Doctor"])
    ingest(clinic, CLINIC, source, NOW, limits=Limits(allowed=True))
    assert list(live(clinic, Doctor)) == ["a"]


def test_an_older_version_in_a_whole_read_keeps_its_parts(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", "fee": 2, "changed": 20, "steps": ["x"]}))
    take(clinic, row("Visit", {"id": "v", "fee": 1, "changed": 10, "steps": []}), complete=["Visit"])
    assert list(live(clinic, Step)) == ["v#x"]


def test_one_resource_of_a_kind_says_nothing_about_the_other(clinic: Database) -> None:
    rows = [row("In", {"id": "a"}), row("In", {"id": "b"}), row("Out", {"id": "c"})]
    ingest(clinic, TWO_WAYS, ListSource(rows), NOW)
    ingest(clinic, TWO_WAYS, ListSource(rows[:1], complete=["In"]), NOW)
    assert sorted(live(clinic, Doctor)) == ["In/a", "Out/c"]


def test_a_read_that_another_has_overtaken_drops_nothing(clinic: Database) -> None:
    take(clinic, row("Doctor", {"id": "a"}))
    slow, quick = (Sweep(CLINIC, "erp", Limits(), tracking=True) for _ in range(2))
    with clinic.write() as connection:
        slow.begin(connection, NOW)
        quick.begin(connection, NOW)
        assert slow.finish(connection, ["Doctor"], NOW) == {}
        assert (slow.overtaken, quick.finish(connection, ["Doctor"], NOW)) == (True, {"doctor": 1})


def test_a_source_that_did_not_announce_whole_reads_drops_nothing(clinic: Database) -> None:
    take(clinic, row("Doctor", {"id": "a"}))
    with clinic.write() as connection:
        assert Sweep(CLINIC, "erp", Limits(), tracking=False).finish(connection, ["Doctor"], NOW) == {}


class Overtaken(ListSource):
    """While it is read, somebody pushes a record that its list does not show."""

    def __init__(self, database: Database, *pages: list[Row]) -> None:
        super().__init__(*pages, complete=["Doctor"])
        self._database = database

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        take(self._database, row("Doctor", {"id": "pushed"}))
        yield from super().read(cursor, now)


def test_what_is_pushed_while_a_whole_read_goes_on_is_not_gone(clinic: Database) -> None:
    take(clinic, row("Doctor", {"id": "a"}), row("Doctor", {"id": "b"}))
    ingest(clinic, CLINIC, Overtaken(clinic, [row("Doctor", {"id": "a"})]), NOW)
    assert sorted(live(clinic, Doctor)) == ["a", "pushed"]


def test_a_key_in_parts_that_is_gone_is_told_by_its_mapper(clinic: Database) -> None:
    take(clinic, row("Doctor", {"id": "a"}), row("Doctor", {"id": "b"}))
    take(clinic, Row("Doctor", "f", 1, b"{}", {"id": "a"}, deleted_key="in other words"))
    assert list(live(clinic, Doctor)) == ["b"]
