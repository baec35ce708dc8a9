"""Rules as plain functions over a row of values: compiled once, run by the microsecond whenever an event comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from automations.conditions import Compiled
from automations.engine import Engine
from automations.findings import Finding
from automations.lifecycle import Verdict, verdict_of
from automations.rulebook import EVALUATED, StoredRule
from automations.rules import Severity
from substrate.errors import PlumblineError
from substrate.expressions.closures import to_closure
from substrate.expressions.expression import Expression
from substrate.expressions.types import FieldPath, Value

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


def _fitting(engine: Engine, stored: StoredRule) -> list[tuple[StoredRule, Compiled]]:
    try:
        return [(stored, engine.compiled(stored))]
    except PlumblineError:
        return []


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
