"""The live path: what one changed record sets off, worked out in memory, and written only where something moves.

Every rule is compiled to plain functions once; an event reads its entities' values in one statement and runs all rules
of their kind over them. Most find nothing to do, and cost a microsecond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, select

from automations.alerts import IS_OPEN, LIVE, alert
from automations.conditions import Compiled
from automations.engine import Engine, RuleReport, RuleRun, guarded, guarded_within
from automations.evaluation import Outcome, Seen, Task, decide
from automations.findings import Finding, Look, with_expected
from automations.lifecycle import Verdict, verdict_of
from automations.rulebook import EVALUATED, StoredRule
from automations.rules import Lifecycle, Severity
from substrate.errors import PlumblineError
from substrate.expressions.closures import to_closure
from substrate.expressions.expression import Expression
from substrate.expressions.types import FieldPath, Value
from substrate.freshness import stale, watermarks
from substrate.idset import among_given
from substrate.tracing import spanned

Row = Sequence[Value | None]
Answer = Callable[[Row, int], Value | None]

_SITE: FieldPath = ("site",)


@dataclass(frozen=True, slots=True)
class Reflex:
    """One rule as functions over a row of its kind's values.

    Attributes:
        stored: the rule.
        compiled: its version, checked.
        found: whether an alert may begin.
        holds: whether an open one lasts.
        clears: whether it is clear; None: when `holds` is not.
        moment: the instant that it counts from; None: it has none.
        severities: what makes it worse or better, worst first.
        places: where the rule's operands stand in a row.
    """

    stored: StoredRule
    compiled: Compiled
    found: Answer
    holds: Answer
    clears: Answer | None
    moment: Answer | None
    severities: tuple[tuple[Severity, Answer], ...]
    places: tuple[int, ...]

    def finding(self, entity_id: int, row: Row, verdict: Verdict, at: int) -> Finding:
        """What was seen of an entity, in full."""
        met = [severity for severity, answer in self.severities if answer(row, at)]
        moment = self.moment(row, at) if self.moment else None
        site = row[0]
        return Finding(
            entity_id,
            None if site is None else str(site),
            verdict,
            met[0] if met else self.compiled.rule.severity,
            None if moment is None else int(moment),
            tuple(row[place] for place in self.places),
        )

    def verdict(self, row: Row, at: int) -> Verdict:
        """How an open alert of the row's entity stands."""
        holds = _truth(self.holds(row, at))
        return verdict_of(holds, holds is False if self.clears is None else _truth(self.clears(row, at)))


@dataclass(frozen=True, slots=True)
class Reflexes:
    """All rules of one kind, ready to run.

    Attributes:
        kind: the kind of entity.
        paths: what a row holds, in order; the site comes first.
        rules: the rules.
    """

    kind: str
    paths: tuple[FieldPath, ...]
    rules: tuple[Reflex, ...]

    def triggered(self, row: Row, at: int) -> list[Reflex]:
        """The rules for which an alert about the row's entity may begin."""
        return [reflex for reflex in self.rules if reflex.found(row, at) is True]


def prepare(engine: Engine, book: Iterable[StoredRule]) -> dict[str, Reflexes]:
    """Compile the rules that are active or in shadow, by kind of entity; good for as long as the book stands.

    A rule that does not fit the facts is left out: the regular evaluation counts it as failing and tells its owner.
    """
    chosen = [pair for stored in book if stored.lifecycle in EVALUATED for pair in _fitting(engine, stored)]
    chosen.sort(key=lambda pair: (pair[1].rule.entity, pair[1].rule.id))
    return {kind: _reflexes(kind, list(pairs)) for kind, pairs in groupby(chosen, key=lambda pair: pair[1].rule.entity)}


@spanned("rules")
def evaluate_entities(
    engine: Engine, reflexes: Reflexes, ids: Iterable[int], at: int, *, timeline: str = LIVE
) -> RuleReport:
    """Run all rules of a kind on the entities that an event touched.

    Args:
        engine: the vertical, its facts and its database.
        reflexes: the rules of the entities' kind.
        ids: the entities.
        at: the instant of the evaluation.
        timeline: "live", or a replay of its own.
    """
    wanted = frozenset(ids)
    look = Look(engine.facts, at, None, timeline)
    with engine.database.read() as connection:
        rows = _rows(connection, reflexes, look, wanted)
        busy = _open_rules(connection, reflexes.kind, timeline, wanted)
        hit = {reflex.compiled.rule.id for row in rows.values() for reflex in reflexes.triggered(row, at)}
        marks = watermarks(connection) if hit or busy else {}
    chosen = [reflex for reflex in reflexes.rules if reflex.compiled.rule.id in hit | busy]
    return RuleReport(tuple(_run(engine, reflex, reflexes, look, wanted, marks) for reflex in chosen))


