"""How a series is declared: an aggregate over one kind of record, a bucket of time, and what it is grouped by.

A series is a value; declaring one computes nothing and registers nowhere. Full and incremental refresh, and reads back
in time, all come from the same declaration.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from substrate.columns import Sensitivity
from substrate.features.declare import Aggregate, How
from substrate.records import Record

LOCAL = "local"
"""The zone of whoever runs the house, which `placed` puts in."""


@dataclass(frozen=True, slots=True)
class Series:
    """One number a bucket of time, for each group.

    Attributes:
        name: how rules and people call it; short, of lower-case letters, digits and underscores.
        text: what it is, as staff would say it.
        of: the kind of record whose rows are the events.
        at: the instant column that places an event in time. An event without a time takes no part.
        by: the column of `of` that groups the events: a reference to an entity, or a text. An event without a group
            takes no part. None: one group, the whole house, whose key is 0.
        how: count, sum, mean, ratio or distinct.
        value: an expression over the columns of `of`; what is summed, averaged, or told apart.
        hit: a condition over the columns of `of`; what ratio counts.
        where: a condition over the columns of `of`; events that do not meet it take no part. It may not use `now`.
        bucket: the length of a bucket: a whole part of a day (`15m`, `1h`, `8h`), or whole days (`1d`, `7d`: weeks
            begin on Monday).
        zone: the IANA zone in whose local time days begin; None: UTC. `LOCAL`: that of the house.
        keep: how far back points are kept, as a duration text.
        unit: the unit of the value.
        sensitivity: the clearance that a reader needs.
    """

    name: str
    text: str
    of: type[Record]
    at: str
    by: str | None = None
    how: How = How.COUNT
    value: str | None = None
    hit: str | None = None
    where: str | None = None
    bucket: str = "1h"
    zone: str | None = None
    keep: str = "400d"
    unit: str | None = None
    sensitivity: Sensitivity = Sensitivity.PHI

    @property
    def aggregate(self) -> Aggregate:
        """What is computed in each bucket."""
        return Aggregate(
            self.name, self.text, self.how, self.of, self.by or "", self.at,
            value=self.value, hit=self.hit, where=self.where, sensitivity=self.sensitivity, unit=self.unit,
        )  # fmt: skip

    @property
    def empty(self) -> float | None:
        """The value of a bucket without events: nothing counted is 0, of nothing there is no mean."""
        return None if self.how in (How.MEAN, How.RATIO) else 0.0


def placed(series: Series, zone: str) -> Series:
    """The same series, with the house's zone where it asks for it."""
    return replace(series, zone=zone) if series.zone == LOCAL else series
