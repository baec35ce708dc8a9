"""A declared series, checked: its expressions read against the record's fields, its buckets against the calendar."""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from substrate.clock import DAY, parse_duration
from substrate.columns import meaning_of
from substrate.errors import DeclarationError
from substrate.expressions.types import Type
from substrate.features.checked import Plan, check_column, plan_events
from substrate.features.declare import How
from substrate.operands import column_operand
from substrate.records import references, table_of
from substrate.series.buckets import Grid
from substrate.series.declare import LOCAL, Series

_HOWS = (How.COUNT, How.SUM, How.MEAN, How.RATIO, How.DISTINCT)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@cache
def checked(series: Series) -> Plan:
    """Check a series and make its aggregate ready to be computed.

    Raises:
        DeclarationError: a column is missing or of the wrong sort, the parts do not fit the aggregate, or the buckets
            do not fit the calendar.
        ExpressionError: an expression cannot be read.
    """
    if not _NAME.fullmatch(series.name):
        raise _wrong(series, "has no usable name", "Use up to 40 lower-case letters, digits and underscores.")
    if series.how not in _HOWS:
        raise _wrong(series, f"cannot be the {series.how} of a bucket", f"Choose one of {', '.join(_HOWS)}.")
    if series.by is not None:
        _check_group(series, series.by)
    if series.zone != LOCAL:
        _check_zone(series)
    if keep_of(series) < _width(series):
        raise _wrong(series, f"keeps {series.keep}, less than a bucket", "Keep at least one bucket.")
    return plan_events(series.aggregate)


@cache
def grid_of(series: Series) -> Grid:
    """The buckets of a series.

    Raises:
        DeclarationError: the bucket does not fit the calendar, or the zone does not exist or was not put in.
    """
    _check_zone(series)
    return Grid(_width(series), series.zone)


@cache
def keep_of(series: Series) -> int:
    """How far back points are kept, in microseconds."""
    return parse_duration(series.keep, what=f"keep of {series.name}")


def group_kind(series: Series) -> str | None:
    """The kind of record that the groups are; None: they are texts, or the whole house."""
    return references(series.of).get(series.by) if series.by else None


def _width(series: Series) -> int:
    width = parse_duration(series.bucket, what=f"bucket of {series.name}")
    if width <= 0 or (DAY % width and width % DAY):
        hint = "Take a whole part of a day, such as 15m, 1h or 8h, or whole days."
        raise _wrong(series, f"has buckets of {series.bucket}, which do not fit a day", hint)
    return width


def _check_zone(series: Series) -> None:
    try:
        ZoneInfo(series.zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        hint = "Name an IANA zone such as Europe/Berlin; `placed` puts in that of the house."
        raise _wrong(series, f"is in the zone {series.zone!r}, which is unknown", hint) from error


def _check_group(series: Series, by: str) -> None:
    check_column(series.aggregate, by)
    declared = table_of(series.of).c[by]
    if by not in references(series.of) and column_operand(series.of, declared).type is not Type.STRING:
        raise _wrong(series, f"is grouped by {by!r}, neither a reference nor a text", "Group by one of those.")
    known_at = meaning_of(declared).known_at
    if known_at not in (None, series.at):
        raise _wrong(series, f"is grouped by {by!r}, which is known late", f"Take the time from {known_at!r}.")


def _wrong(series: Series, problem: str, hint: str) -> DeclarationError:
    return DeclarationError(f"series {series.name!r} {problem}", hint=hint)