@spanned("rules")
def evaluate_within(
    connection: Connection, engine: Engine, reflexes: Reflexes, ids: Iterable[int], at: int
) -> RuleReport:
    """Run all rules of a kind on the entities that events touched, in the transaction of the events themselves.

    Nobody else can have changed a record since it was read here, as the transaction holds the batch's number.

    Args:
        connection: the transaction that wrote the events' records.
        engine: the vertical and its facts.
        reflexes: the rules of the entities' kind.
        ids: the entities.
        at: the instant of the evaluation.
    """
    wanted = frozenset(ids)
    look = Look(engine.facts, at, None, LIVE)
    rows = _rows(connection, reflexes, look, wanted)
    busy = _open_rules(connection, reflexes.kind, LIVE, wanted)
    hit = {reflex.compiled.rule.id for row in rows.values() for reflex in reflexes.triggered(row, at)}
    marks = watermarks(connection) if hit or busy else {}
    chosen = [reflex for reflex in reflexes.rules if reflex.compiled.rule.id in hit | busy]
    scene = _Scene(look, wanted, rows, marks)
    return RuleReport(tuple(_run_within(connection, engine, reflex, scene) for reflex in chosen))


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the rules of one kind look at together."""

    look: Look
    ids: frozenset[int]
    rows: dict[int, Row]
    marks: Mapping[str, int]


def _run_within(connection: Connection, engine: Engine, reflex: Reflex, scene: _Scene) -> RuleRun:
    rule, look = reflex.compiled, scene.look
    old = tuple(stale(scene.marks, engine.needs(rule), look.at))
    if old:
        return RuleRun(rule.rule.id, Outcome(), stale=old)
    task = Task(rule, look, reflex.stored.lifecycle is Lifecycle.ACTIVE, engine.announce, scene.marks)

    def work() -> RuleRun:
        outcome = decide(connection, task, _NOT_YET, lambda held: _seen(held, reflex, scene.rows, look, scene.ids))
        return RuleRun(rule.rule.id, outcome)

    return guarded_within(connection, rule.rule.id, work)


def _fitting(engine: Engine, stored: StoredRule) -> list[tuple[StoredRule, Compiled]]:
    try:
        return [(stored, engine.compiled(stored))]
    except PlumblineError:
        return []


def _run(
    engine: Engine, reflex: Reflex, reflexes: Reflexes, look: Look, ids: frozenset[int], marks: Mapping[str, int]
) -> RuleRun:
    def work() -> RuleRun:
        rule = reflex.compiled
        old = tuple(stale(marks, engine.needs(rule), look.at))
        if old:
            return RuleRun(rule.rule.id, Outcome(), stale=old)
        tells = reflex.stored.lifecycle is Lifecycle.ACTIVE
        task = Task(rule, look, tells, engine.announce, marks)
        with engine.database.write() as connection:
            # Never settled on what was read before the rule's turn: an event may be followed by the next at once.
            outcome = decide(connection, task, _NOT_YET, lambda held: _see(held, reflex, reflexes, look, ids))
        return RuleRun(rule.rule.id, outcome)

    return guarded(engine.database, reflex.stored.rule.id, look.timeline, work)


_NOT_YET = Seen((), {}, revision=-1)
_HELD = -1
"""The revision of what is seen in the rule's own turn: nobody can have decided since."""


def _see(connection: Connection, reflex: Reflex, reflexes: Reflexes, look: Look, ids: frozenset[int]) -> Seen:
    return _seen(connection, reflex, _rows(connection, reflexes, look, ids), look, ids)


def _seen(connection: Connection, reflex: Reflex, rows: dict[int, Row], look: Look, ids: frozenset[int]) -> Seen:
    found = [
        reflex.finding(number, row, Verdict.TRUE, look.at)
        for number, row in rows.items()
        if reflex.found(row, look.at) is True
    ]
    known = [reflex.finding(number, row, reflex.verdict(row, look.at), look.at) for number, row in rows.items()]
    present = with_expected(connection, reflex.compiled, look, known)
    standing = {
        one.entity_id: replace(one, verdict=Verdict.FALSE) if one.entity_id in present else one for one in known
    }
    true = tuple(one for one in found if one.entity_id not in present)
    return Seen(true, standing, _HELD, ids)


def _rows(connection: Connection, reflexes: Reflexes, look: Look, ids: frozenset[int]) -> dict[int, Row]:
    found = look.facts.read(connection, reflexes.kind, reflexes.paths, look.at, look.known, ids=ids)
    return {number: list(values.values()) for number, values in found.items()}


def _open_rules(connection: Connection, kind: str, timeline: str, ids: frozenset[int]) -> set[str]:
    return set(connection.scalars(_OPEN_RULES, {"kind": kind, "timeline": timeline, "ids": list(ids)}))


_OPEN_RULES = (
    select(alert.c.rule_id)
    .where(
        alert.c.entity_kind == bindparam("kind"),
        among_given(alert.c.entity_id),
        alert.c.timeline == bindparam("timeline"),
        IS_OPEN,
    )
    .distinct()
)


def _reflexes(kind: str, pairs: list[tuple[StoredRule, Compiled]]) -> Reflexes:
    paths = tuple(dict.fromkeys([_SITE, *(path for _, compiled in pairs for path in compiled.paths)]))
    places = {path: place for place, path in enumerate(paths)}
    return Reflexes(kind, paths, tuple(_reflex(stored, compiled, places) for stored, compiled in pairs))


def _reflex(stored: StoredRule, compiled: Compiled, places: Mapping[FieldPath, int]) -> Reflex:
    found = _answer(compiled.found, places)
    return Reflex(
        stored,
        compiled,
        found,
        found if compiled.holds is compiled.found else _answer(compiled.holds, places),
        _answer(compiled.clears, places) if compiled.clears else None,
        _answer(compiled.moment, places) if compiled.moment else None,
        tuple((severity, _answer(expression, places)) for severity, expression in compiled.severities),
        tuple(places[path] for path in compiled.paths),
    )


def _answer(expression: Expression, places: Mapping[FieldPath, int]) -> Answer:
    closure = to_closure(expression)
    order = [places[path] for path in expression.operands]
    return lambda row, at: closure([row[place] for place in order], at)


def _truth(value: Any) -> bool | None:
    return None if value is None else bool(value)
