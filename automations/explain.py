"""Why an alert fired, and why one did not: the evidence in words that a nurse understands, and as data.

An alert's explanation is read from what was stored at the moment of the decision. "Why not" is the same tree, worked
out again on the facts as they were at the asked time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, null, select

from automations.alerts import LIVE, alert, alert_event
from automations.conditions import Compiled, compile_rule
from automations.evidence import Witness, subjects
from automations.explained import Explained, ExplainedAlert, Origin, Told, Turn
from automations.findings import Finding, Look, standing
from automations.lifecycle import Verdict
from automations.looked_at import records_of
from automations.outbox import outbox
from automations.rulebook import rule as stored_rule
from automations.rulebook import version as rule_at_version
from automations.rules import Rule
from automations.watch import BUILT_IN
from automations.whereabouts import whereabouts
from substrate.columns import meaning_of
from substrate.errors import NotFoundError
from substrate.facts import Facts
from substrate.freshness import watermarks
from substrate.idset import among
from substrate.records import table_of

__all__ = ["Explained", "ExplainedAlert", "explain_alert", "why_not"]


def explain_alert(connection: Connection, facts: Facts, alert_id: int) -> ExplainedAlert:
    """Why an alert is what it is, from what was stored when it last changed.

    Raises:
        NotFoundError: there is no such alert.
    """
    row: Any = connection.execute(select(alert).where(alert.c.id == alert_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no alert {alert_id}", hint="`plumbline alerts list` shows all.")
    evidence = orjson.loads(row.evidence)
    rule = _rule_of(connection, row)
    at = int(evidence.get("at", row.last_seen))
    about = whereabouts(connection, facts, row.entity_kind, [row.entity_id], at).get(row.entity_id, ())
    clocks = {name: getattr(row, name) for name in _CLOCKS if getattr(row, name) is not None}
    return ExplainedAlert(
        rule=rule,
        version=row.rule_version,
        at=at,
        verdict=Verdict(evidence.get("verdict", Verdict.TRUE)),
        evidence=evidence,
        origins=_origins(connection, facts, row.entity_kind, row.entity_id, evidence, at),
        alert_id=alert_id,
        state=row.state,
        severity=row.severity,
        clocks=clocks,
        acked_by=row.acked_by,
        resolve_reason=row.resolve_reason,
        about=about,
        names=_names(connection, facts, evidence),
        trail=_trail(connection, alert_id),
        told=_told(connection, alert_id),
    )


def why_not(
    connection: Connection, facts: Facts, rule_id: str, entity_id: int, at: int, known: int | None = None
) -> Explained:
    """What a rule says of an entity as of a time, worked out again on the facts as they were.

    Args:
        connection: a read transaction.
        facts: of the rule's vertical.
        rule_id: the rule; its version in force is used.
        entity_id: the entity.
        at: the instant that is asked about.
        known: the instant up to which we had learned; None: `at` itself, since a rule cannot know more.

    Raises:
        NotFoundError: there is no such rule, or the entity did not exist then.
    """
    stored = stored_rule(connection, rule_id)
    rule = compile_rule(stored.rule, facts, vertical=stored.vertical, version=stored.version)
    look = Look(facts, at, at if known is None else known, LIVE)
    found = standing(connection, rule, look, [entity_id]).get(entity_id)
    if found is None:
        hint = "Check the id and the time; what was learnt later does not count."
        raise NotFoundError(f"no {stored.rule.entity} with id {entity_id} was known then", hint=hint)
    evidence = _evidence(connection, rule, look, found)
    origins = _origins(connection, facts, stored.rule.entity, entity_id, evidence, at)
    return Explained(
        stored.rule,
        stored.version,
        at,
        found.verdict,
        evidence,
        origins,
        about=whereabouts(connection, facts, stored.rule.entity, [entity_id], at).get(entity_id, ()),
        names=_names(connection, facts, evidence),
        lifecycle=stored.lifecycle,
    )


_CLOCKS = (
    "opened_at", "pending_since", "fired_at", "recovering_since", "resolved_at", "acked_at", "snoozed_until",
    "nodata_since", "last_seen",
)  # fmt: skip


def _evidence(connection: Connection, rule: Compiled, look: Look, found: Finding) -> dict[str, Any]:
    record = look.facts.paths.record(rule.rule.entity)
    subject = subjects(connection, record, [found.entity_id]).get(found.entity_id)
    # How fresh the data was back then is not kept, and how fresh it is today would be misread.
    marks = {name: mark for name, mark in watermarks(connection).items() if mark <= look.at}
    return Witness(rule, look, marks).account(found, subject)


def _rule_of(connection: Connection, row: Any) -> Rule:
    if row.rule_version == 0:
        return next(rule for rule in BUILT_IN if rule.id == row.rule_id)
    return rule_at_version(connection, row.rule_id, row.rule_version)


def _origins(
    connection: Connection, facts: Facts, kind: str, entity_id: int, evidence: Mapping[str, Any], at: int
) -> tuple[Origin, ...]:
    if kind not in facts.paths.records:
        return ()
    listed = records_of(evidence.get("values", ()))
    places = (_place(connection, facts, kind, entity_id, hops, at) for hops in listed)
    return tuple(place for place in places if place is not None)


def _place(
    connection: Connection, facts: Facts, kind: str, entity_id: int, hops: tuple[str, ...], at: int
) -> Origin | None:
    record = facts.paths.reached(kind, hops)
    number: Any = entity_id
    if record is None:
        return None
    if hops:
        last = (*hops[:-1], f"{hops[-1]}_id")
        number = facts.read(connection, kind, [last], at, ids=[entity_id]).get(entity_id, {}).get(last)
    if number is None:
        return None
    table = table_of(record)
    title = table.c[record.title]
    occurred = table.c[record.occurs].label("occurred") if record.occurs else null().label("occurred")
    columns = (table.c.source, table.c.source_key, title.label("name"), occurred)
    row: Any = connection.execute(select(*columns).where(among(table.c.id, [int(number)]))).one_or_none()
    if row is None:
        return None
    level = meaning_of(title).sensitivity
    return Origin(record.kind, row.source, row.source_key, hops, row.name, level, row.occurred)


def _names(connection: Connection, facts: Facts, evidence: Mapping[str, Any]) -> dict[str, str]:
    """What records are called that values are the ids of, by the values' paths."""
    found: dict[str, str] = {}
    for value in evidence.get("values", ()):
        kind, number = value.get("references"), value["value"]
        if kind in facts.paths.records and number is not None:
            subject = subjects(connection, facts.paths.records[kind], [int(number)]).get(int(number))
            found |= {} if subject is None else {value["path"]: subject.name}
    return found


def _trail(connection: Connection, alert_id: int) -> tuple[Turn, ...]:
    table = alert_event
    columns = (table.c.at, table.c.actor, table.c.action, table.c.to_state, table.c.reason, table.c.comment)
    rows: Any = connection.execute(select(*columns).where(table.c.alert_id == alert_id).order_by(table.c.id))
    return tuple(Turn(*row) for row in rows)


def _told(connection: Connection, alert_id: int) -> tuple[Told, ...]:
    columns = (outbox.c.recipient, outbox.c.channel, outbox.c.reason, outbox.c.state, outbox.c.sent_at)
    rows: Any = connection.execute(select(*columns).where(outbox.c.alert_id == alert_id).order_by(outbox.c.id))
    return tuple(Told(*row) for row in rows)
