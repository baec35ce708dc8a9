"""Why an alert fired, and why one did not: the evidence in words that a nurse understands, and as data.

An alert's explanation is read from what was stored at the moment of the decision. "Why not" is the same tree, worked
out again on the facts as they were at the asked time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, select

from automations.alerts import LIVE, alert, alert_event
from automations.conditions import Compiled, compile_rule
from automations.evidence import Witness, subjects
from automations.findings import Finding, Look, standing
from automations.lifecycle import Verdict
from automations.rulebook import rule as stored_rule
from automations.rulebook import version as rule_at_version
from automations.rules import Rule
from automations.watch import DATA_STALE, RULE_FAILING
from substrate.clock import duration_text, local_text
from substrate.errors import NotFoundError
from substrate.expressions.types import Type
from substrate.expressions.words import say_value
from substrate.facts import Facts
from substrate.freshness import watermarks
from substrate.idset import among
from substrate.records import table_of


@dataclass(frozen=True, slots=True)
class Origin:
    """A record that the values came from."""

    kind: str
    source: str
    source_key: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One entry of an alert's trail."""

    at: int
    actor: str
    action: str
    state: str
    reason: str | None
    comment: str | None


@dataclass(frozen=True)
class Explained:
    """Why a rule says what it says of one entity.

    Attributes:
        rule: the rule, in the version that decided.
        version: its number.
        at: the instant that the evidence is true for.
        verdict: what the rule said.
        evidence: as stored: subject, values with ages, sentences, tree.
        origins: the records that the values came from.
    """

    rule: Rule
    version: int
    at: int
    verdict: Verdict
    evidence: Mapping[str, Any]
    origins: tuple[Origin, ...]

    @property
    def because(self) -> list[str]:
        """What decided, a sentence each."""
        return [part["text"] for part in self.evidence.get("because", ())]

    def plain_text(self, zone: str = "UTC") -> str:
        """The whole of it in words, times as on the wall of `zone`. It holds protected values."""
        return "\n".join(_told(self, zone))


@dataclass(frozen=True)
class ExplainedAlert(Explained):
    """Why an alert is what it is.

    Attributes:
        alert_id: which alert.
        state, severity: as they are now.
        clocks: the alert's instants that are set, by name.
        trail: everything that happened to it, oldest first.
    """

    alert_id: int
    state: str
    severity: str
    clocks: Mapping[str, int]
    acked_by: str | None
    trail: tuple[Turn, ...]

    def plain_text(self, zone: str = "UTC") -> str:
        """The whole of it in words, times as on the wall of `zone`. It holds protected values."""
        lines = [f"{self.rule.title} ({self.severity}, {self.state})", *_told(self, zone)[1:]]
        words = {name: name.replace("_", " ") for name in self.clocks}
        lines += [f"{words[name]}: {local_text(at, zone)}" for name, at in self.clocks.items()]
        lines += [f"taken on by {self.acked_by}"] if self.acked_by else []
        return "\n".join([*lines, "What happened:", *(_turn(turn, zone) for turn in self.trail)])


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
        trail=_trail(connection, alert_id),
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
    return Explained(stored.rule, stored.version, at, found.verdict, evidence, origins)


_CLOCKS = (
    "opened_at", "pending_since", "fired_at", "recovering_since", "resolved_at", "acked_at", "snoozed_until",
    "nodata_since", "last_seen",
)  # fmt: skip


def _evidence(connection: Connection, rule: Compiled, look: Look, found: Finding) -> dict[str, Any]:
    record = look.facts.paths.record(rule.rule.entity)
    subject = subjects(connection, record, [found.entity_id]).get(found.entity_id)
    return Witness(rule, look, watermarks(connection)).account(found, subject)


def _rule_of(connection: Connection, row: Any) -> Rule:
    if row.rule_version == 0:
        return next(rule for rule in (DATA_STALE, RULE_FAILING) if rule.id == row.rule_id)
    return rule_at_version(connection, row.rule_id, row.rule_version)


def _origins(
    connection: Connection, facts: Facts, kind: str, entity_id: int, evidence: Mapping[str, Any], at: int
) -> tuple[Origin, ...]:
    if kind not in facts.paths.records:
        return ()
    found = {}
    paths = [tuple(value["path"].split(".")) for value in evidence.get("values", ())]
    for hops in sorted({path[:count] for path in paths for count in range(len(path))}):
        place = _place(connection, facts, kind, entity_id, hops, at)
        if place is not None:
            found[hops] = place
    return tuple(found.values())


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
    chosen = select(table.c.source, table.c.source_key).where(among(table.c.id, [int(number)]))
    row = connection.execute(chosen).one_or_none()
    return None if row is None else Origin(record.kind, row.source, row.source_key)


def _trail(connection: Connection, alert_id: int) -> tuple[Turn, ...]:
    table = alert_event
    columns = (table.c.at, table.c.actor, table.c.action, table.c.to_state, table.c.reason, table.c.comment)
    rows: Any = connection.execute(select(*columns).where(table.c.alert_id == alert_id).order_by(table.c.id))
    return tuple(Turn(*row) for row in rows)


def _told(explained: Explained, zone: str) -> list[str]:
    evidence = explained.evidence
    subject = evidence.get("subject", {})
    lines = [
        f"{explained.rule.title}: {_VERDICTS[explained.verdict]} as of {local_text(explained.at, zone)}",
        f"About: {subject.get('kind', '')} {subject.get('name', '')}".rstrip(),
        f"Rule: {explained.rule.id}, version {explained.version}",
    ]
    lines += [f"Because {sentence}" for sentence in explained.because]
    lines += ["Values:", *(_value(value, explained.at, zone) for value in evidence.get("values", ()))]
    return lines + [f"From: {origin.kind} {origin.source_key} of {origin.source}" for origin in explained.origins]


_VERDICTS = {
    Verdict.TRUE: "the condition holds",
    Verdict.HOLD: "the condition does not hold, but it is not clear yet",
    Verdict.FALSE: "the condition does not hold",
    Verdict.OVER: "its time is over",
    Verdict.UNKNOWN: "nobody can say, as something is not known",
    Verdict.MISSING: "the record is gone",
}


def _value(value: Mapping[str, Any], at: int, zone: str) -> str:
    kind = Type(value["type"]) if value["type"] else Type.STRING
    held = value["value"]
    told = (
        local_text(held, zone) if kind is Type.TIMESTAMP and held is not None else say_value(held, kind, value["unit"])
    )
    as_of = value.get("as_of")
    age = f", {duration_text(at - as_of)} old" if as_of is not None and as_of < at else ""
    return f"  {value['label']}: {told}{age}"


def _turn(turn: Turn, zone: str) -> str:
    reason = f" ({turn.reason})" if turn.reason else ""
    comment = f": {turn.comment}" if turn.comment else ""
    return f"  {local_text(turn.at, zone)}  {turn.action.replace('_', ' ')}{reason} by {turn.actor}{comment}"
