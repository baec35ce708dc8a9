"""Natural keys: the same from an object, a reference, a deletion, JSON or XML."""

from __future__ import annotations

from substrate.sources.edfi.keys import code, key_of


def test_json_and_xml_give_one_key() -> None:
    json = {"sessionName": "Fall", "schoolReference": {"schoolId": 7}, "schoolYearTypeReference": {"schoolYear": 2022}}
    xml = {"sessionName": "Fall", "schoolReference": {"schoolId": "7"}, "schoolYear": "2021-2022"}
    reference = {"schoolId": 7, "schoolYear": 2022, "sessionName": "Fall", "link": {"rel": "Session"}}
    assert {key_of("sessions", told) for told in (json, xml, reference)} == {"7|2022|Fall"}


def test_descriptor_counts_by_its_code() -> None:
    event = {
        "attendanceEventCategoryDescriptor": "uri://ed-fi.org/AttendanceEventCategoryDescriptor#Tardy",
        "eventDate": "2022-01-03", "schoolReference": {"schoolId": 7}, "studentReference": {"studentUniqueId": "1"},
        "sessionReference": {"schoolId": 7, "schoolYear": 2022, "sessionName": "Fall"},
    }  # fmt: skip
    assert key_of("studentSchoolAttendanceEvents", event) == "Tardy|2022-01-03|7|2022|Fall|1"
    assert code("uri://ed-fi.org/SexDescriptor#Male") == "Male"


def test_section_is_that_of_its_offering_wherever_its_room_is() -> None:
    told = {
        "locationReference": {"schoolId": 8, "classroomIdentificationCode": "12"},
        "courseOfferingReference": {"localCourseCode": "ALG", "schoolId": 7, "schoolYear": 2022, "sessionName": "Fall"},
        "sectionIdentifier": "A",
    }  # fmt: skip
    assert key_of("sections", told) == "ALG|7|2022|A|Fall"


def test_key_with_a_part_missing_is_none_and_an_unknown_resource_goes_by_its_id() -> None:
    assert key_of("sessions", {"sessionName": "Fall"}) is None
    assert key_of("tpdm/candidates", {"id": "g1"}) == "g1"
