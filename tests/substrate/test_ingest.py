"""Every row is accounted for once, and what is stored follows what the source last said."""

from __future__ import annotations

import dataclasses
from typing import Any

from sqlalchemy import func, select

from substrate.clock import DAY, HOUR
from substrate.database import Database
from substrate.freshness import retire, watermarks
from substrate.ingest import IngestReport, ingest
from substrate.mapping import Draft, Gone, Mapper, Reader
from substrate.quarantine import held_rows
from substrate.records import Record, history_of, record_id, table_of
from substrate.sources.source import Fault, Row
from substrate.sweep import Limits
from tests.substrate.clinic import CLINIC, Doctor, ListSource, Step, Visit, read_doctor, row

NOW = 400 * DAY
MORNING = {"start": "1971-01-01T09:00:00Z"}


def take(database: Database, *rows: Row, now: int = NOW, **more: Any) -> IngestReport:
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM source_cursor")
    return ingest(database, CLINIC, ListSource(rows, **more), now)


def live(database: Database, record: type[Record]) -> dict[str, dict[str, object]]:
    table = table_of(record)
    with database.read() as connection:
        found = connection.execute(select(table).where(table.c.gone_at.is_(None))).mappings()
        return {str(each["source_key"]): dict(each) for each in found}


def versions(database: Database, record: type[Record]) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(history_of(record))).scalar_one()


def test_rows_add_up(clinic: Database) -> None:
    rows = [row("Doctor", {"id": "a"}), row("Doctor", {"id": "a"}), row("Doctor", {}), row("Cat", {"id": "x"})]
    report = take(clinic, *rows)
    assert (report.rows_in, report.accepted, report.unchanged, report.quarantined) == (4, 1, 1, 2)
    assert report.reasons == {"missing_key": 1, "unmapped": 1}


def test_the_same_again_changes_nothing(clinic: Database) -> None:
    rows = [row("Doctor", {"id": "a"}), row("Visit", {"id": "v", "doctor": "a", **MORNING, "steps": ["x", "y"]})]
    take(clinic, *rows)
    report = take(clinic, *rows)
    assert (report.accepted, report.unchanged) == (0, 2)
    assert versions(clinic, Visit) == 0


