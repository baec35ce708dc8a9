"""Ed-Fi resources as records, and what absence means where only exceptions are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from substrate.clock import parse_instant
from substrate.database import Database
from substrate.ingest import IngestReport, ingest
from substrate.mapping import Draft, Reader
from substrate.migrate import upgrade
from substrate.quality import RowRefused
from substrate.sources.configured import SourceEntry, opened, speaking
from tests.verticals.school.rows import SOURCE
from tests.verticals.school.test_features import seen
from verticals.school import vertical
from verticals.school.records import Registration
from verticals.school.sources.dialects import DIALECTS

NOW = parse_instant("2022-06-30T12:00:00Z")
SESSION = {"schoolId": 7, "schoolYear": 2022, "sessionName": "Fall"}
SECTION = {**SESSION, "localCourseCode": "ALG", "sectionIdentifier": "A"}


def draft(resource: str, **told: Any) -> Draft:
    """The draft of an object."""
    mapper = next(one for one in DIALECTS["edfi"] if one.resource == resource)
    made = mapper.read(told, Reader("sis", "America/Chicago"))
    assert isinstance(made, Draft)
    assert made.key == mapper.prefix + str(mapper.key(told))
    return made


def event(category: str = "Excused Absence", **more: Any) -> dict[str, Any]:
    """An attendance event."""
    return {
        "attendanceEventCategoryDescriptor": f"uri://ed-fi.org/AttendanceEventCategoryDescriptor#{category}",
        "eventDate": "2021-09-01", "schoolReference": {"schoolId": 7}, "studentReference": {"studentUniqueId": "1"},
        "sessionReference": SESSION, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("category", "mark"), [("Excused Absence", "excused"), ("Unexcused Absence", "absent"), ("Tardy", "late")]
)
def test_category_is_a_mark_that_says_that_it_is_an_exception(category: str, mark: str) -> None:
    values = draft("studentSchoolAttendanceEvents", **event(category)).values
    assert (values["code"], values["whole_day"], values["by_exception"]) == (mark, True, True)


def test_category_that_nobody_knows_is_refused() -> None:
    with pytest.raises(RowRefused) as caught:
        draft("studentSchoolAttendanceEvents", **event("Partial"))
    assert caught.value.reason == "unknown_code"


def test_event_tells_of_the_registration_too() -> None:
    made = draft("studentSchoolAttendanceEvents", **event())
    assert [(one.record, one.key) for one in made.also] == [(Registration, "1/7|2022|Fall")]


def test_section_refers_to_offering_session_and_school_by_their_keys() -> None:
    made = draft("sections", courseOfferingReference=SECTION, sectionIdentifier="A", sectionName="Algebra")
    reader = Reader("sis")
    assert made.values["term_id"] == reader.id_of("term", "7|2022|Fall")
    assert made.values["course_id"] == reader.id_of("course", "ALG|7|2022|Fall")
    assert draft("staffSectionAssociations", sectionReference=SECTION, staffReference={"staffUniqueId": "9"}).values[
        "class_id"
    ] == reader.id_of("class", made.key)


def test_day_is_open_if_an_event_says_so() -> None:
    told = {"date": "2021-09-01", "calendarReference": {"calendarCode": "c", "schoolId": 7, "schoolYear": 2022}}
    for name, is_open in (("Instructional day", True), ("Holiday", False)):
        events = [{"calendarEventDescriptor": f"uri://ed-fi.org/CalendarEventDescriptor#{name}"}]
        assert draft("calendarDates", **told, calendarEvents=events).values["open"] is is_open


def test_object_without_its_natural_key_is_refused() -> None:
    mapper = next(one for one in DIALECTS["edfi"] if one.resource == "sessions")
    with pytest.raises(RowRefused, match="natural key"):
        mapper.read({"sessionName": "Fall"}, Reader("sis"))


def _xml(*elements: str) -> str:
    return '<x xmlns="http://ed-fi.org/5.2.0">' + "".join(elements) + "</x>"


STUDENT = "<Student><StudentUniqueId>1</StudentUniqueId></Student>"


def _session(days: int) -> str:
    return (
        f"<Session><SessionName>Fall</SessionName><SchoolYear>2021-2022</SchoolYear><BeginDate>2021-08-23</BeginDate>"
        f"<EndDate>2021-12-17</EndDate><TotalInstructionalDays>{days}</TotalInstructionalDays><SchoolReference>"
        "<SchoolIdentity><SchoolId>7</SchoolId></SchoolIdentity></SchoolReference></Session>"
    )


def _absence(day: int, category: str = "Unexcused Absence") -> str:
    school = "<SchoolReference><SchoolIdentity><SchoolId>7</SchoolId></SchoolIdentity></SchoolReference>"
    return (
        f"<StudentSchoolAttendanceEvent><AttendanceEvent><EventDate>2021-09-{day:02}</EventDate><AttendanceEventCategory>"
        f"uri://ed-fi.org/AttendanceEventCategoryDescriptor#{category}</AttendanceEventCategory></AttendanceEvent>"
        "<StudentReference><StudentIdentity><StudentUniqueId>1</StudentUniqueId></StudentIdentity></StudentReference>"
        f"{school}<SessionReference><SessionIdentity><SessionName>Fall</SessionName><SchoolYear>2021-2022</SchoolYear>"
        f"{school}</SessionIdentity></SessionReference></StudentSchoolAttendanceEvent>"
    )


def load(database: Database, folder: Path, *elements: str) -> IngestReport:
    """Ingest one interchange file."""
    (folder / "x.xml").write_text(_xml(*elements))
    entry = SourceEntry.model_validate(
        {"name": SOURCE, "vertical": "school", "zone": "America/Chicago", "edfi_xml": {"path": folder}}
    )
    spoken = speaking(vertical, entry)
    upgrade(database, [vertical])
    with opened(entry, spoken) as source:
        return ingest(database, spoken, source, NOW, zone=entry.zone)


def test_days_without_an_event_were_attended(database: Database, tmp_path: Path) -> None:
    absences = [_absence(day) for day in range(1, 9)]
    report = load(database, tmp_path, STUDENT, _session(80), *absences, _absence(20, "Tardy"))
    assert (report.rows_in, report.accepted, report.quarantined) == (11, 11, 0)
    names = ("days_missed", "best_rate", "attendance_rate", "days_marked")
    assert seen(database, "registration", "1/7|2022|Fall", *names, when=NOW) == [8, pytest.approx(0.9), None, 0]
    assert seen(database, "student", "1", "absence_streak", "attendance_rate_365d", when=NOW) == [0, None]


def test_chronic_absence_counts_days_of_the_session_and_not_marks(database: Database, tmp_path: Path) -> None:
    load(database, tmp_path, _session(80), _absence(1), *(_absence(day, "Tardy") for day in range(2, 20)))
    assert seen(database, "registration", "1/7|2022|Fall", "best_rate", when=NOW) == [pytest.approx(79 / 80)]
