"""How a feature is declared: an aggregate over one kind of record, or an expression over other features.

A feature is a value; declaring one computes nothing and registers nowhere. Full, incremental, point-in-time and
one-entity refresh all come from the same declaration.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from substrate.clock import parse_duration
from substrate.columns import Sensitivity
from substrate.records import Record


class How(StrEnum):
    """The aggregates."""

    LATEST = "latest"  # the value of the newest event
    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    RATIO = "ratio"  # events that meet `hit`, as a share of all
    DISTINCT = "distinct"
    STREAK = "streak"  # how many of the newest events in a row meet `hit`
    INTERVAL = "interval"  # the time between two events that only so large a share of such times does not exceed


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A feature computed from the events of one kind of record.

    Attributes:
        name: how rules call it.
        text: what it is, as staff would say it.
        how: the aggregate.
        of: the kind of record whose rows are the events.
        by: the column of `of` that holds the entity's id.
        at: the instant column that places an event in time. An event without a time takes no part.
        value: an expression over the columns of `of`; what is aggregated (latest, sum, mean, min, max, distinct).
        hit: a condition over the columns of `of`; what ratio and streak count.
        where: a condition over the columns of `of`; events that do not meet it take no part. It may not use `now`.
        per: a column of `of`; for interval, events follow one another where it is the same: the scans of one shipment.
        share: for interval, the share of the intervals that are no longer, 0 to 1: of 0.95, one in twenty is longer.
        window: duration in microseconds: only events in (T - window, T]. None: all events up to T.
        ahead: duration in microseconds: only events in (T, T + ahead], known at T. Excludes `window`.
        sensitivity: the clearance that a reader needs.
        unit: the unit of the value.
        label: the same as `text` in two or three words.
        absent: what it means that there is no value, as a sentence.
    """

    name: str
    text: str
    how: How
    of: type[Record]
    by: str
    at: str
    value: str | None = None
    hit: str | None = None
    where: str | None = None
    per: str | None = None
    share: float | None = None
    window: int | None = None
    ahead: int | None = None
    sensitivity: Sensitivity = Sensitivity.PHI
    unit: str | None = None
    label: str = ""
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Derived:
    """A feature computed from other features and columns of the same entity, whenever it is read.

    It may use `now`, so it is never stored and never stale by itself; its age is that of its operands.
    """

    name: str
    text: str
    expression: str
    sensitivity: Sensitivity = Sensitivity.PHI
    unit: str | None = None
    label: str = ""
    absent: str = ""


Feature = Aggregate | Derived


@dataclass(frozen=True, slots=True)
class View:
    """The features of one kind of entity.

    Attributes:
        entity: the kind of record that the features describe.
        features: what is computed for each; names are unique, and differ from the entity's columns.
        stale_after: how old the values may be, as a duration text, before a read calls them stale.
    """

    entity: type[Record]
    features: tuple[Feature, ...]
    stale_after: str = "24h"

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """The features that are stored."""
        return tuple(feature for feature in self.features if isinstance(feature, Aggregate))

    @property
    def derived(self) -> tuple[Derived, ...]:
        """The features that are computed on reading."""
        return tuple(feature for feature in self.features if isinstance(feature, Derived))


@dataclass(frozen=True, slots=True)
class Events:
    """The events that features of one entity are made of: a kind, its link to the entity, its time.

    A small grammar for declarations: `stays = Events(LocationStay, by="ward_id", at="start")`, then
    `stays.count("arrivals_24h", "Arrivals in the last 24 hours", window="24h")`.
    """

    of: type[Record]
    by: str
    at: str
    sensitivity: Sensitivity = Sensitivity.PHI

    def latest(self, name: str, text: str, value: str | None = None, **more: str | None) -> Aggregate:
        """The value (default: the time) of the newest event."""
        return self._make(How.LATEST, name, text, value=value or self.at, **more)

    def count(self, name: str, text: str, **more: str | None) -> Aggregate:
        """How many events; none is 0."""
        return self._make(How.COUNT, name, text, **more)

    def sum(self, name: str, text: str, value: str, **more: str | None) -> Aggregate:
        """The sum of a value; no events is 0."""
        return self._make(How.SUM, name, text, value=value, **more)

    def mean(self, name: str, text: str, value: str, **more: str | None) -> Aggregate:
        """The mean of a value; unknown without events."""
        return self._make(How.MEAN, name, text, value=value, **more)

    def min(self, name: str, text: str, value: str, **more: str | None) -> Aggregate:
        """The smallest value; unknown without events."""
        return self._make(How.MIN, name, text, value=value, **more)

    def max(self, name: str, text: str, value: str, **more: str | None) -> Aggregate:
        """The largest value; unknown without events."""
        return self._make(How.MAX, name, text, value=value, **more)

    def distinct(self, name: str, text: str, value: str, **more: str | None) -> Aggregate:
        """How many different values; none is 0."""
        return self._make(How.DISTINCT, name, text, value=value, **more)

    def ratio(self, name: str, text: str, hit: str, **more: str | None) -> Aggregate:
        """The share of events that meet `hit`, 0 to 1; unknown without events."""
        return self._make(How.RATIO, name, text, hit=hit, **more)

    def streak(self, name: str, text: str, hit: str, **more: str | None) -> Aggregate:
        """How many of the newest events in a row meet `hit`; none is 0."""
        return self._make(How.STREAK, name, text, hit=hit, **more)

    def interval(self, name: str, text: str, per: str, share: float, **more: str | None) -> Aggregate:
        """The time from one event to the next of the same `per` that `share` of such times do not exceed.

        It is the quantile by nearest rank, so always a time that was seen; unknown without two events.
        """
        return replace(self._make(How.INTERVAL, name, text, **more), per=per, share=share)

    def _make(self, how: How, name: str, text: str, **more: str | None) -> Aggregate:
        window, ahead = more.pop("window", None), more.pop("ahead", None)
        return Aggregate(
            name, text, how, self.of, self.by, self.at,
            value=more.pop("value", None), hit=more.pop("hit", None), where=more.pop("where", None),
            window=parse_duration(window) if window else None,
            ahead=parse_duration(ahead) if ahead else None,
            sensitivity=self.sensitivity, unit=more.pop("unit", None),
            label=more.pop("label", None) or "", absent=more.pop("absent", None) or "",
        )  # fmt: skip
