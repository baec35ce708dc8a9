"""Why an alert is what it is, kept at the moment of the decision: values, thresholds, ages and the record behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, select

from automations.conditions import Compiled
from automations.findings import Finding, Look
from substrate.columns import Sensitivity, meaning_of
from substrate.expressions.explain import Explanation, explainer
from substrate.expressions.types import FieldPath
from substrate.idset import among
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
    table = table_of(record)
    title = table.c[record.title]
    columns = (table.c.id, table.c.source, table.c.source_key, table.c.site, title.label("name"))
    rows = connection.execute(select(*columns).where(among(table.c.id, ids)))
    level = meaning_of(title).sensitivity
    return {
        row.id: Subject(row.id, record.kind, row.source, row.source_key, row.site, str(row.name), level) for row in rows
    }


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
        self._shared = [self._leaf(path, marks) for path in rule.paths]
        self._explain = explainer(rule.holds)
        places = {path: place for place, path in enumerate(rule.paths)}
        self._order = [places[path] for path in rule.holds.operands]

    def account(self, finding: Finding, subject: Subject | None) -> dict[str, Any]:
        """What was seen of one entity, as plain values."""
        values = zip(self._shared, finding.values, strict=True)
        tree = self._explain([finding.values[place] for place in self._order], self._look.at)
        told: dict[str, Any] = {
            "at": self._look.at,
            "rule_version": self._rule.version,
            "condition": self._rule.rule.when or self._rule.holds.canonical,
            "digest": self._rule.holds.digest,
            "verdict": finding.verdict,
            "values": [{**leaf, "value": value} for leaf, value in values],
            "because": list(_sentences(tree)),
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
            return {"reminder": {"instant": moment, "due": due, "late": max(0, self._look.at - due)}}
        if rule.missing is not None:
            return {"missing": {"kind": rule.missing.expect, "since": moment, "due": moment + rule.missing.within}}
        return {}

    def _leaf(self, path: FieldPath, marks: Mapping[str, int]) -> dict[str, Any]:
        operand = self._look.facts.schema(self._rule.rule.entity).resolve(path)
        names = sorted(self._look.facts.dependencies(self._rule.rule.entity, [path]))
        known = [marks[name] for name in names if name in marks]
        return {
            "path": ".".join(path),
            "label": operand.label if operand else ".".join(path),
            "type": str(operand.type) if operand else None,
            "unit": operand.unit if operand else None,
            "sensitivity": operand.sensitivity if operand else None,
            "as_of": min(known) if known else None,
            "watermarks": names,
        }


def _sentences(tree: Explanation) -> Iterator[dict[str, str]]:
    """What decided, a sentence each, with the clearance that a reader of it needs."""
    for part in tree.parts:
        yield from _sentences(part)
    if not tree.parts and tree.decisive:
        levels = [Sensitivity[seen.operand.sensitivity] for seen in tree.seen if seen.operand.sensitivity]
        yield {"text": tree.sentence, "sensitivity": max(levels, default=Sensitivity.PUBLIC).name}


def as_json(account: Mapping[str, Any]) -> str:
    """Evidence as it is stored."""
    return orjson.dumps(account, option=orjson.OPT_SORT_KEYS).decode()
