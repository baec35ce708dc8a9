"""The live path: what one changed record sets off, worked out in memory, and written only where something moves.

Every rule is compiled to plain functions once; an event reads its entities' values in one statement and runs all rules
of their kind over them. Most find nothing to do, and cost a microsecond.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, bindparam, select

from automations.alerts import IS_OPEN, LIVE, alert
from automations.engine import Engine, RuleReport, RuleRun, guarded, guarded_within
from automations.evaluation import Outcome, Seen, Task, decide
from automations.findings import Finding, Look, with_expected
from automations.lifecycle import Verdict
from automations.reflexes import Reflex, Reflexes, Row
from automations.rules import Lifecycle
from substrate.freshness import stale, watermarks
from substrate.idset import among_given
from substrate.tracing import spanned


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
    hits: dict[str, list[int]] = {}
    for number, row in rows.items():
        for reflex in reflexes.triggered(row, at):
            hits.setdefault(reflex.compiled.rule.id, []).append(number)
    marks = watermarks(connection) if hits or busy else {}
    chosen = [reflex for reflex in reflexes.rules if reflex.compiled.rule.id in hits.keys() | busy]
    scene = _Scene(look, wanted, rows, hits, marks)
    return RuleReport(tuple(_run_within(connection, engine, reflex, scene) for reflex in chosen))


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the rules of one kind look at together."""

    look: Look
    ids: frozenset[int]
    rows: dict[int, Row]
    hits: Mapping[str, Sequence[int]]
    marks: Mapping[str, int]


def _run_within(connection: Connection, engine: Engine, reflex: Reflex, scene: _Scene) -> RuleRun:
    rule, look = reflex.compiled, scene.look
    old = tuple(stale(scene.marks, engine.needs(rule), look.at))
    if old:
        return RuleRun(rule.rule.id, Outcome(), stale=old)
    task = Task(rule, look, reflex.stored.lifecycle is Lifecycle.ACTIVE, engine.announce, scene.marks)

    def work() -> RuleRun:
        hits = scene.hits.get(rule.rule.id, ())
        sight = _Sight(reflex, scene.rows, look.at, hits)
        outcome = decide(connection, task, _NOT_YET, lambda held: _seen(held, sight, look, scene.ids))
        return RuleRun(rule.rule.id, outcome)

    return guarded_within(connection, rule.rule.id, work)


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
    rows = _rows(connection, reflexes, look, ids)
    hits = [number for number, row in rows.items() if reflex.found(row, look.at) is True]
    return _seen(connection, _Sight(reflex, rows, look.at, hits), look, ids)


@dataclass(frozen=True, slots=True)
class _Sight(Mapping[int, Finding]):
    """What one rule says of entities, by id, worked out where it is asked: of most nobody does.

    Attributes:
        hits: those for which an alert may begin.
    """

    reflex: Reflex
    rows: Mapping[int, Row]
    at: int
    hits: Sequence[int]

    def __getitem__(self, number: int) -> Finding:
        row = self.rows[number]
        return self.reflex.finding(number, row, self.reflex.verdict(row, self.at), self.at)

    def __iter__(self) -> Iterator[int]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def found(self) -> list[Finding]:
        """What is true of the entities for which an alert may begin."""
        return [self.reflex.finding(number, self.rows[number], Verdict.TRUE, self.at) for number in self.hits]


def _seen(connection: Connection, sight: _Sight, look: Look, ids: frozenset[int]) -> Seen:
    rule = sight.reflex.compiled
    if rule.expected is None:
        return Seen(tuple(sight.found()), sight, _HELD, ids)
    present = with_expected(connection, rule, look, list(sight.values()))
    standing = {
        number: replace(one, verdict=Verdict.FALSE) if number in present else one for number, one in sight.items()
    }
    true = tuple(one for one in sight.found() if one.entity_id not in present)
    return Seen(true, standing, _HELD, ids)


def _rows(connection: Connection, reflexes: Reflexes, look: Look, ids: frozenset[int]) -> dict[int, Row]:
    return look.facts.rows(connection, reflexes.kind, reflexes.paths, look.at, ids)


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
