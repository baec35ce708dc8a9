"""Episodes between the decision and the database: read together, written together, a handful of statements a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import BigInteger, Connection, Integer, Select, Update, bindparam, func, select, update

from automations.alerts import IS_OPEN, alert, alert_event, alert_key, fingerprint
from automations.lifecycle import Cause, Condition, Decision, State
from automations.rules import Severity
from substrate.bulk import append
from substrate.idset import among_given

ENGINE = "plumbline"
"""The actor of what no person did."""

_CONDITION = tuple(field.name for field in fields(Condition))
# What people decide is not the evaluation's to overwrite.
_EVALUATED = tuple(name for name in _CONDITION if name != "acked_at")
_KEY = ("id", "timeline", "fingerprint", "episode", "vertical", "rule_id", "rule_version", "entity_kind", "entity_id")
_EXTRA = ("site", "opened_at", "lapses_at", "labels", "evidence")
_EVENT = (
    "alert_id", "at", "actor", "action", "from_state", "to_state", "rule_version", "reason", "comment",
    "evidence_digest",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stamp:
    """What all alerts of one evaluation of one rule have in common."""

    timeline: str
    vertical: str
    rule_id: str
    rule_version: int
    entity_kind: str
    at: int


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode of one alert, as it stood before the evaluation.

    Attributes:
        id: the alert's.
        fingerprint: which problem it is.
        number: which episode of it.
        labels: what tells the problems of one entity apart.
        lapses_at: when a reminder's time is over.
        condition: its state and clocks.
    """

    id: int
    fingerprint: str
    number: int
    entity_id: int
    site: str | None
    labels: Mapping[str, Any]
    lapses_at: int | None
    condition: Condition


@dataclass(frozen=True, slots=True)
class Change:
    """What an evaluation makes of an episode.

    Attributes:
        episode: as it stood; for a new one, as it begins.
        decision: what comes next.
        evidence: JSON to keep with it; None: leave what is there.
        is_new: there is no row of it yet.
    """

    episode: Episode
    decision: Decision
    evidence: str | None
    is_new: bool = False


def open_episodes(
    connection: Connection,
    timeline: str,
    rule_id: str,
    *,
    ids: Iterable[int] | None = None,
    hold: bool = False,
) -> list[Episode]:
    """A rule's open episodes.

    Args:
        ids: only those of these entities; None: all.
        hold: let nobody else change them until the transaction ends.
    """
    wanted: dict[str, Any] = {"on": timeline, "rule": rule_id}
    if ids is not None:
        wanted["ids"] = list(ids)
    return [_episode(row) for row in connection.execute(_open(of_some=ids is not None, hold=hold), wanted)]


@cache
def _open(*, of_some: bool, hold: bool) -> Select[Any]:
    """Made once: making it takes several times as long as running it."""
    of_rule = (alert.c.timeline == bindparam("on"), alert.c.rule_id == bindparam("rule"), IS_OPEN)
    statement = select(*_columns()).where(*of_rule).order_by(alert.c.id)
    if of_some:
        statement = statement.where(among_given(alert.c.entity_id))
    return statement.with_for_update() if hold else statement


def past_episodes(connection: Connection, timeline: str, rule_id: str, ids: Iterable[int]) -> dict[str, int]:
    """The number of the newest episode of every problem that these entities ever had with a rule."""
    rows = connection.execute(_PAST, {"on": timeline, "rule": rule_id, "ids": list(ids)})
    return {row[0]: row[1] for row in rows}


_PAST = (
    select(alert.c.fingerprint, func.max(alert.c.episode))
    .where(
        alert.c.timeline == bindparam("on"),
        alert.c.rule_id == bindparam("rule"),
        among_given(alert.c.entity_id),
    )
    .group_by(alert.c.fingerprint)
)


def new_episode(
    stamp: Stamp,
    entity_id: int,
    site: str | None,
    begun: Condition,
    past: Mapping[str, int],
    *,
    labels: Mapping[str, Any] | None = None,
    lapses_at: int | None = None,
) -> Episode:
    """The next episode of an entity's problem, not written yet."""
    mark = fingerprint(stamp.vertical, stamp.rule_id, stamp.entity_kind, entity_id, labels)
    number = past.get(mark, 0) + 1
    return Episode(
        alert_key(stamp.timeline, mark, number), mark, number, entity_id, site, labels or {}, lapses_at, begun
    )


def write_changes(connection: Connection, stamp: Stamp, changes: Sequence[Change]) -> None:
    """Write new and changed episodes and what happened to each.

    Raises:
        IntegrityError: somebody else opened the same episode; the transaction must be given up.
    """
    _insert(connection, stamp, [change for change in changes if change.is_new])
    told = [change for change in changes if not change.is_new]
    quiet = [change for change in told if _only_seen(change)]
    _bump(connection, stamp, quiet)
    _save(connection, stamp, [change for change in told if not _only_seen(change)])
    append(connection, alert_event, _EVENT, [row for change in changes for row in _events(stamp, change)])


