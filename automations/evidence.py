"""Why an alert is what it is, kept at the moment of the decision: values, thresholds, ages and the record behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, Select, select

from automations.alerts import LIVE
from automations.conditions import Compiled
from automations.findings import Finding, Look
from automations.leading import leading_sentence
from automations.lifecycle import Verdict
from automations.reminders import lateness
from substrate.columns import Sensitivity, meaning_of
from substrate.expressions.explain import Explanation, leaves
from substrate.expressions.said import say_value
from substrate.expressions.types import FieldPath, Operand, Type, Value
from substrate.idset import among_given
from substrate.records import Record, table_of


@dataclass(frozen=True, slots=True)
class Subject:
    """The record that an alert is about, as people know it.

    Attributes:
        name: the value of its title column.
        sensitivity: the clearance that a reader of the name needs.
    """

    id: int
    kind: str
    source: str
    source_key: str
    site: str | None
    name: str
    sensitivity: Sensitivity


def subjects(connection: Connection, record: type[Record], ids: Iterable[int]) -> dict[int, Subject]:
    """The records of one kind behind some alerts, by id, as they are called today."""
    rows: Any = connection.execute(_named(record), {"ids": list(ids)})
    level = meaning_of(table_of(record).c[record.title]).sensitivity
    return {row.id: _subject(record.kind, row, level) for row in rows}


@cache
def _named(record: type[Record]) -> Select[Any]:
    table = table_of(record)
    columns = (table.c.id, table.c.source, table.c.source_key, table.c.site, table.c[record.title].label("name"))
    return select(*columns).where(among_given(table.c.id))


def _subject(kind: str, row: Any, level: Sensitivity) -> Subject:
    """A record without a name of its own is called by its key, which leads to a person as a name does."""
    if row.name is not None:
        return Subject(row.id, kind, row.source, row.source_key, row.site, str(row.name), level)
    named = f"{kind.replace('_', ' ')} {row.source_key}"
    return Subject(row.id, kind, row.source, row.source_key, row.site, named, max(level, Sensitivity.PII))


class Witness:
    """Writes the evidence of one evaluation of one rule; what all its alerts share is worked out once.

    Args:
        rule: the rule's version.
        look: through which eyes the evaluation saw.
        marks: the watermarks, by name.
    """

    def __init__(self, rule: Compiled, look: Look, marks: Mapping[str, int]) -> None:
        self._rule = rule
        self._look = look
        schema = look.facts.schema(rule.rule.entity)
        self._operands = [schema.resolve(path) for path in rule.paths]
        self._shared = [self._leaf(*pair, marks) for pair in zip(rule.paths, self._operands, strict=True)]
        places = {path: place for place, path in enumerate(rule.paths)}
        self._order = [places[path] for path in rule.holds.operands]

    def account(self, finding: Finding, subject: Subject | None) -> dict[str, Any]:
        """What was seen of one entity, as plain values."""
        values = zip(self._shared, self._operands, finding.values, strict=True)
        tree = self._rule.explain([finding.values[place] for place in self._order], self._look.at)
        told: dict[str, Any] = {
            "at": self._look.at,
            "rule_version": self._rule.version,
            "condition": self._rule.rule.when or self._rule.holds.canonical,
            "digest": self._rule.holds.digest,
            "verdict": finding.verdict,
            "values": [{**leaf, "value": value, "words": _words(operand, value)} for leaf, operand, value in values],
            **self._sentences(finding, tree),
            **self._grade(finding),
            "tree": tree.as_json(),
        }
        if subject is not None:
            told["subject"] = {
                "kind": subject.kind,
                "id": subject.id,
                "source": subject.source,
                "source_key": subject.source_key,
                "site": subject.site,
                "name": subject.name,
                "sensitivity": subject.sensitivity.name,
            }
        return told | self._timing(finding)

    def _timing(self, finding: Finding) -> dict[str, Any]:
        moment = finding.moment
        rule = self._rule.rule
        if moment is None:
            return {}
        if rule.remind is not None:
            due = moment + rule.remind.offset
            return {"reminder": {"instant": moment, "due": due, "late": lateness(due, self._look.at)}}
        if rule.missing is not None:
            return {"missing": {"kind": rule.missing.expect, "since": moment, "due": moment + rule.missing.within}}
        return {}

    def _sentences(self, finding: Finding, tree: Explanation) -> dict[str, Any]:
        """What decided, a sentence each with the clearance that its reader needs; apart, what was checked too."""
        told = leaves(tree)
        holds = tree.result is True
        lead = leading_sentence(self._rule, self._look, finding, holds=holds)
        # A condition that holds decided nothing where the record that was waited for is there.
        overruled = holds and finding.verdict is Verdict.FALSE
        point = [leaf for leaf in told if leaf.decisive and not leaf.guard and not overruled]
        besides = [leaf for leaf in told if leaf.guard or overruled or not (holds or leaf.decisive)]
        because = _sentences(point)
        if lead is not None:
            because = [lead, *_sentences(leaf for leaf in point if leaf.seen)]
        return {"because": because, "also_checked": _sentences(besides)}

    def _grade(self, finding: Finding) -> dict[str, Any]:
        """Why it is as bad as it is, where the rule has several answers."""
        expression = dict(self._rule.severities).get(finding.severity)
        if expression is None or finding.severity is self._rule.rule.severity:
            return {}
        of = self._rule.explain_grades[finding.severity]
        places = {path: place for place, path in enumerate(self._rule.paths)}
        tree = of([finding.values[places[path]] for path in expression.operands], self._look.at)
        told = [leaf for leaf in leaves(tree) if leaf.decisive]
        return {"grade": {"severity": finding.severity, "because": _sentences(told)}}

    def _leaf(self, path: FieldPath, operand: Operand | None, marks: Mapping[str, int]) -> dict[str, Any]:
        names = sorted(self._look.facts.dependencies(self._rule.rule.entity, [path]))
        # How fresh the data was at an earlier time is not kept, so a walk through it claims nothing.
        known = [marks[name] for name in names if name in marks] if self._look.timeline == LIVE else []
        return {
            "path": ".".join(path),
            "label": operand.label if operand else ".".join(path),
            "type": str(operand.type) if operand else None,
            "unit": operand.unit if operand else None,
            "sensitivity": operand.sensitivity if operand else None,
            "references": operand.references if operand else None,
            "as_of": min(*known, self._look.at) if known else None,
            "watermarks": names,
        }


def _sentences(told: Iterable[Explanation]) -> list[dict[str, Any]]:
    """What some leaves say, each sentence once."""
    return list({leaf.sentence: _sentence(leaf) for leaf in told}.values())


def _sentence(leaf: Explanation) -> dict[str, Any]:
    """What one leaf says, the clearance that a reader of it needs, and the instants that it names."""
    levels = [Sensitivity[seen.operand.sensitivity] for seen in leaf.seen if seen.operand.sensitivity]
    level = max(levels, default=Sensitivity.PUBLIC)
    return {"text": leaf.sentence, "sensitivity": level.name, "times": list(leaf.times)}


def _words(operand: Operand | None, value: Value | None) -> str | None:
    """A code in words; None: the value says it itself."""
    known = operand is not None and isinstance(value, str) and value in operand.codes
    return say_value(value, Type.STRING, codes=operand.codes) if known and operand else None


def as_json(account: Mapping[str, Any]) -> str:
    """Evidence as it is stored."""
    return orjson.dumps(account, option=orjson.OPT_SORT_KEYS).decode()
