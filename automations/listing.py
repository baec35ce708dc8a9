"""Alerts as people list them: worst first, each under a short code that is easy to type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Select, case, select

from automations.alerts import CODE_DIGITS, CODE_SHOWN, IS_OPEN, LIVE, alert, alert_code, rule_progress
from automations.rulebook import rule_version
from automations.rules import Severity
from automations.watch import BUILT_IN
from substrate.columns import Sensitivity
from substrate.errors import ConflictError, NotFoundError

_AT_ONCE = 200
_BUILT_IN = {rule.id: rule.title for rule in BUILT_IN}


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert in a list.

    Attributes:
        id: its number.
        code: the beginning of the number in hexadecimal, enough to name it.
        title: what the rule calls it.
        subject: whom or what it is about.
        sensitivity: the clearance that the subject needs.
        opened_at: since when, in microseconds since 1970 UTC.
        vertical: whose rule found it.
        site: the site of what it is about; None: of none in particular.
    """

    id: int
    code: str
    timeline: str
    severity: str
    state: str
    rule_id: str
    title: str
    entity_kind: str
    entity_id: int
    subject: str
    sensitivity: Sensitivity
    opened_at: int
    acked_by: str | None
    snoozed_until: int | None
    vertical: str
    site: str | None


def find_alert(connection: Connection, said: str) -> int:
    """The number of the alert that a person means by its code, the beginning of it, or the whole number.

    Raises:
        NotFoundError: none is called that.
        ConflictError: several are.
    """
    if said.isdecimal() and len(said) > CODE_SHOWN:
        return int(said)
    try:
        first = int(said.ljust(CODE_DIGITS, "0"), 16)
        last = int(said.ljust(CODE_DIGITS, "f"), 16)
    except ValueError:
        raise NotFoundError(f"{said!r} is no alert's code", hint="`plumbline alerts list` shows them.") from None
    largest = (1 << 63) - 1
    chosen = select(alert.c.id).where(alert.c.id.between(min(first, largest), min(last, largest))).limit(2)
    found = list(connection.scalars(chosen))
    if not found:
        raise NotFoundError(f"there is no alert {said!r}", hint="`plumbline alerts list` shows all.")
    if len(found) > 1:
        raise ConflictError(f"several alerts begin with {said!r}", hint="Type more of the code.")
    return int(found[0])


def list_alerts(
    connection: Connection,
    *,
    timeline: str = LIVE,
    every: bool = False,
    severity: Severity | None = None,
    rule_id: str | None = None,
    limit: int = 50,
) -> list[AlertLine]:
    """Alerts, worst first, then the longest standing.

    Args:
        timeline: whose alerts: `live`, or those of a walk through an earlier time.
        every: also those that are over.
        severity: only these.
        rule_id: only this rule's.
        limit: at most this many.
    """
    return list(
        alert_lines(connection, timeline=timeline, every=every, severity=severity, rule_id=rule_id, limit=limit)
    )


def alert_lines(
    connection: Connection,
    *,
    timeline: str = LIVE,
    every: bool = False,
    severity: Severity | None = None,
    rule_id: str | None = None,
    limit: int | None = None,
) -> Iterator[AlertLine]:
    """As `list_alerts`, read as far as somebody looks."""
    chosen = _statement(timeline)
    chosen = chosen if every else chosen.where(IS_OPEN)
    chosen = chosen if severity is None else chosen.where(alert.c.severity == severity.value)
    chosen = chosen if rule_id is None else chosen.where(alert.c.rule_id == rule_id)
    with connection.execute(chosen.limit(limit).execution_options(yield_per=_AT_ONCE)) as rows:
        yield from (_line(row) for row in rows)


def line_of(connection: Connection, number: int) -> AlertLine | None:
    """One alert by its number; None: there is none."""
    row = connection.execute(_written().where(alert.c.id == number)).one_or_none()
    return None if row is None else _line(row)


def vertical_of(connection: Connection, alert_id: int) -> str | None:
    """The vertical that an alert belongs to; None: there is no such alert."""
    return connection.scalar(select(alert.c.vertical).where(alert.c.id == alert_id))


def timelines(connection: Connection) -> list[str]:
    """The timelines that have been evaluated, in order of name."""
    name = rule_progress.c.timeline
    return list(connection.scalars(select(name).distinct().order_by(name)))


def _statement(timeline: str) -> Select[Any]:
    rank = case({severity.value: severity.rank for severity in Severity}, value=alert.c.severity)
    return _written().where(alert.c.timeline == timeline).order_by(rank, alert.c.opened_at, alert.c.id)


def _written() -> Select[Any]:
    version = rule_version.c
    written = alert.outerjoin(
        rule_version, (version.rule_id == alert.c.rule_id) & (version.version == alert.c.rule_version)
    )
    return select(*alert.c, version.spec).select_from(written)


def _line(row: Row[Any]) -> AlertLine:
    seen = row._mapping
    subject = orjson.loads(seen["evidence"]).get("subject", {})
    title = orjson.loads(seen["spec"])["title"] if seen["spec"] else _BUILT_IN.get(seen["rule_id"], seen["rule_id"])
    return AlertLine(
        seen["id"],
        alert_code(seen["id"]),
        seen["timeline"],
        seen["severity"],
        seen["state"],
        seen["rule_id"],
        title,
        seen["entity_kind"],
        seen["entity_id"],
        str(subject.get("name") or seen["entity_id"]),
        Sensitivity[subject.get("sensitivity", "PHI")],
        seen["opened_at"],
        seen["acked_by"],
        seen["snoozed_until"],
        seen["vertical"],
        seen["site"],
    )
