"""Explanations: values at the leaves, which parts decide, and sentences for people."""

import json

import pytest
from hypothesis import given, settings

from substrate.expressions import Explanation, Fields, Operand, Type, Value, arrange, check, explain, plain
from substrate.expressions.explain import leaves
from substrate.expressions.printer import print_node
from substrate.expressions.tree import Node
from tests.substrate.expressions import world
from tests.substrate.expressions.strategies import expressions

NASTY = world.random_rows(seed=11, count=40)

HOUR = 3_600_000_000
SCHEMA = Fields(
    [
        Operand(("potassium",), Type.DOUBLE, "mmol/L", "potassium", "phi"),
        Operand(("limits", "potassium"), Type.DOUBLE, "mmol/L", "critical limit"),
        Operand(("ward",), Type.STRING),
        Operand(("taken_at",), Type.TIMESTAMP, meaning="sample taken"),
        Operand(("on_dialysis",), Type.BOOL),
        Operand(("dead",), Type.BOOL, codes={"true": "the patient is dead", "false": "the patient is not dead"}),
        Operand(("flag",), Type.STRING, codes={"HH": "critically high", "final": "final", "in-lab": "in lab"}),
        Operand(("acked",), Type.TIMESTAMP, short="acknowledged", absent="nobody has acknowledged it"),
        Operand(("due",), Type.TIMESTAMP),
        Operand(("order", "priority"), Type.STRING, short="priority"),
        Operand(("left",), Type.TIMESTAMP, short="left"),
        Operand(("patient_id",), Type.INT, short="patient", references="patient"),
        Operand(("code",), Type.STRING, short="measured", codes={"1104051000000101": "NEWS2 total score"}),
        Operand(("has_left",), Type.BOOL),
        Operand(("wait",), Type.DURATION, short="usual wait"),
        Operand(("fever",), Type.DOUBLE, "Cel", "Highest temperature"),
        Operand(("beds",), Type.INT),
    ]
)
ROW: dict[tuple[str, ...], Value | None] = {
    ("potassium",): 6.8,
    ("limits", "potassium"): 6.0,
    ("ward",): "ICU",
    ("taken_at",): 0,
    ("on_dialysis",): False,
    ("beds",): None,
    ("dead",): False,
    ("flag",): "HH",
    ("acked",): None,
    ("due",): 3 * HOUR,
    ("order", "priority"): None,
    ("left",): HOUR,
    ("patient_id",): 4711,
    ("code",): "1104051000000101",
    ("has_left",): None,
    ("wait",): HOUR,
    ("fever",): 38.74,
}


