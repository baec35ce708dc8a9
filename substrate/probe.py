"""Try a source: read some rows, map and check them, and write nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from substrate.catalog import Vertical
from substrate.errors import NotFoundError
from substrate.ingest import Intake
from substrate.mapping import Reader
from substrate.quality import RowRefused
from substrate.sources.configured import SourceEntry, opened, speaking
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
        return {"tried": self.tried, "refused": self.refused, "refusals": refusals, "ignored": self.ignored}


def probe(entry: SourceEntry, verticals: Mapping[str, Vertical], now: int, *, rows: int) -> Probe:
    """Read at most some rows of a source from its beginning.

    Raises:
        NotFoundError: its vertical is not installed.
        SourceError: it cannot be read at all.
    """
    if entry.vertical not in verticals:
        installed = ", ".join(sorted(verticals))
        raise NotFoundError(f"source {entry.name!r} is for {entry.vertical!r}", hint=f"Installed: {installed}.")
    vertical = speaking(verticals[entry.vertical], entry)
    intake = Intake(vertical, Reader(entry.name, entry.zone), Sweep(vertical, entry.name, Limits(), tracking=False))
    result = Probe()
    with opened(entry, vertical) as source:
        for row in islice((row for page in source.read(None, now) for row in page.rows), rows):
            result.tried += 1
            _try(intake, row, now, result)
        result.ignored = [(ignored.place, str(ignored.why)) for ignored in source.ignored]
    return result


def _try(intake: Intake, row: Row, now: int, result: Probe) -> None:
    if row.deleted_key is not None:
        return
    try:
        intake.draft(row, now)
    except RowRefused as refused:
        result.refusals.append(Refused(f"{row.place}:{row.line}", row.kind, refused.reason.value, refused.detail))
