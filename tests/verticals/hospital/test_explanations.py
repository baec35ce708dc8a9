"""What a nurse reads: whole pages on a small ward, and the point of every shipped rule in words without any code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from automations.announcer import Announcer
from automations.conditions import compile_rule
from automations.contacts import Directory
from automations.engine import Engine, evaluate
from automations.evidence import Witness
from automations.explain import explain_alert, why_not
from automations.findings import Finding, Look
from automations.lifecycle import Verdict
from automations.listing import list_alerts
from automations.page import alert_page, text_of, why_not_page
from automations.rule_files import read_rules
from automations.rulebook import import_rules
from automations.rules import Rule
from substrate.clock import DAY, HOUR, MINUTE, SECOND, parse_instant
from substrate.database import Database
from substrate.errors import NotFoundError
from substrate.expressions.types import Type
from substrate.facts import Facts
from substrate.migrate import upgrade
from substrate.records import record_id
from tests.verticals.hospital.feed import NOW, SOURCE, Feed, at
from verticals.hospital import vertical

FACTS = Facts(vertical.records, vertical.views)
RULES = {rule.id: rule for rule in read_rules(vertical.rules)}
RULE = "critical-result-unacknowledged"
DOCUMENT = Path(__file__).parents[3] / "docs" / "alerts.md"


@pytest.fixture
def ward(database: Database) -> Database:
    """A patient on a ward, and a potassium of hers that nobody has acknowledged."""
    upgrade(database, [vertical])
    feed = Feed()
    feed.add("Location", id="w1", name="Surgical ward 1", physicalType={"coding": [{"code": "wa"}]})
    bed = {"partOf": {"reference": "Location/w1"}, "physicalType": {"coding": [{"code": "bd"}]}}
    feed.add("Location", id="b1", name="SUR 1-2", **bed)
    feed.add("Patient", id="p1")
    feed.add("Encounter", id="e1", status="in-progress", period={"start": at(NOW - DAY)},
             location=[{"location": {"reference": "Location/b1"}}])  # fmt: skip
    feed.add("Observation", id="o1", issued=at(NOW - 75 * MINUTE), effectiveDateTime=at(NOW - 2 * HOUR),
             encounter={"reference": "Encounter/e1"}, valueQuantity={"value": 6.9, "code": "mmol/L"},
             interpretation=[{"coding": [{"code": "HH"}]}])  # fmt: skip
    for learnt in (NOW - HOUR, NOW - 8 * SECOND):
        feed.send(database, learnt)
    return database


def watch(database: Database, at: int = NOW) -> None:
    shown = RULES[RULE].model_copy(update={"values": ("text", "value", "unit")})
    with database.write() as connection:
        import_rules(connection, "hospital", [shown], "test", at)
    evaluate(Engine(database, "hospital", FACTS, announce=Announcer(Directory(), ("inbox",))), at)


def sample(nth: int) -> str:
    """A page that the document shows."""
    pages: list[str] = re.findall(r"```text\n(.*?)\n```", DOCUMENT.read_text(), re.DOTALL)
    return pages[nth]


def test_the_document_shows_the_page_of_an_alert(ward: Database) -> None:
    watch(ward)
    with ward.read() as connection:
        found = explain_alert(connection, FACTS, list_alerts(connection)[0].id)
    page = text_of(alert_page(found, "Europe/Berlin", NOW + 2 * MINUTE))
    assert re.sub(r"\b[0-9a-f]{8}\b", "3fa9c1d0", page) == sample(0)


def test_the_document_shows_the_page_of_an_alert_that_is_not_there(ward: Database) -> None:
    watch(ward)
    number = record_id(SOURCE, "result", "o1")
    with ward.read() as connection:
        found = why_not(connection, FACTS, RULE, number, NOW - 50 * MINUTE)
    assert text_of(why_not_page(found, "Europe/Berlin")) == sample(1)


EXAMPLES = [(rule, example.name) for rule in RULES.values() for example in rule.examples if example.expect is True]


@pytest.mark.parametrize(("rule", "name"), EXAMPLES, ids=lambda part: part.id if isinstance(part, Rule) else part)
def test_the_point_of_a_rule_is_said_without_code_or_enumerations(rule: Rule, name: str) -> None:
    example = next(one for one in rule.examples if one.name == name)
    compiled = compile_rule(rule, FACTS)
    now = parse_instant(example.now) if example.now else NOW
    schema = FACTS.schema(rule.entity)
    given = {
        tuple(path.split(".")): parse_instant(value)
        if (operand := schema.resolve(tuple(path.split(".")))) and operand.type is Type.TIMESTAMP
        else value
        for path, value in example.given.items()
    }
    values = tuple(given.get(path) for path in compiled.paths)
    finding = Finding(1, None, Verdict.TRUE, rule.severity, None, values)
    account = Witness(compiled, Look(FACTS, now, None, "live"), {}).account(finding, None)
    told = [part["text"] for part in account["because"]]
    assert told
    assert not [text for text in told if re.search(r"coalesce\(|duration\(|…|_|==|others", text)]


def test_every_rule_can_be_asked_why_it_did_not_fire(ward: Database) -> None:
    with ward.write() as connection:
        import_rules(connection, "hospital", RULES.values(), "test", NOW)
    with ward.read() as connection:
        for rule in RULES:
            with pytest.raises(NotFoundError):
                why_not(connection, FACTS, rule, 1, NOW)