def explained(text: str, now: int = 2 * HOUR) -> Explanation:
    """The explanation for the one row."""
    expression = check(text, SCHEMA)
    return explain(expression, arrange(expression, ROW), now)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("potassium > limits.potassium", "potassium: 6.8 mmol/L, above 6 (critical limit)"),
        ("potassium < 6", "potassium: 6.8 mmol/L, above 6"),
        ("potassium >= 6.8", "potassium: 6.8 mmol/L, at the limit of 6.8"),
        ("potassium > 6.8", "potassium: 6.8 mmol/L, not above 6.8"),
        ("6 < potassium", "potassium: 6.8 mmol/L, above 6"),
        ("fever > 38", "Highest temperature: 38.74 °C, above 38"),
        ("beds > 3", "not known: beds"),
        ("ward == 'ICU'", "ward: ICU"),
        ("ward != 'ICU'", "ward: ICU"),
        ("ward == 'ER'", "ward: ICU, not ER"),
        ("ward in ['ER', 'OR']", "ward: ICU, not ER or OR"),
        ("ward in ['ICU', 'OR']", "ward: ICU"),
        ("ward in []", "ward: ICU"),
        ("flag in ['HH', 'AA']", "flag: critically high (HH)"),
        ("flag in ['a', 'b', 'c', 'd', 'e']", "flag: critically high (HH), not a, b, c or 2 others"),
        ("flag == 'final'", "flag: critically high (HH), not final"),
        ("code == '1104051000000101'", "measured: NEWS2 total score"),
        ("ward.startsWith('IC')", 'ward "ICU" starts with "IC"'),
        ("ward.endsWith('x')", 'ward "ICU" does not end with "x"'),
        ("has(beds)", "beds: not recorded"),
        ("has(acked)", "nobody has acknowledged it"),
        ("has(left)", "left 1970-01-01 01:00 UTC"),
        ("has(patient_id)", "patient: recorded"),
        ("acked < now", "nobody has acknowledged it"),
        ("on_dialysis", "on dialysis: no"),
        ("dead", "the patient is not dead"),
        ("coalesce(dead, true)", "the patient is not dead"),
        ('coalesce(order.priority, "routine") == "routine"', "priority: not recorded, taken as routine"),
        ('coalesce(order.priority, "routine") in ["stat"]', "priority: not recorded, taken as routine, not stat"),
        ('coalesce(ward, "none") == "ICU"', "ward: ICU"),
        ("hours_since(taken_at) < 4.0", "sample taken 2 h ago (1970-01-01 00:00 UTC), within 4 h"),
        (
            "age(taken_at) > duration('90m')",
            "sample taken 2 h ago (1970-01-01 00:00 UTC), longer than the allowed 1 h 30 min",
        ),
        ("age(taken_at) >= duration('2h')", "sample taken 2 h ago (1970-01-01 00:00 UTC), exactly the allowed 2 h"),
        ("age(taken_at) >= duration('3h')", "sample taken 2 h ago (1970-01-01 00:00 UTC), not yet 3 h ago"),
        ("age(taken_at) < duration('1h')", "sample taken 2 h ago (1970-01-01 00:00 UTC), longer than 1 h"),
        ("age(taken_at) > wait", "sample taken 2 h ago (1970-01-01 00:00 UTC), longer than 1 h (usual wait)"),
        ("age(due) >= duration('1h')", "due in 1 h (1970-01-01 03:00 UTC), not yet 1 h ago"),
        ("hours_until(due) <= 2.0", "due in 1 h (1970-01-01 03:00 UTC), within 2 h"),
        ("hours_until(due) > 2.0", "due in 1 h (1970-01-01 03:00 UTC), within 2 h"),
        ("taken_at < now", "sample taken 2 h ago (1970-01-01 00:00 UTC)"),
        ("due < now", "due in 1 h (1970-01-01 03:00 UTC)"),
        (
            "taken_at <= now - duration('1h')",
            "sample taken 2 h ago (1970-01-01 00:00 UTC), longer than the allowed 1 h",
        ),
        ("due < now + duration('30m')", "due in 1 h (1970-01-01 03:00 UTC), more than 30 min ahead"),
        (
            "taken_at + (coalesce(order.priority, \"routine\") == \"stat\" ? duration('1h') : duration('90m')) <= now",
            "sample taken 1970-01-01 00:00 UTC, plus 1 h 30 min (priority: not recorded)"
            " was 30 min ago (1970-01-01 01:30 UTC)",
        ),
        ("left < due", "left 1970-01-01 01:00 UTC, before 1970-01-01 03:00 UTC (due)"),
        (
            "left >= taken_at - duration('12h')",
            "left 1970-01-01 01:00 UTC, after 1969-12-31 12:00 UTC (12 h before sample taken)",
        ),
        ("left - taken_at > wait", "from sample taken to left: 1 h, not longer than 1 h (usual wait)"),
        ("size(ward) + 1 > 3", "length of ward (3) plus 1: 4, more than 3"),
        ("size(ward) == 0", "length of ward: 3, not 0"),
        ("potassium + 1.0", "potassium (6.8 mmol/L) plus 1: 7.8"),
        ("1 / 0 > 2", "1 / 0 > 2 cannot be worked out"),
        ("true", "this is always so"),
        ("zscore(potassium, 4.0, 0.5) > 3.0", "deviation of potassium from usual: 5.6, above 3"),
    ],
)
def test_a_leaf_in_plain_words(text: str, sentence: str) -> None:
    assert plain(explained(text)) == [sentence]