def test_a_correction_is_kept_in_the_history(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", **MORNING, "fee": 1}))
    take(clinic, row("Visit", {"id": "v", **MORNING, "fee": 2}), now=NOW + 1)
    assert live(clinic, Visit)["v"]["fee"] == 2
    assert versions(clinic, Visit) == 1


def test_two_versions_in_one_batch_leave_one_in_the_history(clinic: Database) -> None:
    report = take(clinic, *(row("Visit", {"id": "v", **MORNING, "fee": fee}) for fee in (1, 2, 3)))
    assert report.accepted == 3
    assert live(clinic, Visit)["v"]["fee"] == 3
    assert versions(clinic, Visit) == 2


def test_an_older_version_does_not_overwrite(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", "fee": 2, "changed": 20}))
    report = take(clinic, row("Visit", {"id": "v", "fee": 1, "changed": 10}))
    assert (report.accepted, report.unchanged) == (0, 1)
    assert live(clinic, Visit)["v"]["fee"] == 2


def test_a_bumped_change_time_alone_is_no_change(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", "fee": 2, "changed": 20}))
    assert take(clinic, row("Visit", {"id": "v", "fee": 2, "changed": 30})).unchanged == 1


def test_a_failed_check_quarantines_the_whole_row(clinic: Database) -> None:
    report = take(clinic, row("Visit", {"id": "v", **MORNING, "end": "1971-01-01T08:00:00Z"}))
    assert report.reasons == {"failed_check": 1}
    with clinic.read() as connection:
        (held,) = held_rows(connection)
    assert held.detail == "visit_ends_after_start: the visit ends before it starts"


def test_a_check_may_drop_a_value_only(clinic: Database) -> None:
    report = take(clinic, row("Visit", {"id": "v", **MORNING, "fee": 99_999}))
    assert report.accepted == 1
    assert report.discarded == {"fee_is_sane": 1}
    assert live(clinic, Visit)["v"]["fee"] is None


def test_an_unreadable_row_is_kept_as_it_came(clinic: Database) -> None:
    take(clinic, Row("Visit", "f", 3, b'{"id":', None, Fault.BAD_JSON, "cut off"))
    with clinic.read() as connection:
        (held,) = held_rows(connection)
    assert (held.raw, held.reason, held.line) == (b'{"id":', "bad_json", 3)


def test_a_sound_version_closes_the_refusal(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", "start": "soon"}))
    take(clinic, row("Visit", {"id": "v", **MORNING}))
    with clinic.read() as connection:
        assert held_rows(connection) == []


def test_a_lost_part_goes_and_counts_as_a_change(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", "steps": ["x", "y"]}))
    report = take(clinic, row("Visit", {"id": "v", "steps": ["y"]}))
    assert report.accepted == 1
    assert list(live(clinic, Step)) == ["v#y"]


def test_a_delete_takes_the_parts_along(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", "steps": ["x"]}))
    report = take(clinic, row("Visit", None, deleted_key="v"), row("Visit", None, deleted_key="never"))
    assert (report.accepted, report.unchanged) == (1, 1)
    assert live(clinic, Visit) == live(clinic, Step) == {}


def test_what_was_deleted_may_come_back(clinic: Database) -> None:
    visit = row("Visit", {"id": "v", **MORNING})
    take(clinic, visit)
    take(clinic, row("Visit", None, deleted_key="v"))
    assert take(clinic, visit).accepted == 1
    assert list(live(clinic, Visit)) == ["v"]


def test_what_a_whole_read_does_not_show_is_gone(clinic: Database) -> None:
    take(clinic, *(row("Doctor", {"id": str(number)}) for number in range(5)))
    report = take(clinic, row("Doctor", {"id": "0"}), complete=["Doctor"])
    assert report.gone["doctor"] == 4
    assert list(live(clinic, Doctor)) == ["0"]


def test_a_mass_delete_is_held_until_a_person_allows_it(clinic: Database) -> None:
    take(clinic, *(row("Doctor", {"id": str(number)}) for number in range(100)))
    report = take(clinic, complete=["Doctor"])
    assert report.held_deletes == {"doctor": 100}
    assert len(live(clinic, Doctor)) == 100
    ingest(clinic, CLINIC, ListSource([], complete=["Doctor"]), NOW, limits=Limits(allowed=True))
    assert live(clinic, Doctor) == {}


def test_a_reference_by_another_name_resolves_whichever_side_comes_first(clinic: Database) -> None:
    visit, doctor = row("Visit", {"id": "v", "badge": "B7"}), row("Doctor", {"id": "d", "badge": "B7"})
    take(clinic, visit)
    take(clinic, doctor)
    assert live(clinic, Visit)["v"]["doctor_id"] == record_id("erp", "doctor", "d")
    assert take(clinic, visit, row("Visit", {"id": "w", "badge": "B7"})).unchanged == 1
    assert live(clinic, Visit)["w"]["doctor_id"] == record_id("erp", "doctor", "d")


def test_two_keys_with_one_id_are_never_merged(clinic: Database) -> None:
    take(clinic, row("Doctor", {"id": "a"}))
    with clinic.write() as connection:
        connection.exec_driver_sql("UPDATE clinic_doctor SET source_key = 'other'")
    assert take(clinic, row("Doctor", {"id": "a", "name": "new"})).reasons == {"id_collision": 1}
    assert list(live(clinic, Doctor)) == ["other"]


def test_a_clock_that_steps_back_files_nothing_as_known_earlier(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", "fee": 1}))
    take(clinic, row("Visit", {"id": "v", "fee": 2}), now=NOW - DAY)
    assert live(clinic, Visit)["v"]["recorded_at"] == NOW


def test_a_source_keeps_fresh_only_what_it_gives(clinic: Database) -> None:
    ingest(clinic, CLINIC, ListSource((), name="erp"), NOW)
    ingest(clinic, CLINIC, ListSource((), name="ward", kinds=["Visit"]), NOW + HOUR)
    ingest(clinic, CLINIC, ListSource((), name="erp"), NOW + 2 * HOUR)
    with clinic.write() as connection:
        marks = watermarks(connection)
        assert marks["records:clinic_place"] == NOW + 2 * HOUR
        assert marks["records:clinic_visit"] == marks["records:clinic_step"] == NOW + HOUR
        assert retire(connection, "ward") == 2
        assert watermarks(connection)["records:clinic_visit"] == NOW + 2 * HOUR


def test_what_the_source_confirmed_later_is_not_overwritten_by_what_it_dates_before(clinic: Database) -> None:
    def visit(changed: int, **more: object) -> Row:
        return row("Visit", {"id": "v", **MORNING, "changed": changed, **more})

    take(clinic, visit(10, fee=1))
    take(clinic, visit(30, fee=1), visit(20, fee=2))
    assert (live(clinic, Visit)["v"]["fee"], live(clinic, Visit)["v"]["changed_at"]) == (1, 30)
    assert take(clinic, visit(25, fee=3)).accepted == 0
    assert take(clinic, visit(40, fee=4)).accepted == 1
    assert versions(clinic, Visit) == 1


def test_a_mapper_may_say_that_a_row_is_no_record(clinic: Database) -> None:
    def read(payload: dict[str, object], reader: Reader) -> Draft | Gone:
        return Gone(str(payload["id"])) if payload.get("void") else read_doctor(payload, reader)

    vertical = dataclasses.replace(CLINIC, mappers=(Mapper("Doctor", Doctor, read),))
    rows = [row("Doctor", {"id": "a"}), row("Doctor", {"id": "b", "void": 1}), row("Doctor", {"id": "a", "void": 1})]
    report = ingest(clinic, vertical, ListSource(rows), NOW)
    assert (report.accepted, report.unchanged, report.gone["doctor"], live(clinic, Doctor)) == (2, 1, 1, {})


def test_a_refused_row_is_settled_when_its_record_goes(clinic: Database) -> None:
    take(clinic, row("Visit", {"id": "v", "start": "soon"}))
    take(clinic, row("Visit", None, deleted_key="v"))
    with clinic.read() as connection:
        assert held_rows(connection) == []
