"""Names, types and suggestions; constants; what an expression says of itself."""

import pytest

from substrate.expressions import ExpressionError, Fields, Operand, Type, check, check_condition
from substrate.expressions.typed import Constant

SCHEMA = Fields(
    [
        Operand(("patient", "age"), Type.INT),
        Operand(("ward",), Type.STRING),
        Operand(("potassium",), Type.DOUBLE, "mmol/L"),
        Operand(("seen",), Type.TIMESTAMP),
        Operand(("urgent",), Type.BOOL),
    ]
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ptient.age > 5", r"unknown field 'ptient.age' at 1:1; did you mean 'patient.age'\?"),
        ("potassium > 'x'", "'>' does not work on double and string at 1:11"),
        ("seen > '2024-01-01'", "write the time as timestamp"),
        ("age(seen) > 5", "write the number as a duration"),
        ("ward == null", r"nothing equals null at 1:6; write !has\(ward\)"),
        ("null != ward", r"write has\(ward\)"),
        ("null", r"ask has\(field\)"),
        ("ward.matches('x')", "unknown function 'matches' at 1:6; use startsWith"),
        ("rond(1.5)", "did you mean 'round'"),
        ("startsWith(ward, 'x')", r"write x.startsWith"),
        ("seen.years()", r"write years\(x\)"),
        ("ward.startsWith()", "takes 1 argument, not 0"),
        ("years()", "takes 1 argument, not 0"),
        ("has(patient.age + 1)", "'has' takes a field"),
        ("has(now)", "'has' takes a field"),
        ("ward in 'x'", "'in' needs a list"),
        ("ward in [1]", "a list for string values cannot hold a int"),
        ("ward in [ward]", "must be plain values"),
        ("[1] == [1]", "a list can only stand to the right of 'in'"),
        ("ward && urgent", "'&&' needs true or false, but 'ward' is of type string"),
        ("ward ? 1 : 2", "'?' needs true or false"),
        ("urgent ? 1 : ward", "differ in type: int and string"),
        ("1 < 2 < 3", "'<' does not work on bool and int"),
        ("potassium % 2.0 == 0.0", "'%' does not work on double and double"),
        ("duration('soon')", "'soon' is no duration"),
        ("duration('0.0000001s')", "finer than a microsecond"),
        ("duration('99999999999d')", "too long"),
        ("duration(ward)", "takes a string in quotes"),
        ("timestamp('2024-01-31')", "is no timestamp"),
        ("timestamp('2024-13-31T00:00:00Z')", "at 1:11"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_suggestion(text: str, problem: str) -> None:
    with pytest.raises(ExpressionError, match=problem):
        check(text, SCHEMA)


def test_a_condition_must_be_a_bool() -> None:
    assert check("potassium + 1", SCHEMA).type is Type.DOUBLE
    with pytest.raises(ExpressionError, match="a condition must be true or false"):
        check_condition("potassium + 1", SCHEMA)


def test_an_expression_names_its_operands_once_in_order() -> None:
    expression = check("potassium > 6 && ward == 'ICU' || potassium < 2", SCHEMA)
    assert expression.operands == (("potassium",), ("ward",))
    assert expression.fields[0].unit == "mmol/L"


def test_equal_meaning_in_other_spacing_has_the_same_digest() -> None:
    one, other = check("potassium>6.0", SCHEMA), check(" ( potassium > 6.0 ) // high", SCHEMA)
    assert one.canonical == other.canonical == "potassium > 6.0"
    assert one.digest == other.digest == "5db130aa5ea7f52d177a468ff826f3fc"
    assert one.digest != check("potassium > 6.5", SCHEMA).digest


@pytest.mark.parametrize(
    ("text", "uses"), [("seen < now", True), ("age(seen) > duration('1h')", True), ("urgent", False)]
)
def test_uses_now(text: str, uses: bool) -> None:
    assert check(text, SCHEMA).uses_now is uses


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("9223372036854775807 + 1", None),
        ("1 / 0", None),
        ("zscore(1, 1, 0)", None),
        ("1e308 * 10.0", None),
        ("duration('1h30m')", 5_400_000_000),
        ("duration('-2w')", -1_209_600_000_000),
        ("timestamp('1970-01-01T01:00:00+01:00')", 0),
        ("2 in [1, 2.0]", True),
    ],
)
def test_constants_are_worked_out_when_checking(text: str, value: object) -> None:
    typed = check(text, SCHEMA).typed
    assert isinstance(typed, Constant)
    assert typed.value == value


def test_a_tree_can_be_checked_as_well_as_a_text() -> None:
    expression = check("potassium > 6.0", SCHEMA)
    assert check(expression.node, SCHEMA) == expression
