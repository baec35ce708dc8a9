"""A full refresh of a large view in parts: ranges of its entities, each computed and committed by itself.

`begin` says which parts there are, `refresh_part` does one, in any order, by any process and as often as need be, and
`finish` says that the view is true. Until then its state is that of nobody: whoever refreshes the view meanwhile, or
after a part was never done, computes all of it anew, and the parts that are still to come do nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from secrets import token_hex
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, bindparam, func, literal, select

from substrate.batches import current_batch
from substrate.features.compute import compute
from substrate.features.declare import View
from substrate.features.events import AT, IdRange
from substrate.features.refresh import Mode, RefreshReport, by_index, goes_on, refresh_partly, state_of
from substrate.features.state import State, keep_state, read_digest
from substrate.features.store import Store
from substrate.features.tables import LIVE, digest_of
from substrate.freshness import view_name
from substrate.records import table_of
from substrate.tracing import spanned

_LEAST, _MOST = -(1 << 63), (1 << 63) - 1
_PART = IdRange(bindparam("low", type_=BigInteger()), bindparam("high", type_=BigInteger()))


@dataclass(frozen=True, slots=True)
class Part:
    """The entities with ids from `low` to `high`, both included; parts are numbered from 1."""

    number: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Division:
    """A full refresh that is under way.

    Attributes:
        view: the kind of entity.
        timeline: which copy of the tables.
        at: the instant that the values shall be true for.
        batch: the newest batch of records when it began.
        digest: of the declaration when it began.
        token: no other refresh's.
        overwrite: rows that are true for a later instant are overwritten too.
        parts: cover all ids there can be.
    """

    view: str
    timeline: str
    at: int
    batch: int
    digest: str
    token: str
    overwrite: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class PartReport:
    """What one part did.

    Attributes:
        entities: how many were computed, or removed.
        changed: for how many something changed.
        superseded: nothing was done, since another refresh has begun.
    """

    entities: int = 0
    changed: int = 0
    superseded: bool = False


def is_large(connection: Connection, view: View, size: int) -> bool:
    """Whether a view has more entities than one part may have."""
    some = select(literal(1)).select_from(table_of(view.entity)).limit(size + 1).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one() > size


def begin(
    connection: Connection,
    view: View,
    at: int,
    size: int,
    *,
    batch: int | None = None,
    timeline: str = LIVE,
    mode: Mode = Mode.AUTO,
) -> RefreshReport | Division:
    """Refresh a view where that takes only some of its entities; else say in which parts all are to be computed.

    Args:
        connection: a write transaction; the caller commits.
        view: the view; its tables and indexes exist.
        at: the instant that the values shall be true for.
        size: how many entities a part may have.
        batch: the newest batch of records that is committed; None: it is asked for.
        timeline: which copy of the tables.
        mode: as for `refresh`.
    """
    newest = current_batch(connection) if batch is None else batch
    if mode is not Mode.FULL:
        partly = refresh_partly(connection, view, at, batch=newest, timeline=timeline, mode=mode)
        if partly is not None:
            return partly
    before = state_of(connection, view, timeline, lock=True) or State(at, 0, "", 0)
    token = f"parts {token_hex(12)}"
    state = State(min(before.as_of, at), before.batch, token, before.rows)
    keep_state(connection, view_name(view.entity), timeline, state, 0.0)
    parts = tuple(_parts(connection, view, size))
    overwrite = not goes_on(before, view, at)
    return Division(view_name(view.entity), timeline, at, newest, digest_of(view), token, overwrite, parts)


@spanned("features")
def refresh_part(connection: Connection, view: View, division: Division, part: Part) -> PartReport:
    """Make the stored features of one part true; doing it again changes nothing.

    Args:
        connection: a write transaction; the caller commits.
        view: the view.
        division: what `begin` said.
        part: one of its parts.
    """
    if not _goes_on(connection, view, division, own=False):
        return PartReport(superseded=True)
    store = Store(connection, view, division.timeline, division.at, overwrite=division.overwrite)
    ids = IdRange(literal(part.low, BigInteger), literal(part.high, BigInteger))
    given = {"at": division.at, "low": part.low, "high": part.high}
    with by_index(connection):
        if store.is_empty(ids):
            count = store.fill(_of_part(view), given, ids)
            return PartReport(count, count)
        return PartReport(*store.replace(_of_part(view), given, ids))


def finish(
    connection: Connection, view: View, division: Division, done: Iterable[PartReport], seconds: float
) -> RefreshReport | None:
    """Say that a view is true, once all parts are done; None: another refresh has begun, which will say so.

    Args:
        connection: a write transaction; the caller commits.
        view: the view.
        division: what `begin` said.
        done: what its parts did.
        seconds: how long it took.
    """
    reports = list(done)
    if not _goes_on(connection, view, division, own=True) or any(report.superseded for report in reports):
        return None
    count = Store(connection, view, division.timeline, division.at).count()
    state = State(division.at, division.batch, division.digest, count)
    keep_state(connection, division.view, division.timeline, state, seconds)
    entities, changed = sum(report.entities for report in reports), sum(report.changed for report in reports)
    return RefreshReport(view.entity.kind, Mode.FULL, entities, changed, seconds, division.at)


def _goes_on(connection: Connection, view: View, division: Division, *, own: bool) -> bool:
    """Whether the refresh is still the one that is under way; while it is asked so, no other can begin."""
    found = read_digest(connection, division.view, division.timeline, own=own)
    return found == division.token and digest_of(view) == division.digest


def _parts(connection: Connection, view: View, size: int) -> Iterable[Part]:
    key = table_of(view.entity).c.id
    count = connection.execute(select(func.count()).select_from(table_of(view.entity))).scalar_one()
    each = -(-count // -(-count // size)) if count else 1
    numbered = select(key, func.row_number().over(order_by=key).label("number")).subquery()
    firsts = select(numbered.c.id).where(numbered.c.number > 1, numbered.c.number % each == 1 % each)
    lows = [_LEAST, *connection.scalars(firsts.order_by(numbered.c.id)), _MOST + 1]
    return (Part(number, low, high - 1) for number, (low, high) in enumerate(pairwise(lows), 1))


@cache
def _of_part(view: View) -> Select[Any]:
    return compute(view, AT, _PART)
