"""What runs when: one line for each piece of batch work, from what is installed and from `sources.yaml`.

The same lines make the deployments that are served, and say from when on a piece of work is late.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from substrate.catalog import Vertical
from substrate.clock import DAY, HOUR, MINUTE, parse_duration
from substrate.sources.configured import SourceEntry

TIME_LIMITS = {
    "ingest-source": 2 * 3600,
    "quality-report": 600,
    "refresh-features": 3600,
    "refresh-series": 1800,
    "sweep-rules": 1800,
    "reindex-copilots": 4 * 3600,
    "maintenance": 2 * 3600,
    "daily-cycle": 6 * 3600,
}
"""How long a run of each flow may take, in seconds; what runs on for longer has lost its process."""

_MISSED = 3
_SLACK = 30 * MINUTE
_STRANGE = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Turn:
    """One piece of batch work and when its turn is.

    Attributes:
        flow: the flow, such as `ingest-source`.
        name: tells the deployments of one flow apart.
        every: the time between two turns, in microseconds.
        cron: when exactly; None: `every` so often.
        parameters: the flow's.
    """

    flow: str
    name: str
    every: int
    cron: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """The work by its name for people: `ingest-source hospital/epr`."""
        return subject_of(self.flow, self.parameters)

    @property
    def patience(self) -> int:
        """How long after its last good run it is late, in microseconds."""
        return self.every + _SLACK if self.every >= DAY else _MISSED * self.every + _SLACK


def turns(verticals: Iterable[Vertical], sources: Sequence[SourceEntry]) -> Iterator[Turn]:
    """Everything that shall run by itself.

    Args:
        verticals: what is installed; one without a source is left alone.
        sources: what `sources.yaml` lists.
    """
    for vertical in verticals:
        own = [entry for entry in sources if entry.vertical == vertical.name]
        if own:
            yield from (_reading(entry) for entry in own)
            yield from _of(vertical.name)
    yield Turn("reindex-copilots", "house", 15 * MINUTE, "13-59/15 * * * *")
    yield Turn("maintenance", "house", DAY, "30 3 * * *")


def _reading(entry: SourceEntry) -> Turn:
    parameters = {"vertical": entry.vertical, "source": entry.name}
    return Turn("ingest-source", slug(entry.vertical, entry.name), parse_duration(entry.every), None, parameters)


def _of(vertical: str) -> Iterator[Turn]:
    # A few minutes after one another: what is read at the quarter is in the features and rules of the same quarter.
    for flow, every, cron in (
        ("refresh-features", 15 * MINUTE, "7-59/15 * * * *"),
        ("refresh-series", HOUR, "8 * * * *"),
        ("sweep-rules", 15 * MINUTE, "10-59/15 * * * *"),
        ("reindex-copilots", 15 * MINUTE, "12-59/15 * * * *"),
        ("daily-cycle", DAY, "30 4 * * *"),
        ("quality-report", DAY, "0 6 * * *"),
    ):
        yield Turn(flow, slug(vertical), every, cron, {"vertical": vertical})


def subject_of(flow: str, parameters: Mapping[str, Any]) -> str:
    """A piece of work by its name for people."""
    whose = "/".join(str(parameters[name]) for name in ("vertical", "source") if parameters.get(name))
    return f"{flow} {whose}".strip()


def slug(*names: str) -> str:
    """Names as a key of small letters, digits and dashes; different names have different keys."""
    said = "/".join(names)
    plain = _STRANGE.sub("-", said.lower()).strip("-")[:80]
    if plain == "-".join(names):
        return plain
    return f"{plain}-{blake2b(said.encode(), digest_size=3).hexdigest()}".strip("-")
