"""What a OneRoster server says becomes the records that its export becomes."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.mapping import Reader
from substrate.sources.oneroster.flat import flat
from substrate.sources.oneroster.people import with_roles
from verticals.school.sources.dialects import DIALECTS

STAMP = {"status": "active", "dateLastModified": "2026-01-02T03:04:05.000Z"}
USER = {"givenName": "Una", "familyName": "B", "identifier": "7", "email": "u@example.org"}


def ref(key: str) -> dict[str, str]:
    """A reference as JSON writes it."""
    return {"sourcedId": key, "type": "any", "href": f"https://sis.example.org/{key}"}


@pytest.mark.parametrize(
    ("resource", "json", "csv"),
    [
        ("orgs", {"name": "A", "type": "school", "parent": ref("d"), "children": [ref("x")]},
         {"name": "A", "type": "school", "parentSourcedId": "d"}),
        ("academicSessions", {"title": "T", "type": "term", "startDate": "2026-01-01", "schoolYear": 2026},
         {"title": "T", "type": "term", "startDate": "2026-01-01", "schoolYear": "2026"}),
        ("classes", {"title": "C", "course": ref("k"), "school": ref("s"), "terms": [ref("t1"), ref("t2")],
                     "grades": ["9"], "classType": "scheduled"},
         {"title": "C", "courseSourcedId": "k", "schoolSourcedId": "s", "termSourcedIds": "t1,t2", "grades": "9",
          "classType": "scheduled"}),
        ("enrollments", {"user": ref("u"), "class": ref("c"), "school": ref("s"), "role": "student", "primary": False},
         {"userSourcedId": "u", "classSourcedId": "c", "schoolSourcedId": "s", "role": "student", "primary": "false"}),
        ("users", {**USER, "role": "student", "orgs": [ref("s")], "agents": [ref("g")], "enabledUser": True},
         {**USER, "role": "student", "orgSourcedIds": "s", "agentSourcedIds": "g", "enabledUser": "true"}),
        ("results", {"lineItem": ref("l"), "student": ref("u"), "score": 8.5, "scoreStatus": "fully graded"},
         {"lineItemSourcedId": "l", "studentSourcedId": "u", "score": "8.5", "scoreStatus": "fully graded"}),
    ],
)  # fmt: skip
def test_json_and_csv_become_one_record(resource: str, json: dict[str, Any], csv: dict[str, str]) -> None:
    mapper = next(one for one in DIALECTS["oneroster"] if one.resource == resource)
    reader = Reader("sis", "America/Chicago")
    told = flat({"sourcedId": "1", **STAMP, **json})
    assert mapper.read(told, reader) == mapper.read({"sourcedId": "1", **STAMP, **csv}, reader)


def test_user_of_1_2_becomes_the_record_of_a_user_of_1_1() -> None:
    mapper = next(one for one in DIALECTS["oneroster"] if one.resource == "users")
    told = flat({"sourcedId": "1", **USER, "roles": [{"roleType": "primary", "role": "student", "org": ref("s")}]})
    new = mapper.read(with_roles(told, told.pop("roles")), Reader("sis"))
    assert new == mapper.read({"sourcedId": "1", **USER, "role": "student", "orgSourcedIds": "s"}, Reader("sis"))