@pytest.mark.parametrize(
    ("text", "result", "decisive"),
    [
        ("potassium > 6 && ward == 'ICU'", True, ["potassium > 6", 'ward == "ICU"']),
        ("potassium > 6 && ward == 'ER'", False, ['ward == "ER"']),
        ("potassium > 6 || ward == 'ER'", True, ["potassium > 6"]),
        ("potassium > 6 && beds > 1", None, ["beds > 1"]),
        ("beds > 1 && ward == 'ER'", False, ['ward == "ER"']),
        ("!(potassium > 6)", False, ["potassium > 6"]),
        ("on_dialysis ? ward == 'x' : potassium > 6", True, ["on_dialysis", "potassium > 6"]),
        ("beds > 1 ? on_dialysis : on_dialysis", None, ["beds > 1"]),
        ("(ward == 'ER' || on_dialysis) && potassium > 6", False, ['ward == "ER"', "on_dialysis"]),
    ],
)
def test_the_decisive_leaves(text: str, result: bool | None, decisive: list[str]) -> None:
    explanation = explained(text)
    assert explanation.result is result
    assert [leaf.text for leaf in leaves(explanation) if leaf.decisive] == decisive


def test_the_tree_is_json_with_values_thresholds_and_sensitivity() -> None:
    tree = json.loads(json.dumps(explained("potassium > 6.0 && has(ward)").as_json()))
    leaf = tree["parts"][0]
    assert (tree["kind"], tree["result"], leaf["kind"], leaf["threshold"]) == ("all", True, "comparison", 6.0)
    assert leaf["operands"] == [
        {"name": "potassium", "label": "potassium", "meaning": "potassium", "type": "double", "unit": "mmol/L",
         "sensitivity": "phi", "value": 6.8}
    ]  # fmt: skip


def test_unknown_is_said_so_in_the_tree() -> None:
    assert explained("beds > 1").as_json()["result"] == "unknown"


@pytest.mark.parametrize(
    ("text", "guards"),
    [
        ("potassium > 6 && !(ward in ['ER'])", ["ward: ICU, not ER"]),
        ("potassium > 6 && !dead && !has(acked)", ["the patient is not dead", "nobody has acknowledged it"]),
        ("!has(acked) && potassium > 6 && !dead", ["the patient is not dead"]),
        ("potassium > 6 && !has(order.priority)", ["priority: not recorded"]),
        ("potassium > 6 && ward != 'ER'", ["ward: ICU, not ER"]),
        ("potassium > 6 && coalesce(has_left, true)", ["has left: not recorded, taken as yes"]),
        ("age(taken_at) > duration('1h') && age(taken_at) < duration('1d')",
         ["sample taken 2 h ago (1970-01-01 00:00 UTC), within 1 day"]),
        ("potassium > 6 && !(ward == 'x' && dead)", []),
        ("potassium > 6 && potassium < 9", []),
        ("age(taken_at) < duration('1d')", []),
        ("!dead && !has(acked)", []),
    ],
)  # fmt: skip
def test_what_only_keeps_cases_out_is_told_last(text: str, guards: list[str]) -> None:
    told = explained(text)
    assert [leaf.sentence for leaf in leaves(told) if leaf.guard] == guards
    assert plain(told)[-len(guards) or len(plain(told)) :] == guards


def test_a_guard_that_decides_is_the_point() -> None:
    told = explained("potassium > 6 && !on_dialysis && !(ward in ['ICU'])")
    assert (told.result, [leaf.guard for leaf in leaves(told)]) == (False, [False] * 3)
    assert plain(told) == ["ward: ICU"]


def test_the_instants_of_a_sentence_are_given_with_it() -> None:
    assert explained("left >= taken_at - duration('12h')").times == (HOUR, -12 * HOUR, 0)


@settings(deadline=None)
@given(expressions(Type.BOOL))
def test_every_leaf_of_any_condition_gets_a_sentence(node: Node) -> None:
    expression = check(print_node(node), world.SCHEMA)
    paths = [operand.path for operand in world.OPERANDS]
    for row in NASTY:
        told = explain(expression, arrange(expression, dict(zip(paths, row, strict=True))), world.NOW)
        assert all(leaf.sentence for leaf in leaves(told))
