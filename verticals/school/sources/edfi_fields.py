"""What the mappings of Ed-Fi's resources share: the parts of an object, references by natural key, and drafts."""

from __future__ import annotations

from substrate.mapping import Draft, Reader
from substrate.quality import Reason, RowRefused
from substrate.records import Record
from substrate.sources.edfi.keys import key_of
from verticals.school.sources.cells import Cells

PREFIXES = {
    "staffSectionAssociations": "staff/", "studentSectionAssociations": "student/",
    "studentSchoolAttendanceEvents": "school/", "studentSectionAttendanceEvents": "section/",
}  # fmt: skip
"""Where two resources become one kind of record."""


def draft(kind: str, record: type[Record], row: Cells, values: Cells, site: str | None = None) -> Draft:
    """The draft of an object under its natural key; without one the row is refused."""
    key = key_of(kind, row)
    if key is None:
        raise RowRefused(Reason.MISSING_KEY, f"a part of the natural key of {kind} is missing")
    return Draft(record, PREFIXES.get(kind, "") + key, values, site=site)


def refer(reader: Reader, kind: str, key: str | None) -> int | None:
    """The id of the record of a kind that a natural key names."""
    return reader.id_of(kind, key) if key else None


def reference(row: Cells, name: str) -> Cells:
    """A reference in an object; empty where there is none."""
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def many(row: Cells, name: str) -> list[Cells]:
    """The objects of a list in an object."""
    value = row.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
