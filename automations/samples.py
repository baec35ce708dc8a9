"""What an announcement of a rule would hold: of a real record, or of one made up from the rule's examples.

Templates are tried on these before anybody is told anything with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from automations.alerts import LIVE, alert
from automations.announcing import context_of, reason_of
from automations.conditions import Compiled
from automations.episodes import Change, Episode, Stamp
from automations.evidence import Subject, Witness, subjects
from automations.findings import Finding, Look, standing
from automations.lifecycle import Cause, Condition, Decision, Send, State, Verdict
from automations.rule_check import given_values
from automations.rules import Severity
from substrate.clock import DAY, HOUR, MINUTE, parse_instant
from substrate.columns import meaning_of
from substrate.errors import NotFoundError
from substrate.expressions.closures import arrange, to_closure
from substrate.expressions.types import FieldPath, Operand, Type, Value
from substrate.facts import Facts
from substrate.freshness import watermarks
from substrate.records import table_of

_SINCE = 20 * MINUTE
"""How long a sample's alert has been there."""

_ALERT = 0x3FA9C1_000000
_PLAUSIBLE: dict[Type, Value] = {Type.INT: 3, Type.DOUBLE: 4.5, Type.BOOL: False, Type.DURATION: 2 * HOUR}
_OVER = ("resolved", "retracted")


@dataclass(frozen=True)
class Sample:
    """The context of an announcement that nobody made.

    Attributes:
        what: in words: `a record of which nothing is known`.
        context: as `announcing.context_of` makes it.
        reason: why people would be told.
        created_at: micros.
    """

    what: str
    context: dict[str, Any]
    reason: str
    created_at: int


@dataclass(frozen=True)
class Seen:
    """A record that samples are made of.

    Attributes:
        what: in words.
        finding: what is seen of it; None: it is gone.
        account: the evidence.
        at: micros of the look.
    """

    what: str
    finding: Finding | None
    account: Mapping[str, Any]
    at: int


