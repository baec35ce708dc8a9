"""Records as a template is given them: each notes what was taken from it, so that the document's label follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from rag.told.values import written
from substrate.access import Label
from substrate.columns import Meaning, Sensitivity
from substrate.records import Record, meanings, references, table_of

Raw = Mapping[str, Any]
"""A record's columns as the database has them."""


@dataclass
class Shelf:
    """The records that a batch of documents is told from.

    Attributes:
        kinds: the vertical's kinds of record.
        zone: IANA zone of the house.
        records: what references lead to, by kind and id; one that is not there is gone, or has not come yet.
    """

    kinds: Mapping[str, type[Record]]
    zone: str
    records: dict[str, dict[int, Raw]] = field(default_factory=dict)


@dataclass
class Notes:
    """What was taken from the records while one document was told.

    Attributes:
        sensitivity: the highest of all columns and references that were used.
        sites: of the records that were used.
        changed_at: when the source last changed one of them, in microseconds since 1970 UTC; None: it does not say.
        batch: the newest batch that wrote one of them.
    """

    sensitivity: Sensitivity = Sensitivity.PUBLIC
    sites: set[str] = field(default_factory=set)
    changed_at: int | None = None
    batch: int = 0

    def used(self, raw: Raw) -> None:
        """A record is part of the document."""
        if raw["site"] is not None:
            self.sites.add(raw["site"])
        self.batch = max(self.batch, raw["batch"])
        if raw["changed_at"] is not None:
            self.changed_at = max(self.changed_at or 0, raw["changed_at"])

    def seen(self, level: Sensitivity) -> None:
        """Something of this sensitivity is part of the document."""
        self.sensitivity = max(self.sensitivity, level)

    def label(self, own: str | None, roles: frozenset[str]) -> Label:
        """Who may see the document.

        What is about people and rests on records of other sites too is of no single site; so only those who may see
        every site are shown it.

        Args:
            own: the site of the record that it tells of.
            roles: who may read it.
        """
        others = self.sites - {own}
        site = own
        if self.sensitivity >= Sensitivity.PII:
            site = own if not others else None
        elif own is None and len(others) == 1:
            site = next(iter(others))
        return Label(self.sensitivity, site, roles)


class Row(Mapping[str, Any]):
    """One record: a column by its name, and what a reference leads to by the reference's name without `_id`.

    A record that is not there has no values, and is false.

    Args:
        record: its kind.
        raw: its columns; empty: it is not there.
        shelf: where references lead.
        notes: what is noted of its use.
    """

    __slots__ = ("_notes", "_raw", "_record", "_shelf")

    def __init__(self, record: type[Record], raw: Raw, shelf: Shelf, notes: Notes) -> None:
        self._record = record
        self._raw = raw
        self._shelf = shelf
        self._notes = notes
        if raw:
            notes.used(raw)

    def __getitem__(self, name: str) -> Any:
        """A value, or the record that a reference leads to."""
        known, hops = columns_of(self._record)
        if name in known:
            self._notes.seen(known[name].sensitivity)
            value = self._raw.get(name)
            # An instant that nobody wrote down stands at 1970, where the record must have one.
            unknown = value == 0 and known[name].instant and not table_of(self._record).c[name].nullable
            return None if unknown else written(value, known[name], self._shelf.zone)
        kind = hops[name]
        reference = known[f"{name}_id"]
        self._notes.seen(max(reference.sensitivity, reference.through))
        found = self._shelf.records[kind].get(self._raw.get(f"{name}_id", 0)) if self._raw else None
        return Row(self._shelf.kinds[kind], found or {}, self._shelf, self._notes)

    def __iter__(self) -> Iterator[str]:
        """The names of its columns."""
        return iter(columns_of(self._record)[0])

    def __len__(self) -> int:
        """How many columns it has; 0: it is not there."""
        return len(self._raw)

    def __str__(self) -> str:
        """Its kind; a record is not printed whole."""
        return self._record.kind

    __repr__ = __str__


@cache
def columns_of(record: type[Record]) -> tuple[dict[str, Meaning], dict[str, str]]:
    """What a record's columns mean, and the kinds that its references lead to, by their names without `_id`."""
    known = meanings(record)
    hops = {name.removesuffix("_id"): kind for name, kind in references(record).items() if name.endswith("_id")}
    return known, {name: kind for name, kind in hops.items() if name not in known}
