"""A wrong declaration is named before anything is computed."""

from __future__ import annotations

import pytest

from substrate.errors import DeclarationError, PlumblineError
from substrate.expressions.types import Type
from substrate.features.checked import feature_operands, plan, plans
from substrate.features.declare import Aggregate, Derived, Events, View
from tests.substrate.features.house import PATIENTS, WARDS, Patient, Stay, Ward

STAYS = Events(Stay, by="ward_id", at="start")


@pytest.mark.parametrize(
    ("aggregate", "problem"),
    [
        (STAYS.sum("x", "", "status"), "cannot take the sum of a string"),
        (STAYS.mean("x", "", "end - start"), "cannot take the mean of a duration"),
        (STAYS.max("x", "", "quiet"), "cannot take the max of a bool"),
        (STAYS.count("x", "", window="1h", ahead="1h"), "looks both back and ahead"),
        (STAYS.count("x", "", where="age(start) > duration('1h')"), "reads `now`"),
        (Events(Stay, by="level", at="start").count("x", ""), "no reference"),
        (Events(Stay, by="ward_id", at="level").count("x", ""), "no instant"),
        (Events(Stay, by="bed_id", at="start").count("x", ""), "no column"),
        (STAYS.count("x", "", value="level"), "takes no `value`"),
        (STAYS.count("x", "", where="level"), "must be true or false"),
        (STAYS.ratio("x", "", "staus == 'home'"), "did you mean 'status'"),
    ],
)
def test_a_wrong_aggregate_is_named(aggregate: Aggregate, problem: str) -> None:
    with pytest.raises(PlumblineError, match=problem):
        plan(aggregate)


@pytest.mark.parametrize("name", ["beds", "stays", "id", "now"])
def test_a_name_that_is_taken_is_refused(name: str) -> None:
    view = View(Ward, (STAYS.count("stays", ""), Derived(name, "", "beds")))
    with pytest.raises(DeclarationError, match="twice"):
        feature_operands(view)


def test_a_circle_of_derived_features_is_refused() -> None:
    view = View(Ward, (Derived("a", "", "b + 1"), Derived("b", "", "a + 1")))
    with pytest.raises(DeclarationError, match="circle: a -> b -> a"):
        feature_operands(view)


def test_an_aggregate_about_another_kind_is_refused() -> None:
    with pytest.raises(DeclarationError, match="about a ward, in a view of patient"):
        plans(View(Patient, (STAYS.count("stays", ""),)))


@pytest.mark.parametrize(
    ("view", "name", "kind"),
    [
        (WARDS, "cost", Type.DOUBLE),
        (WARDS, "levels", Type.INT),
        (WARDS, "quiet_latest_10", Type.BOOL),
        (WARDS, "last_end", Type.TIMESTAMP),
        (WARDS, "since_end", Type.DURATION),
        (PATIENTS, "outcome_latest", Type.STRING),
        (PATIENTS, "busy", Type.BOOL),
    ],
)
def test_a_feature_has_the_type_of_what_it_tells(view: View, name: str, kind: Type) -> None:
    assert feature_operands(view)[name].type is kind
