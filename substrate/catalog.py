"""What is installed: verticals, found through the entry-point group `plumbline.verticals`.

The built-in ones come through the same door as a stranger's package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from substrate.errors import DeclarationError, NotFoundError
from substrate.features.declare import View
from substrate.mapping import Mapper
from substrate.quality import Check
from substrate.records import Record
from substrate.series.declare import Series

GROUP = "plumbline.verticals"


@dataclass(frozen=True, slots=True)
class SampleOrder:
    """What a sample feed shall be; the same order gives the same bytes.

    Attributes:
        people: how many people it is about.
        days: how many days it covers.
        seed: another seed gives another feed.
        defects: share of rows that are spoilt on purpose.
        until: the feed's "now", in microseconds since 1970 UTC.
        events: scale to about this many rows; None: `people` decides.
        compress: write gzip.
    """

    people: int = 500
    days: int = 90
    seed: int = 1
    defects: float = 0.01
    until: int = 0
    events: int | None = None
    compress: bool = False


@dataclass(frozen=True, slots=True)
class SampleReceipt:
    """What a sample feed holds: rows by resource, planted incidents and defects by kind, and what it cost."""

    resources: dict[str, int]
    incidents: dict[str, int]
    defects: dict[str, int]
    bytes: int
    seconds: float

    def facts(self) -> dict[str, Any]:
        """The same for a program."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


Sample = Callable[[Path, SampleOrder, Callable[[int, int], None]], SampleReceipt]
"""Writes a sample feed into a folder, and tells how much of it is done."""


@dataclass(frozen=True)
class Vertical:
    """Everything that one kind of ERP brings.

    Attributes:
        name: short and lower-case; the word on the command line.
        title: how people call it.
        records: its tables; parents before children.
        mappers: how a source's resources become records, in the order in which they are best read.
        checks: its quality gates.
        views: its features, at most one view a kind.
        series: what is counted a bucket of time.
        rules: folder of YAML files, one rule each.
        templates: folder of message templates.
        sample: writes a sample feed; None: the vertical has none.
        stale_after: how old a kind's records may be before rules that use them hold still, as duration texts.
        dialects: other sets of mappers by name, for sources that do not speak as `mappers` expect; a kind of source
            (`epcis`) uses the dialect of its name by itself.
        mappings: folder of mapping files, one an ERP whose tables are read as they are; None: the vertical has none.
        documents: folder of templates that tell records as text for copilots; None: the vertical tells nothing.
        copilots: folder of YAML files, one a copilot that comes with the vertical; None: none does.
    """

    name: str
    title: str
    records: tuple[type[Record], ...]
    mappers: tuple[Mapper, ...]
    rules: Traversable
    templates: Traversable
    checks: tuple[Check, ...] = ()
    views: tuple[View, ...] = ()
    series: tuple[Series, ...] = ()
    sample: Sample | None = None
    stale_after: Mapping[str, str] = field(default_factory=dict)
    dialects: Mapping[str, tuple[Mapper, ...]] = field(default_factory=dict)
    mappings: Traversable | None = None
    documents: Traversable | None = None
    copilots: Traversable | None = None

    @cached_property
    def kinds(self) -> dict[str, type[Record]]:
        """The records by kind."""
        return {record.kind: record for record in self.records}

    @cached_property
    def views_by_kind(self) -> dict[str, View]:
        """The views by the kind of their entity."""
        return {view.entity.kind: view for view in self.views}

    @cached_property
    def mappers_by_resource(self) -> dict[str, Mapper]:
        """The mappers by the resource that they read."""
        return {mapper.resource: mapper for mapper in self.mappers}

    def series_named(self, name: str) -> Series:
        """A series by its name.

        Raises:
            NotFoundError: the vertical has no such series.
        """
        found = {series.name: series for series in self.series}
        if name not in found:
            hint = f"It has: {', '.join(found) or 'none'}."
            raise NotFoundError(f"{self.name} has no series {name!r}", hint=hint)
        return found[name]

    def record(self, kind: str) -> type[Record]:
        """The record class of a kind.

        Raises:
            NotFoundError: the vertical has no such kind.
        """
        if kind not in self.kinds:
            known = ", ".join(self.kinds)
            raise NotFoundError(f"{self.name} has no records of kind {kind!r}", hint=f"It has: {known}.")
        return self.kinds[kind]


def verticals() -> dict[str, Vertical]:
    """All installed verticals by name.

    Raises:
        DeclarationError: an entry point does not lead to a `Vertical`, or two lead to verticals of one name.
    """
    found: dict[str, Vertical] = {}
    for point in entry_points(group=GROUP):
        vertical = _loaded(point)
        if found.setdefault(vertical.name, vertical) is not vertical:
            hint = "Uninstall one of the packages that bring it."
            raise DeclarationError(f"two installed verticals are called {vertical.name!r}", hint=hint)
    _share_no_series(found.values())
    return found


def _share_no_series(installed: Iterable[Vertical]) -> None:
    """Series are known by their names alone; tables of records are told apart by SQLModel itself."""
    owners: dict[str, str] = {}
    for vertical in installed:
        for series in vertical.series:
            owner = owners.setdefault(series.name, vertical.name)
            if owner != vertical.name:
                hint = "Rename it in one of them."
                raise DeclarationError(f"{owner} and {vertical.name} both have a series {series.name!r}", hint=hint)


def _loaded(point: EntryPoint) -> Vertical:
    name = f"entry point {point.name!r} ({point.value})"
    try:
        vertical = point.load()
    except (ImportError, AttributeError) as error:
        hint = "Reinstall or uninstall the package that declares it."
        raise DeclarationError(f"{name} cannot be loaded: {error}", hint=hint) from error
    if not isinstance(vertical, Vertical):
        raise DeclarationError(f"{name} is no vertical", hint="Let it name a substrate.catalog.Vertical.")
    return vertical


def vertical(name: str) -> Vertical:
    """One installed vertical.

    Raises:
        NotFoundError: none has that name.
    """
    installed = verticals()
    if name not in installed:
        hint = f"Installed: {', '.join(sorted(installed)) or 'none'}."
        raise NotFoundError(f"no vertical is called {name!r}", hint=hint)
    return installed[name]
