"""A check keeps a row out or drops a value; what is unknown passes, and a check that fits no record is refused."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.expressions.errors import ExpressionError
from substrate.gate import Gate
from substrate.mapping import Draft
from substrate.quality import Check, OnFailure, RowRefused
from tests.substrate.clinic import Step, Visit

NOW = 100
QUARANTINE, DISCARD = OnFailure.QUARANTINE, OnFailure.DISCARD


def check(condition: str, on_failure: OnFailure = QUARANTINE, record: type[Any] = Visit) -> Check:
    """A check of a visit that drops the fee where it drops anything."""
    return Check("rule", record, condition, "it is wrong", on_failure, ("fee",))


def visit(**values: Any) -> Draft:
    """A visit that has passed so far."""
    return Draft(Visit, "v", values)


@pytest.mark.parametrize(
    ("condition", "values"),
    [("fee <= 10", {"fee": 11}), ("start <= now", {"start": NOW + 1}), ("has(fee)", {}), ("paid", {"paid": False})],
)
def test_what_fails_is_kept_out(condition: str, values: dict[str, Any]) -> None:
    with pytest.raises(RowRefused, match="rule: it is wrong"):
        Gate([check(condition)]).pass_through(visit(**values), NOW)


@pytest.mark.parametrize(("condition", "values"), [("fee <= 10", {"fee": 10}), ("fee <= 10", {}), ("end >= start", {})])
def test_what_holds_or_is_unknown_passes(condition: str, values: dict[str, Any]) -> None:
    draft = visit(**values)
    Gate([check(condition)]).pass_through(draft, NOW)
    assert draft.values == values


def test_a_value_that_is_dropped_is_counted_and_unknown_to_the_next_check() -> None:
    gate = Gate([check("fee <= 10", DISCARD), check("fee <= 5")])
    draft = visit(fee=11)
    gate.pass_through(draft, NOW)
    assert (draft.values, gate.discarded) == ({"fee": None}, {"rule": 1})


def test_a_part_that_fails_keeps_the_whole_out() -> None:
    whole = Draft(Visit, "v", {}, parts=(Draft(Step, "v#x", {"what": ""}),))
    with pytest.raises(RowRefused):
        Gate([check('what != ""', record=Step)]).pass_through(whole, NOW)


@pytest.mark.parametrize("condition", ["changed_at <= now", 'site != "closed"'])
def test_a_check_may_speak_of_where_and_when(condition: str) -> None:
    with pytest.raises(RowRefused):
        Gate([check(condition)]).pass_through(Draft(Visit, "v", {}, changed_at=NOW + 1, site="closed"), NOW)


@pytest.mark.parametrize("condition", ["free <= 10", "fee <= 'x'", "fee", "fee <="])
def test_a_check_that_does_not_fit_is_refused(condition: str) -> None:
    with pytest.raises(ExpressionError):
        Gate([check(condition)])
