"""Each function and operator by example; that the back-ends agree on them is `test_agreement`'s work."""

from pathlib import Path

import pytest

from substrate.expressions import Value, arrange, check, parse, to_closure
from substrate.expressions.functions import FUNCTIONS, SPECIAL_FORMS
from tests.substrate.expressions.world import BIG, DAY, NOW, SCHEMA

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "expressions.md"
# 2000-02-29 and 2001-02-28, at midnight UTC.
LEAP_DAY, EVE = 951_782_400_000_000, 983_318_400_000_000


def value_of(text: str, now: int = NOW, **values: Value | None) -> Value | None:
    """The value of an expression for one row."""
    expression = check(text, SCHEMA)
    return to_closure(expression)(arrange(expression, {(name,): value for name, value in values.items()}), now)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i / 2", -3),
        ("i % 3", -1),
        ("-7 / -2", 3),
        ("i / 0", None),
        ("duration('90m') / duration('1h')", 1.5),
        ("duration('1h') / duration('0s')", None),
        ("i % 0", None),
        ("i + 0.5", -6.5),
        ("-i", 7),
        ("abs(i)", 7),
        ("min(i, 3)", -7),
        ("max(i, 3.5)", 3.5),
        ("round(d)", 3.0),
        ("round(-0.5)", -1.0),
        ("round(0.49999999999999994)", 0.0),
        ("floor(-d)", -3.0),
        ("ceil(d)", 3.0),
        ("zscore(d, 0.5, 4)", 0.5),
        ("zscore(d, 0.5, i + 7)", None),
        ("size(s)", 5),
        ("size('\U0001f600')", 1),
        ("s.startsWith('IC')", True),
        ("s.startsWith('ic')", False),
        ("s.endsWith('É')", True),
        ("s.contains('%')", False),
        ("s.lowerAscii()", "icu-É"),
        ("s + '!' == 'ICU-É!'", True),
        ("'Z' < 'a'", True),
        ("coalesce(t, 'none')", "none"),
        ("has(t) || has(s)", True),
        ("!has(t)", True),
        ("t == 'x'", None),
        ("t == 'x' && i > 0", False),
        ("t == 'x' || i < 0", True),
        ("t == 'x' ? 1 : 2", None),
        ("i < 0 ? 1 : null", 1),
        ("i > 0 ? 1 : null", None),
        ("i in [-7, 1]", True),
        ("t in ['x']", None),
        ("i in []", False),
    ],
)
def test_values(text: str, expected: Value | None) -> None:
    assert value_of(text, i=-7, d=2.5, s="ICU-É") == expected


@pytest.mark.parametrize(
    ("text", "at", "now", "expected"),
    [
        ("age(at)", 0, DAY, DAY),
        ("days_since(at)", 0, DAY * 3 // 2, 1.5),
        ("days_until(at)", 0, DAY, -1.0),
        ("hours_since(at)", 0, DAY, 24.0),
        ("hours_until(at)", DAY, 0, 24.0),
        ("years(at)", LEAP_DAY, EVE, 0),
        ("years(at)", LEAP_DAY, EVE + DAY, 1),
        ("years(at)", LEAP_DAY, LEAP_DAY - 1, -1),
        ("years(at)", BIG, NOW, None),
        ("hour_of_day(at)", -1, 0, 23),
        ("day_of_week(at)", 0, 0, 4),
        ("day_of_week(at)", -1, 0, 3),
        ("age(at)", -BIG, DAY, None),
        ("at + duration('1d') > now", 0, DAY - 1, True),
    ],
)
def test_times(text: str, at: int, now: int, expected: Value | None) -> None:
    assert value_of(text, now, at=at) == expected


@pytest.mark.parametrize("overflowing", ["i + 1", "i - -1", "i * 2", "-(-i - 1)", "(i + 1) - 1", "(-i - 1) / -1"])
def test_integer_overflow_is_unknown(overflowing: str) -> None:
    assert value_of(overflowing, i=BIG) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), None])
def test_a_number_that_is_none_is_unknown(value: float | None) -> None:
    assert value_of("d > 1.0", d=value) is None
    assert value_of("has(d)", d=value) is False


@pytest.mark.parametrize("name", [*(function.name for function in FUNCTIONS), *SPECIAL_FORMS])
def test_every_function_has_a_row_in_the_reference(name: str) -> None:
    rows = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert any(row.startswith((f"| `{name}(", f"| `text.{name}(")) for row in rows)


def test_the_examples_in_the_reference_can_be_read() -> None:
    examples = DOCUMENT.read_text(encoding="utf-8").split("## Examples")[1].splitlines()
    texts = [line.split("`")[1] for line in examples if "`" in line]
    assert len(texts) >= 5
    assert all(parse(text) for text in texts)


def test_every_condition_can_be_said_both_ways() -> None:
    conditions = [function for function in FUNCTIONS if function.overloads[0].result == "bool"]
    assert all(function.negative for function in conditions)
