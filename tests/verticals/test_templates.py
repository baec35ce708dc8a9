"""The shipped messages: each can be told whatever is known, and says nothing protected to those who may not see it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automations.channels.channel import Rendered
from automations.conditions import compile_rule
from automations.masking import level_of
from automations.review import Review
from automations.rule_files import read_rules
from automations.rules import Rule
from automations.samples import Sample, Sampler, samples
from automations.templating import REASONS, Templates, value_text
from substrate.catalog import Vertical, verticals
from substrate.clock import DAY
from substrate.columns import Sensitivity
from substrate.expressions.types import Operand, Type, Value
from substrate.facts import Facts

NOW = 1_559_397_900_000_000
PERSONS = ("patient", "student")
"""Kinds of record whose name must be readable to those who may see it, wherever a rule reaches one."""


class Shipped:
    """The rules and messages that come with a vertical."""

    def __init__(self, vertical: Vertical) -> None:
        self.rules = {rule.id: rule for rule in read_rules(vertical.rules)}
        self.facts = Facts(vertical.records, vertical.views)
        self.review = Review(vertical, [vertical.templates], NOW)
        self._templates = Templates([vertical.templates])

    def told(self, sample: Sample, clearance: Sensitivity) -> Rendered:
        """The message about a sample."""
        return self._templates.render(
            sample.context, clearance, reason=sample.reason, recipient="anna", address=None,
            severity=sample.context["severity"], created_at=sample.created_at,
        )  # fmt: skip


SHIPPED = {name: Shipped(vertical) for name, vertical in sorted(verticals().items())}
OWNERS = {rule_id: shipped for shipped in SHIPPED.values() for rule_id in shipped.rules}
RULES = {rule_id: shipped.rules[rule_id] for rule_id, shipped in OWNERS.items()}


@cache
def sampler_of(rule_id: str) -> Sampler:
    """Samples of a rule."""
    facts = OWNERS[rule_id].facts
    return Sampler(compile_rule(RULES[rule_id], facts), facts, NOW)


def text_of(message: Rendered) -> str:
    """Everything of a message that leaves the house."""
    return "\n".join([message.subject, message.text, message.html or "", str(message.body)])


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_s_templates_have_no_problem(rule: Rule) -> None:
    assert OWNERS[rule.id].review.rules([rule]) == []


@pytest.mark.parametrize("shipped", SHIPPED.values(), ids=list(SHIPPED))
def test_no_file_lies_there_for_nothing(shipped: Shipped) -> None:
    assert shipped.review.templates(shipped.rules.values()) == []


@pytest.mark.parametrize("clearance", [Sensitivity.PHI, Sensitivity.PII, Sensitivity.INTERNAL, Sensitivity.PUBLIC])
@pytest.mark.parametrize("rule_id", RULES)
def test_every_message_can_be_told_in_its_own_words(rule_id: str, clearance: Sensitivity) -> None:
    shipped = OWNERS[rule_id]
    for sample in samples(sampler_of(rule_id), REASONS):
        message = shipped.told(sample, clearance)
        assert "template_fault" not in message.body, (sample.reason, sample.what)
        assert message.subject
        assert "\n\n\n" not in message.text


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_who_may_see_it_reads_whom_it_is_about(rule: Rule) -> None:
    shipped = OWNERS[rule.id]
    reached = shipped.facts.paths.targets(shipped.facts.paths.record(rule.entity))
    about = [person for person in PERSONS if f"{person}.name" in rule.values]
    assert about == [person for person in PERSONS if person in reached]
    sampler = sampler_of(rule.id)
    message = shipped.told(sampler.sample(sampler.made_up(), "fired"), Sensitivity.PHI)
    for person in about:
        assert f"‹{person}›" in message.text or f"‹name of the {person}›" in message.text


def values_of(operand: Operand) -> st.SearchStrategy[Value | None]:
    """Values that nobody writes by chance."""
    of_type: dict[Type, st.SearchStrategy[Any]] = {
        Type.STRING: st.text("qxzjvk", min_size=9, max_size=20),
        Type.INT: st.integers(10**9, 10**15),
        Type.DOUBLE: st.floats(1.23e8, 1e12).map(lambda number: number + 0.125),
        Type.TIMESTAMP: st.integers(1_000 * DAY + 1, NOW - 500 * DAY),
        Type.DURATION: st.integers(10**9, 10**15),
        Type.BOOL: st.booleans(),
    }
    return st.none() | of_type[operand.type]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_protected_value_reaches_those_who_may_not_see_it(data: st.DataObject) -> None:
    rule_id = data.draw(st.sampled_from(sorted(RULES)))
    shipped = OWNERS[rule_id]
    schema = shipped.facts.schema(RULES[rule_id].entity)
    compiled = compile_rule(RULES[rule_id], shipped.facts)
    operands = [operand for path in compiled.paths if (operand := schema.resolve(path)) is not None]
    values = {operand.path: data.draw(values_of(operand)) for operand in operands}
    sampler = sampler_of(rule_id)
    sample = sampler.sample(sampler.of_values(values, NOW, what="random"), data.draw(st.sampled_from(list(REASONS))))
    said = text_of(shipped.told(sample, Sensitivity.INTERNAL))
    leaves = sample.context["values"]
    free = {str(leaf["value"]) for leaf in leaves if not is_secret(leaf)}
    # A value that was drawn may be the number of the sample's own alert, which anybody may see.
    free.add(str(sample.context["alert_id"]))
    secret = [leaf for leaf in leaves if is_secret(leaf) and str(leaf["value"]) not in free]
    assert [leaf["path"] for leaf in secret if leaked(leaf, said)] == []
    assert (
        sample.context["subject"]["sensitivity"] in ("PUBLIC", "INTERNAL")
        or sample.context["subject"]["name"] not in said
    )


def is_secret(leaf: dict[str, Any]) -> bool:
    """Whether a value is not for everybody in the house; a yes or no gives nothing away by itself."""
    return level_of(leaf["sensitivity"]) > Sensitivity.INTERNAL and not isinstance(leaf["value"], bool | None)


def leaked(leaf: dict[str, Any], said: str) -> bool:
    """Whether a value is in a text, as it is stored or as people read it."""
    return str(leaf["value"]) in said or value_text(leaf, "UTC") in said
