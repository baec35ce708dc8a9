"""The small words in which logistics' features are declared: all of them internal, for they tell of nobody."""

from __future__ import annotations

from substrate.columns import Sensitivity
from substrate.features.declare import Derived, Events
from substrate.records import Record

OF_NOBODY = Sensitivity.INTERNAL
HOUR = 'duration("1h")'
MINUTE = 'duration("1m")'


def events(of: type[Record], by: str, at: str) -> Events:
    """The events of a kind that features of one entity are made of."""
    return Events(of, by=by, at=at, sensitivity=OF_NOBODY)


def derived(name: str, text: str, expression: str, unit: str | None = None, label: str = "") -> Derived:
    """A feature that is an expression over others."""
    return Derived(name, text, expression, OF_NOBODY, unit, label)
