"""What Plumbline should have done by now and has not: bounded, indexed questions to its own tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from automations.alerts import LIVE, rule_progress
from automations.arrears import Arrears, Chore
from automations.engine import Engine
from automations.outbox import IS_LIVE, Delivery, outbox
from automations.rulebook import EVALUATED, rule_table, rules
from automations.rules import Severity
from substrate.clock import DAY, MINUTE, SECOND
from substrate.errors import PlumblineError
from substrate.freshness import stale, watermarks
from substrate.inbound import IS_WAITING, inbound_event

PATIENCE = 2 * MINUTE
"""How long something may be due before that is worth an alert."""

_LEASE_GRACE = 30 * SECOND
_INTERVALS = 3
_FIRST_LOOK = DAY
_COUNTED = 1_000
"""More are not counted: the question must cost little just when there is much of it."""


def overdue_messages(connection: Connection, at: int) -> Iterator[Arrears]:
    """Messages that are due and do not leave, and those in the hands of a worker that is gone."""
    ranks = outbox.c.rank.in_([severity.rank for severity in Severity])
    live = (outbox.c.timeline == LIVE, IS_LIVE, ranks)
    waiting = and_(*live, outbox.c.state == str(Delivery.WAITING), outbox.c.due_at < at - PATIENCE)
    yield from _counted(connection, Chore.MESSAGES, outbox.c.due_at, waiting, "messages are due and have not left")
    sending = and_(*live, outbox.c.state == str(Delivery.SENDING), outbox.c.due_at < at - _LEASE_GRACE)
    said = "messages are held by a worker that is gone"
    yield from _counted(connection, Chore.LEASES, outbox.c.due_at, sending, said)


def overdue_events(connection: Connection, at: int) -> Iterator[Arrears]:
    """Pushed events that nobody takes in."""
    waiting = and_(IS_WAITING, inbound_event.c.received_at < at - PATIENCE)
    said = "pushed events have not been taken in"
    yield from _counted(connection, Chore.EVENTS, inbound_event.c.received_at, waiting, said)


def overdue_rules(connection: Connection, engine: Engine, at: int) -> Iterator[Arrears]:
    """Rules that were not looked at for three of their usual intervals.

    One that is held still by old data, or keeps failing, has an alert of its own.
    """
    late = {row[0]: row[1] for row in connection.execute(_late_rules(engine.vertical, at))}
    if not late:
        return
    marks = watermarks(connection)
    book = [stored for stored in rules(connection, engine.vertical) if stored.rule.id in late]
    names = []
    for stored in book:
        try:
            needs = engine.needs(engine.compiled(stored))
        except PlumblineError:
            continue
        if not stale(marks, needs, at):
            names.append(stored.rule.id)
    if names:
        oldest = min(late[name] for name in names)
        yield Arrears(Chore.RULES, len(names), oldest, f"rules were not evaluated: {', '.join(names[:5])}")


def _late_rules(vertical: str, at: int) -> Select[Any]:
    progress, rule = rule_progress.c, rule_table.c
    looked = func.coalesce(progress.evaluated_at, rule.changed_at)
    usual = func.coalesce(progress.usual_interval, _FIRST_LOOK)
    mine = and_(progress.rule_id == rule.id, progress.timeline == LIVE)
    lifecycle = rule.lifecycle.in_([str(place) for place in EVALUATED])
    late = and_(looked < at - _INTERVALS * usual, func.coalesce(progress.failures, 0) == 0)
    chosen = select(rule.id, looked).select_from(rule_table.outerjoin(rule_progress, mine))
    return chosen.where(rule.vertical == vertical, lifecycle, late)


def _counted(
    connection: Connection, chore: Chore, since: ColumnElement[int], where: ColumnElement[bool], said: str
) -> Iterator[Arrears]:
    found = select(since.label("since")).where(where).limit(_COUNTED).subquery()
    count, oldest = connection.execute(select(func.count(), func.min(found.c.since))).one()
    if count:
        yield Arrears(chore, count, oldest, said)