def evidence_digest(evidence: str | None) -> str | None:
    """A digest that holds a trail's event to the evidence of its time."""
    return None if evidence is None else blake2b(evidence.encode(), digest_size=16).hexdigest()


def _columns() -> list[Any]:
    names = ("id", "fingerprint", "episode", "entity_id", "site", "labels", "lapses_at", *_CONDITION)
    return [alert.c[name] for name in names]


def _episode(row: Any) -> Episode:
    values: dict[str, Any] = dict(zip(_CONDITION, row[7:], strict=True))
    values["state"] = State(values["state"])
    values["severity"] = Severity(values["severity"])
    values["resolve_reason"] = Cause(values["resolve_reason"]) if values["resolve_reason"] else None
    mark, number, entity_id, site = row[1:5]
    labels = orjson.loads(row.labels)
    return Episode(row.id, mark, number, entity_id, site, labels, row.lapses_at, Condition(**values))


def _insert(connection: Connection, stamp: Stamp, changes: Sequence[Change]) -> None:
    rows = [_row(stamp, change) for change in changes]
    append(connection, alert, (*_KEY, *_EXTRA, *_CONDITION), rows)


def _row(stamp: Stamp, change: Change) -> tuple[Any, ...]:
    begun, after = change.episode, change.decision.next
    key = (begun.id, stamp.timeline, begun.fingerprint, begun.number, stamp.vertical, stamp.rule_id)
    labels = orjson.dumps(begun.labels).decode() if begun.labels else "{}"
    extra = (begun.site, stamp.at, begun.lapses_at, labels, change.evidence or "{}")
    values = tuple(_plain(getattr(after, name)) for name in _CONDITION)
    return (*key, stamp.rule_version, stamp.entity_kind, begun.entity_id, *extra, *values)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def _only_seen(change: Change) -> bool:
    """Whether nothing moved but when, and how often, the problem was seen."""
    if change.decision.actions or change.decision.send:
        return False
    before, after = change.episode.condition, change.decision.next
    return (before.unknown_since, before.missing_evaluations) == (after.unknown_since, after.missing_evaluations)


def _bump(connection: Connection, stamp: Stamp, changes: Sequence[Change]) -> None:
    seen = [change.episode.id for change in changes if change.decision.next.count > change.episode.condition.count]
    looked = [
        change.episode.id
        for change in changes
        if change.decision.next.count == change.episode.condition.count
        and change.decision.next.last_seen > change.episode.condition.last_seen
    ]
    for ids, more in ((seen, 1), (looked, 0)):
        if ids:
            connection.execute(_seen_again(connection.dialect.name), {"ids": ids, "at": stamp.at, "more": more})


@cache
def _seen_again(dialect: str) -> Update:
    later = func.max if dialect == "sqlite" else func.greatest
    more, at = bindparam("more", type_=Integer()), bindparam("at", type_=BigInteger())
    values: dict[str, Any] = {"last_seen": later(alert.c.last_seen, at), "count": alert.c.count + more}
    return update(alert).where(among_given(alert.c.id)).values(values)


def _save(connection: Connection, stamp: Stamp, changes: Sequence[Change]) -> None:
    if not changes:
        return
    for with_evidence in (False, True):
        rows = [_saved(stamp, change) for change in changes if (change.evidence is not None) is with_evidence]
        if rows:
            connection.execute(_saving(with_evidence=with_evidence), rows)


@cache
def _saving(*, with_evidence: bool) -> Update:
    names = (*_EVALUATED, "rule_version", *(("evidence",) if with_evidence else ()))
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return update(alert).where(alert.c.id == bindparam("the_id")).values(values)


def _saved(stamp: Stamp, change: Change) -> dict[str, Any]:
    after = {f"new_{name}": _plain(getattr(change.decision.next, name)) for name in _EVALUATED}
    more = {} if change.evidence is None else {"new_evidence": change.evidence}
    return {"the_id": change.episode.id, "new_rule_version": stamp.rule_version, **after, **more}


def _events(stamp: Stamp, change: Change) -> list[tuple[Any, ...]]:
    after = change.decision.next
    before = None if change.is_new else str(change.episode.condition.state)
    reason = str(after.resolve_reason) if after.resolve_reason else None
    digest = evidence_digest(change.evidence)
    return [
        (
            change.episode.id, stamp.at, ENGINE, str(action), before, str(after.state), stamp.rule_version, reason,
            None, digest,
        )
        for action in change.decision.actions
    ]  # fmt: skip
