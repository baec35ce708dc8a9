"""A row may tell of several records: each is checked and written like its own, or the row as a whole is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from substrate.database import Database, open_database
from substrate.ingest import IngestReport, ingest
from substrate.mapping import Draft, Mapper, Reader
from substrate.migrate import upgrade
from substrate.records import Record, table_of
from substrate.sources.source import Row
from tests.substrate.clinic import CLINIC, Doctor, ListSource, Place, Step, Visit, row
from tests.substrate.test_ingest import NOW, live, versions
from tests.substrate.test_ingest_property import Tearing, Torn


def read_line(payload: dict[str, Any], reader: Reader) -> Draft:
    """A step that names its doctor and its visit, as a line of a wide table does."""
    dated = payload.get("changed")
    beside = []
    if "doctor" in payload:
        name = payload.get("name")
        beside.append(Draft(Doctor, payload["doctor"], {"name": name}, dated, aliases=tuple(payload.get("badges", ()))))
    if "visit" in payload:
        by_badge = reader.id_of_alias("doctor", payload["badge"]) if "badge" in payload else None
        values = {"fee": payload.get("fee"), "doctor_id": by_badge, "start": payload.get("start"), "end": 5}
        beside.append(Draft(Visit, payload["visit"], values, dated))
    return Draft(Step, payload["id"], {"what": payload.get("what")}, dated, also=tuple(beside))


LINES = Mapper("Line", Step, read_line, also=(Doctor, Visit))
WIDE = dataclasses.replace(CLINIC, mappers=(*CLINIC.mappers, LINES))
ONLY_LINES = dataclasses.replace(CLINIC, mappers=(LINES,))


def line(key: str, **said: Any) -> Row:
    return row("Line", {"id": key, **said})


def take(database: Database, *rows: Row, complete: Sequence[str] = (), vertical: Any = WIDE) -> IngestReport:
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM source_cursor")
    return ingest(database, vertical, ListSource(rows, complete=complete), NOW)


def test_many_rows_tell_of_one_record(clinic: Database) -> None:
    lines = [line(f"l{number}", doctor="d", name="Ada") for number in range(5)]
    assert take(clinic, *lines).records == {"step": 5, "doctor": 1}
    report = take(clinic, *lines)
    assert (report.accepted, report.unchanged, live(clinic, Doctor)["d"]["name"]) == (0, 5, "Ada")


def test_a_row_is_changed_if_only_the_record_beside_is(clinic: Database) -> None:
    take(clinic, line("l", doctor="d", name="Ada"))
    report = take(clinic, line("l", doctor="d", name="Eve"))
    assert (report.accepted, +report.records, live(clinic, Doctor)["d"]["name"]) == (1, {"doctor": 1}, "Eve")


@pytest.mark.parametrize("bad", [{"start": 6}, {"fee": "much"}, {"visit": ""}, {"doctor": "\x00"}])
def test_what_refuses_one_record_refuses_the_row(clinic: Database, bad: dict[str, Any]) -> None:
    report = take(clinic, line("bad", **{"doctor": "d", "visit": "v", **bad}), line("good"))
    assert (report.accepted, report.quarantined, report.records) == (1, 1, {"step": 1})
    assert live(clinic, Doctor) == live(clinic, Visit) == {}


def test_rows_that_contradict_each_other_leave_no_trail(clinic: Database) -> None:
    lines = [line("a", doctor="d", name="Ada"), line("b", doctor="d", name="Eve"), line("c", doctor="d", name="Ida")]
    for accepted in (3, 0):
        assert take(clinic, *lines).accepted == accepted
        assert (live(clinic, Doctor)["d"]["name"], versions(clinic, Doctor)) == ("Ida", 0)


@pytest.mark.parametrize("batch_rows", [1, 5])
def test_the_newest_row_is_believed(clinic: Database, batch_rows: int) -> None:
    said = [("a", 2, "Ada"), ("b", 3, "Eve"), ("c", 1, "Ida"), ("d", 3, "Uma")]
    lines = [line(key, doctor="d", name=name, changed=dated) for key, dated, name in said]
    ingest(clinic, WIDE, ListSource(lines), NOW, batch_rows=batch_rows)
    assert live(clinic, Doctor)["d"]["name"] == "Uma"


def test_a_row_of_its_own_says_more_than_another_beside(clinic: Database) -> None:
    take(clinic, row("Doctor", {"id": "d", "name": "Ada"}), line("l", doctor="d", name="Eve"))
    assert live(clinic, Doctor)["d"]["name"] == "Ada"


def test_a_record_beside_keeps_the_parts_that_its_own_row_gave(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", "steps": ["x"]}))
    take(clinic, line("l", visit="v", fee=7))
    assert (sorted(live(clinic, Step)), live(clinic, Visit)["v"]["fee"]) == (["l", "v#x"], 7)


def test_names_are_found_beside_whichever_side_comes_first(clinic: Database) -> None:
    take(clinic, line("l", visit="v", badge="B1"), vertical=ONLY_LINES)
    take(clinic, line("m", doctor="d", badges=["B1"]), line("n", visit="w", badge="B1"), vertical=ONLY_LINES)
    doctor = live(clinic, Doctor)["d"]["id"]
    assert {key: each["doctor_id"] for key, each in live(clinic, Visit).items()} == {"v": doctor, "w": doctor}


def test_a_row_whose_record_beside_collides_writes_nothing(clinic: Database) -> None:
    take(clinic, line("l", doctor="d", name="Ada"))
    with clinic.write() as connection:
        connection.execute(table_of(Doctor).update().values(source_key="other"))
    report = take(clinic, line("m", doctor="d", name="Eve"), line("n"))
    assert (report.reasons, report.accepted, sorted(live(clinic, Step))) == ({"id_collision": 1}, 1, ["l", "n"])


@pytest.mark.parametrize("also", [Draft(Place, "p", {}), Draft(Doctor, "d", {}, parts=(Draft(Step, "s", {}),))])
def test_a_kind_that_was_not_declared_is_refused(clinic: Database, also: Draft) -> None:
    bad = Mapper("Line", Step, lambda _payload, _reader: Draft(Step, "s", {}, also=(also,)), also=(Doctor,))
    report = take(clinic, line("l"), vertical=dataclasses.replace(CLINIC, mappers=(bad,)))
    assert report.reasons == {"mapper_failed": 1}


def test_that_no_row_tells_of_a_record_beside_does_not_say_that_it_is_gone(clinic: Database) -> None:
    take(clinic, line("a", doctor="d"), line("b", doctor="e"), vertical=ONLY_LINES)
    assert +take(clinic, line("a", doctor="d"), complete=["Line"], vertical=ONLY_LINES).gone == {"step": 1}
    assert sorted(live(clinic, Doctor)) == ["d", "e"]


def test_what_a_row_tells_of_beside_is_there_for_a_whole_read_of_its_own_kind(clinic: Database) -> None:
    take(clinic, *(row("Doctor", {"id": key}) for key in "def"))
    report = take(clinic, row("Doctor", {"id": "d"}), line("a", doctor="e", name="x"), complete=["Doctor", "Line"])
    assert (+report.gone, sorted(live(clinic, Doctor))) == ({"doctor": 1}, ["d", "e"])


def test_an_older_row_holds_no_deletes(clinic: Database) -> None:
    take(clinic, line("a", doctor="d", changed=9), line("b", changed=9), vertical=ONLY_LINES)
    older = line("a", what="old", doctor="d", changed=1)
    report = take(clinic, older, complete=["Line"], vertical=ONLY_LINES)
    assert (report.held_deletes, +report.gone, report.unchanged) == ({}, {"step": 1}, 1)
    assert (list(live(clinic, Doctor)), list(live(clinic, Step))) == (["d"], ["a"])


lines = st.fixed_dictionaries(
    {"id": st.sampled_from("abc")},
    optional={
        "what": st.sampled_from("xy"),
        "doctor": st.sampled_from("de"),
        "name": st.sampled_from(["Ada", "Eve", 5]),
        "visit": st.sampled_from(["v", ""]),
        "fee": st.integers(0, 2),
    },
)
pages = st.lists(st.lists(lines, max_size=6), max_size=4)


def told(rows: Sequence[dict[str, Any]], *, dated: bool) -> dict[str, dict[str, Any]]:
    """What must be stored in the end, said as plainly as possible: the last, or newest, sound row that tells of it."""
    stored: dict[str, dict[str, Any]] = {"step": {}, "doctor": {}, "visit": {}}
    sound = [each for each in rows if each.get("visit") != "" and ("doctor" not in each or each.get("name") != 5)]
    for each in sorted(sound, key=lambda each: each["changed"]) if dated else sound:
        stored["step"][each["id"]] = each.get("what")
        if "doctor" in each:
            stored["doctor"][each["doctor"]] = each.get("name")
        if "visit" in each:
            stored["visit"][each["visit"]] = each.get("fee")
    return stored


def found(database: Database) -> dict[str, dict[str, Any]]:
    content: dict[type[Record], str] = {Step: "what", Doctor: "name", Visit: "fee"}
    return {
        record.kind: {key: each[name] for key, each in live(database, record).items()}
        for record, name in content.items()
    }


@settings(max_examples=60)
@given(pages=pages, tear=st.integers(0, 5), batch=st.integers(1, 7), order=st.randoms(), dated=st.booleans())
def test_any_page_any_tear_the_same_end(pages: list[list[Any]], tear: int, batch: int, order: Any, dated: bool) -> None:
    rows = [each for page in pages for each in page]
    dates = order.sample(range(len(rows)), len(rows)) if dated else [None] * len(rows)
    for each, date in zip(rows, dates, strict=True):
        each.update({"changed": date} if dated else {})
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'x.sqlite'}")
        try:
            upgrade(database, [CLINIC])
            _check(database, [[row("Line", each) for each in page] for page in pages], tear, batch)
            assert found(database) == told(rows, dated=dated)
        finally:
            database.close()


def _check(database: Database, source: list[list[Row]], tear: int, batch: int) -> None:
    """Torn, gone on with, and read again from its start in one batch: each row counted once, the same in the end."""
    for attempt in (tear, None):
        try:
            report = ingest(database, ONLY_LINES, Tearing(*source, at=attempt), 400, batch_rows=batch)
        except Torn:
            continue
        assert report.rows_in == report.accepted + report.unchanged + report.quarantined
    piecemeal = found(database)
    take(database, *(each for page in source for each in page), vertical=ONLY_LINES)
    assert found(database) == piecemeal
