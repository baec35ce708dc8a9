"""Explanations: values at the leaves, which parts decide, and sentences for people."""

import json

import pytest

from substrate.expressions import Explanation, Fields, Operand, Type, Value, arrange, check, explain, plain

HOUR = 3_600_000_000
SCHEMA = Fields(
    [
        Operand(("potassium",), Type.DOUBLE, "mmol/L", "potassium", "phi"),
        Operand(("limits", "potassium"), Type.DOUBLE, "mmol/L", "critical limit"),
        Operand(("ward",), Type.STRING),
        Operand(("taken_at",), Type.TIMESTAMP, meaning="sample taken"),
        Operand(("on_dialysis",), Type.BOOL),
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
}


def explained(text: str, now: int = 2 * HOUR) -> Explanation:
    """The explanation for the one row."""
    expression = check(text, SCHEMA)
    return explain(expression, arrange(expression, ROW), now)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("potassium > limits.potassium", "potassium 6.8 mmol/L is above 6.0 (critical limit)"),
        ("potassium < 6", "potassium 6.8 mmol/L is not below 6.0"),
        ("beds > 3", "beds is not known"),
        ("ward == 'ICU'", 'ward "ICU" is "ICU"'),
        ("ward in ['ER', 'OR']", 'ward "ICU" is none of "ER", "OR"'),
        ("ward.startsWith('IC')", 'ward "ICU" starts with "IC"'),
        ("ward.endsWith('x')", 'ward "ICU" does not end with "x"'),
        ("has(beds)", "beds is not recorded"),
        ("on_dialysis", "on dialysis no"),
        ("hours_since(taken_at) < 4.0", "hours since sample taken 2.0 is below 4.0"),
        ("age(taken_at) > duration('90m')", "time since sample taken 2 h is above 1 h 30 min"),
        ("taken_at < now", "sample taken 1970-01-01 00:00 UTC is below 1970-01-01 02:00 UTC (now)"),
        ("1 / 0 > 2", "1 / 0 > 2 cannot be worked out"),
        ("potassium + 1.0", "potassium + 1.0 7.8"),
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


def leaves(explanation: Explanation) -> list[Explanation]:
    """The leaves in the order of the text."""
    return [leaf for part in explanation.parts for leaf in leaves(part)] or [explanation]


def test_the_tree_is_json_with_values_thresholds_and_sensitivity() -> None:
    tree = json.loads(json.dumps(explained("potassium > 6.0 && has(ward)").as_json()))
    leaf = tree["parts"][0]
    assert (tree["kind"], tree["result"], leaf["kind"], leaf["threshold"]) == ("all", True, "comparison", 6.0)
    assert leaf["operands"] == [
        {"name": "potassium", "meaning": "potassium", "type": "double", "unit": "mmol/L", "sensitivity": "phi",
         "value": 6.8}
    ]  # fmt: skip


def test_unknown_is_said_so_in_the_tree() -> None:
    assert explained("beds > 1").as_json()["result"] == "unknown"
