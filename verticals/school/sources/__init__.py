"""From OneRoster rows, and from plain rows in our own words, to records, in the order that is best read."""

from __future__ import annotations

from dataclasses import replace

from substrate.mapping import Draft, Gone, Key, Mapper, Read, Reader
from verticals.school import records
from verticals.school.sources import oneroster
from verticals.school.sources.cells import Cells
from verticals.school.sources.kinds import PLAIN

_PLAIN = {plain.resource: plain.mapper() for plain in PLAIN}


def _either(resource: str, read: Read) -> Mapper:
    """A resource that OneRoster calls as we do: a row with `sourcedId` is OneRoster's."""
    plain = _PLAIN[resource]
    ours: Read = plain.read
    ours_key: Key = plain.key

    def reads(row: Cells, reader: Reader) -> Draft | Gone:
        return read(row, reader) if "sourcedId" in row else ours(row, reader)

    return replace(plain, read=reads, key=lambda row: (oneroster.key_of if "sourcedId" in row else ours_key)(row))


ONEROSTER: tuple[Mapper, ...] = (
    Mapper("orgs", records.Organization, oneroster.org, key=oneroster.key_of),
    Mapper("academicSessions", records.Term, oneroster.academic_session, key=oneroster.key_of),
    _either("courses", oneroster.course),
    _either("classes", oneroster.class_),
    Mapper(
        "users", records.Student, oneroster.user, parts={records.Guardianship: "student_id"},
        instead=(records.Staff, records.Guardian), key=oneroster.key_of,
    ),
    Mapper("enrollments", records.Enrolment, oneroster.enrollment, key=oneroster.key_of),
    Mapper("lineItems", records.LineItem, oneroster.line_item, key=oneroster.key_of),
    Mapper("results", records.Submission, oneroster.result, key=oneroster.key_of),
)  # fmt: skip
MAPPERS: tuple[Mapper, ...] = (
    *ONEROSTER,
    *(mapper for name, mapper in _PLAIN.items() if name not in ("courses", "classes")),
)
