"""Try a source: read some rows, map and check them, and write nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from substrate.catalog import Vertical
from substrate.errors import NotFoundError
from substrate.ingest import Intake
from substrate.mapping import Draft, Gone, Reader
from substrate.mappings.survey import Survey
from substrate.quality import RowRefused
from substrate.sources.configured import SourceEntry, mapping_of, opened, speaking
from substrate.sources.ignored import Ignored, Why
from substrate.sources.source import Row
from substrate.sweep import Limits, Sweep


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that would not become a record."""

    where: str
    resource: str
    reason: str
    detail: str


@dataclass(slots=True)
class Probe:
    """What became of the rows that were tried."""

    tried: int = 0
    refusals: list[Refused] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    survey: Survey | None = None

    @property
    def refused(self) -> int:
        """How many rows would not become records."""
        return len(self.refusals)

    def facts(self) -> dict[str, Any]:
        """The same for a program."""
        refusals = [
            {"where": each.where, "resource": each.resource, "reason": each.reason, "detail": each.detail}
            for each in self.refusals
        ]
        tried = {"tried": self.tried, "refused": self.refused, "refusals": refusals, "ignored": self.ignored}
        return tried | (self.survey.facts() if self.survey else {})


def probe(entry: SourceEntry, verticals: Mapping[str, Vertical], now: int, *, rows: int) -> Probe:
    """Read at most some rows of a source from its beginning; with a mapping file, so many of each resource.

    Raises:
        NotFoundError: its vertical is not installed.
        ConfigurationError: its mapping does not fit the vertical.
        SourceError: it cannot be read at all.
    """
    if entry.vertical not in verticals:
        installed = ", ".join(sorted(verticals))
        raise NotFoundError(f"source {entry.name!r} is for {entry.vertical!r}", hint=f"Installed: {installed}.")
    file = mapping_of(verticals[entry.vertical], entry)
    vertical = speaking(verticals[entry.vertical], entry)
    intake = Intake(vertical, Reader(entry.name, entry.zone), Sweep(vertical, entry.name, Limits(), tracking=False))
    result = Probe(survey=Survey(file) if file else None)
    for part in _parts(vertical) if file else [vertical]:
        with opened(entry, part) as source:
            given = (row for page in source.read(None, now) for row in page.rows)
            for row in islice((row for row in given if file is None or row.kind in part.mappers_by_resource), rows):
                result.tried += 1
                _try(intake, row, now, result)
            result.ignored += [(each.place, str(each.why)) for each in source.ignored if _is_told(each, vertical, part)]
    return result


def _parts(vertical: Vertical) -> list[Vertical]:
    """The vertical, reading one resource at a time."""
    return [replace(vertical, mappers=(mapper,)) for mapper in vertical.mappers]


def _is_told(ignored: Ignored, vertical: Vertical, part: Vertical) -> bool:
    """Whether something was left aside by all parts: told once, and not where another part reads it."""
    first = part.mappers[:1] == vertical.mappers[:1]
    return first and not (ignored.why is Why.KIND_NOT_WANTED and ignored.kind in vertical.mappers_by_resource)


def _try(intake: Intake, row: Row, now: int, result: Probe) -> None:
    if row.deleted_key is not None:
        return
    told: Draft | Gone | None = None
    try:
        told = intake.draft(row, now)
    except RowRefused as refused:
        result.refusals.append(Refused(f"{row.place}:{row.line}", row.kind, refused.reason.value, refused.detail))
    if result.survey is not None and row.payload is not None:
        result.survey.note(row.kind, row.payload, told)