class Sampler:
    """Makes samples of one rule.

    Args:
        rule: compiled.
        facts: of its vertical.
        at: micros of the sample's announcement.
    """

    def __init__(self, rule: Compiled, facts: Facts, at: int) -> None:
        self._rule = rule
        self._facts = facts
        self._record = facts.paths.record(rule.rule.entity)
        self._at = at

    def made_up(self) -> Seen:
        """A record as the rule's first example that fires has it; what is only shown of it is made up by type."""
        example = next((each for each in self._rule.rule.examples if each.expect is True), None)
        schema = self._facts.schema(self._record.kind)
        given = given_values(example, schema) if example else {}
        at = parse_instant(example.now) if example and example.now else self._at
        # What the example leaves out is unknown to it, and its verdict may rest on that.
        judged = set(self._rule.found.operands) if example else set()
        shown = {path: _plausible(schema.resolve(path), at) for path in self._rule.paths if path not in judged}
        what = f"the example {example.name!r}" if example else "a made-up record"
        return self.of_values({**shown, **given}, at, what=what)

    def blank(self) -> Seen:
        """A record of which nothing is known."""
        return self.of_values({}, self._at, what="a record of which nothing is known")

    def gone(self) -> Seen:
        """A record that is no longer there."""
        return Seen("a record that is gone", None, {}, self._at)

    def of_values(self, values: Mapping[FieldPath, Value | None], at: int, *, what: str) -> Seen:
        """A record with these values, by path; the others are unknown."""
        moment = self._rule.moment
        instant = to_closure(moment)(arrange(moment, values), at) if moment is not None else None
        seen = tuple(values.get(path) for path in self._rule.paths)
        wait = int(instant) if isinstance(instant, int) else None
        finding = Finding(1, None, Verdict.TRUE, self._rule.rule.severity, wait, seen)
        witness = Witness(self._rule, Look(self._facts, at, at, LIVE), {})
        return Seen(what, finding, witness.account(finding, self._subject()), at)

    def recorded(self, connection: Connection, entity_id: int) -> Seen:
        """A record as it stands in the database.

        Raises:
            NotFoundError: it is not there (any more).
        """
        look = Look(self._facts, self._at, None, LIVE)
        found = standing(connection, self._rule, look, [entity_id]).get(entity_id)
        if found is None:
            hint = "Give another, or read its source again with `plumbline run`."
            raise NotFoundError(f"the {self._record.kind} with id {entity_id} is not there", hint=hint)
        subject = subjects(connection, self._record, [entity_id]).get(entity_id)
        account = Witness(self._rule, look, watermarks(connection)).account(found, subject)
        doubt = "" if found.verdict is Verdict.TRUE else " for which the rule does not hold now"
        return Seen(f"a real {self._record.kind.replace('_', ' ')}{doubt}", found, account, self._at)

    def newest(self, connection: Connection) -> int | None:
        """The record that best shows what the rule tells: that of its newest alert, else one learnt of last."""
        of_rule = select(alert.c.entity_id).where(alert.c.timeline == LIVE, alert.c.rule_id == self._rule.rule.id)
        table = table_of(self._record)
        there = select(table.c.id).where(table.c.gone_at.is_(None))
        for statement in (of_rule.order_by(alert.c.opened_at.desc(), alert.c.id), there.order_by(table.c.batch.desc())):
            number = connection.scalar(statement.limit(1))
            if number is not None and self._is_there(connection, number):
                return int(number)
        return None

    def sample(self, seen: Seen, reason: str) -> Sample:
        """What would be told of a record."""
        rule, finding = self._rule.rule, seen.finding
        after = _condition(finding.severity if finding else rule.severity, reason, seen)
        number, site = (finding.entity_id, finding.site) if finding else (1, None)
        episode = Episode(_ALERT, "", 1, number, site, {}, None, after)
        send = Send(reason) if reason in set(Send) else Send.FIRED
        stamp = Stamp(LIVE, self._rule.vertical, rule.id, self._rule.version, rule.entity, seen.at)
        context = context_of(rule, stamp, Change(episode, Decision(after, (), send), None), seen.account)
        told = str(reason_of(rule, send, seen.account)) if reason == send else reason
        return Sample(seen.what, context, told, seen.at)

    def _is_there(self, connection: Connection, number: int) -> bool:
        return bool(self._facts.read(connection, self._record.kind, [("site",)], self._at, ids=[number]))

    def _subject(self) -> Subject:
        meaning = meaning_of(table_of(self._record).c[self._record.title])
        name = placeholder(meaning.label or meaning.text)
        return Subject(1, self._record.kind, "sample", "sample-1", None, name, meaning.sensitivity)


def samples(sampler: Sampler, reasons: Iterable[str], connection: Connection | None = None) -> Iterator[Sample]:
    """Everything that a template must be able to tell, the most usual first.

    Args:
        sampler: of the rule.
        reasons: why people may be told.
        connection: where a real record is looked for; None: none is.
    """
    seen = [sampler.made_up(), sampler.blank()]
    number = sampler.newest(connection) if connection is not None else None
    if connection is not None and number is not None:
        seen.append(sampler.recorded(connection, number))
    for reason in reasons:
        yield from (sampler.sample(each, reason) for each in seen)
    yield sampler.sample(sampler.gone(), "resolved")


def _condition(severity: Severity, reason: str, seen: Seen) -> Condition:
    over = reason in _OVER
    cause = (Cause.CLEARED if seen.finding else Cause.ENTITY_MISSING) if over else None
    since = seen.at if reason == "fired" else seen.at - _SINCE
    state = State.RESOLVED if over else State.FIRING
    return Condition(
        state,
        severity,
        seen.at,
        fired_at=since,
        resolved_at=seen.at if over else None,
        resolve_reason=cause,
        sequence=1,
    )


def placeholder(label: str) -> str:
    """A text that stands for one that is not known: `‹name of the patient›`."""
    return f"‹{label[:1].lower()}{label[1:]}›"


def _plausible(operand: Operand | None, at: int) -> Value:
    if operand is None:
        return placeholder("text")
    if operand.type is Type.TIMESTAMP:
        return at - 2 * DAY
    if operand.type is Type.STRING:
        return next(iter(operand.codes), "") or placeholder(operand.label)
    return _PLAUSIBLE[operand.type]
