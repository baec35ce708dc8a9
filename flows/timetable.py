"""What runs when: one line for each piece of batch work, from what is installed, `sources.yaml` and `copilots.yaml`.

The same lines make the deployments that are served, and say from when on a piece of work is late.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from rag.copilot import Copilot
from rag.copilot_files import CopilotError, load_copilots
from substrate.catalog import Vertical
from substrate.clock import DAY, HOUR, MINUTE, parse_duration
from substrate.settings import Settings
from substrate.sources.configured import SourceEntry, load_sources

log = logging.getLogger(__name__)

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

_QUARTER = 15 * MINUTE
_HOUSE = "house"
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


def all_turns(settings: Settings, verticals: Mapping[str, Vertical]) -> list[Turn]:
    """Everything that shall run by itself in an installation.

    A fault in a file of copilots makes them wait for the quarters, and stops nothing else; their own runs say it too.

    Raises:
        ConfigurationError: `sources.yaml` is wrong.
    """
    sources = load_sources(settings.resolved_sources_file)
    try:
        copilots = list(load_copilots(settings, verticals).values())
    except CopilotError as error:
        log.warning("nobody knows how often copilots should be indexed: %s", error.message)
        copilots = []
    return list(turns(verticals.values(), sources, copilots))


def turns(
    verticals: Iterable[Vertical], sources: Sequence[SourceEntry], copilots: Sequence[Copilot] = ()
) -> Iterator[Turn]:
    """Everything that shall run by itself.

    Args:
        verticals: what is installed; one without a source is left alone, but for copilots that read files.
        sources: what `sources.yaml` lists.
        copilots: all of them; one whose `every` falls between the quarters has a turn of its own.
    """
    fed = {entry.vertical for entry in sources}
    indexed = [one for one in copilots if one.vertical in {None, *fed} or _reads_files(one)]
    for vertical in verticals:
        if vertical.name in fed:
            yield from (_reading(entry) for entry in sources if entry.vertical == vertical.name)
            yield from _of(vertical.name)
        elif any(one.vertical == vertical.name for one in indexed):
            yield from _of(vertical.name, only=("reindex-copilots",))
    yield Turn("reindex-copilots", _HOUSE, _QUARTER, "13-59/15 * * * *")
    yield from (_indexing(one) for one in indexed if has_own_turns(one))
    yield Turn("maintenance", _HOUSE, DAY, "30 3 * * *")


def has_own_turns(copilot: Copilot) -> bool:
    """Whether a copilot cannot wait for the quarters: its `every` falls between them."""
    return parse_duration(copilot.every) % _QUARTER != 0


def _reading(entry: SourceEntry) -> Turn:
    parameters = {"vertical": entry.vertical, "source": entry.name}
    return Turn("ingest-source", slug(entry.vertical, entry.name), parse_duration(entry.every), None, parameters)


def _of(vertical: str, only: Sequence[str] = tuple(TIME_LIMITS)) -> Iterator[Turn]:
    # A few minutes after one another: what is read at the quarter is in the features and rules of the same quarter.
    for flow, every, cron in (
        ("refresh-features", _QUARTER, "7-59/15 * * * *"),
        ("refresh-series", HOUR, "8 * * * *"),
        ("sweep-rules", _QUARTER, "10-59/15 * * * *"),
        ("reindex-copilots", _QUARTER, "12-59/15 * * * *"),
        ("daily-cycle", DAY, "30 4 * * *"),
        ("quality-report", DAY, "0 6 * * *"),
    ):
        if flow in only:
            yield Turn(flow, slug(vertical), every, cron, {"vertical": vertical})


def _reads_files(copilot: Copilot) -> bool:
    return any(source.records is None for source in copilot.sources)


def _indexing(copilot: Copilot) -> Turn:
    """The turn of one copilot that cannot wait for the quarters."""
    whose = copilot.vertical or _HOUSE
    parameters = {"vertical": copilot.vertical, "copilot": copilot.name}
    return Turn("reindex-copilots", slug(whose, copilot.name), parse_duration(copilot.every), None, parameters)


def subject_of(flow: str, parameters: Mapping[str, Any]) -> str:
    """A piece of work by its name for people."""
    names = [str(parameters[name]) for name in ("vertical", "source", "copilot") if parameters.get(name)]
    if parameters.get("copilot") and not parameters.get("vertical"):
        names = [_HOUSE, *names]  # a copilot of no vertical may have a vertical's name
    return f"{flow} {'/'.join(names)}".strip()


def slug(*names: str) -> str:
    """Names as a key of small letters, digits and dashes; different names have different keys."""
    said = "/".join(names)
    plain = _STRANGE.sub("-", said.lower()).strip("-")[:80]
    if plain == "-".join(names):
        return plain
    return f"{plain}-{blake2b(said.encode(), digest_size=3).hexdigest()}".strip("-")
