"""Ed-Fi's natural keys: which fields make a resource one, in an object, a reference to it or its deletion."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

_SECTION = ("localCourseCode", "schoolId", "schoolYear", "sectionIdentifier", "sessionName")
NATURAL_KEYS: Mapping[str, tuple[str, ...]] = {
    "localEducationAgencies": ("localEducationAgencyId",),
    "schools": ("schoolId",),
    "sessions": ("schoolId", "schoolYear", "sessionName"),
    "calendars": ("calendarCode", "schoolId", "schoolYear"),
    "calendarDates": ("calendarCode", "date", "schoolId", "schoolYear"),
    "courses": ("courseCode", "educationOrganizationId"),
    "courseOfferings": ("localCourseCode", "schoolId", "schoolYear", "sessionName"),
    "sections": _SECTION,
    "staffs": ("staffUniqueId",),
    "contacts": ("contactUniqueId",),
    "parents": ("parentUniqueId",),
    "students": ("studentUniqueId",),
    "studentContactAssociations": ("contactUniqueId", "studentUniqueId"),
    "studentParentAssociations": ("parentUniqueId", "studentUniqueId"),
    "studentSchoolAssociations": ("entryDate", "schoolId", "studentUniqueId"),
    "staffSchoolAssociations": ("programAssignmentDescriptor", "schoolId", "staffUniqueId"),
    "studentSectionAssociations": ("beginDate", *_SECTION, "studentUniqueId"),
    "staffSectionAssociations": (*_SECTION, "staffUniqueId"),
    "studentSchoolAttendanceEvents": (
        "attendanceEventCategoryDescriptor", "eventDate", "schoolId", "schoolYear", "sessionName", "studentUniqueId",
    ),
    "studentSectionAttendanceEvents": (
        "attendanceEventCategoryDescriptor", "eventDate", *_SECTION, "studentUniqueId",
    ),
    "gradebookEntries": ("gradebookEntryIdentifier", "namespace"),
    "studentGradebookEntries": ("gradebookEntryIdentifier", "namespace", "studentUniqueId"),
}  # fmt: skip
"""The fields of a resource's natural key. Of a resource that is not listed its `id` is the key."""

_YEARS = re.compile(r"\d{4}-(\d{4})")


def leaves(told: Mapping[str, Any], wanted: Collection[str] = ()) -> dict[str, str]:
    """An object's own plain fields, with those of the references in it, as text.

    A school year is the year in which it ends, and a descriptor its code without the namespace, so that an object, a
    reference to it and its deletion say the same. Where references differ in a field (a section's school, and that of
    its room), the one that holds most of the `wanted` fields counts.
    """
    found = {name: _plain(name, value) for name, value in told.items() if _is_plain(value)}
    references = [value for name, value in told.items() if name.endswith("Reference") and isinstance(value, Mapping)]
    for reference in sorted(references, key=lambda one: -len(one.keys() & set(wanted))):
        found = {name: _plain(name, value) for name, value in reference.items() if _is_plain(value)} | found
    return found


def key_of(kind: str, told: Mapping[str, Any]) -> str | None:
    """The source key of an object, a reference or the key values of a deletion; None where a part is missing."""
    names = NATURAL_KEYS.get(kind)
    if names is None:
        own = told.get("id")
        return str(own) if own else None
    found = leaves(told, names)
    parts = [found.get(name, "") for name in names]
    return "|".join(parts) if all(parts) else None


def code(descriptor: str) -> str:
    """A descriptor's code: `uri://ed-fi.org/SexDescriptor#Male` is `Male`."""
    return descriptor.rpartition("#")[2].strip()


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _plain(name: str, value: Any) -> str:
    text = str(value).strip()
    if name.endswith("Descriptor"):
        return code(text)
    years = _YEARS.fullmatch(text) if name == "schoolYear" else None
    return years[1] if years else text
