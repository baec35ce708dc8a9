"""Reading and printing: precedence, literals, limits, and that printing loses nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from substrate.expressions import ExpressionError, Type, parse, print_node
from substrate.expressions.tree import Literal, Node
from tests.substrate.expressions.strategies import expressions


@settings(deadline=None)
@given(node=st.sampled_from([*Type]).flatmap(expressions))
def test_printing_and_parsing_again_gives_the_same_tree(node: Node) -> None:
    assert parse(print_node(node)) == node


@settings(deadline=None)
@given(text=st.text(max_size=40))
def test_any_text_is_read_or_refused_and_never_breaks_the_parser(text: str) -> None:
    try:
        node = parse(text)
    except ExpressionError:
        return
    assert parse(print_node(node)) == node


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("a||b&&c", "a || b && c"),
        ("(a||b)&&c", "(a || b) && c"),
        ("a-(b-c)-d", "a - (b - c) - d"),
        ("((a+b))*c", "(a + b) * c"),
        ("-5 + - 3", "-5 + -3"),
        ("-(5)", "-(5)"),
        ("!(a==b)", "!(a == b)"),
        ("a?b:c?d:e", "a ? b : c ? d : e"),
        ("(a?b:c)?d:e", "(a ? b : c) ? d : e"),
        ("x . startsWith('it\\'s')", 'x.startsWith("it\'s")'),
        ("w in [\"a\",'b',]", None),
        ("0x1F // thirty-one", "31"),
        (r"r'\d'", r'"\\d"'),
    ],
)
def test_canonical_text(text: str, canonical: str | None) -> None:
    if canonical is None:
        with pytest.raises(ExpressionError):
            parse(text)
    else:
        assert print_node(parse(text)) == canonical


def test_the_smallest_integer_can_be_written_and_the_next_cannot() -> None:
    assert parse("-9223372036854775808") == Literal(-(2**63), Type.INT)
    for text in ("9223372036854775808", "-9223372036854775809"):
        with pytest.raises(ExpressionError, match="too large"):
            parse(text)


def test_escapes_are_those_of_cel() -> None:
    node = parse(r'"\n\t\\\"\x41é\U0001f600\101"')
    assert isinstance(node, Literal)
    assert node.value == '\n\t\\"Aé\U0001f600A'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected a value, found end of the expression at 1:1"),
        ("a = 3", "cannot read '=' at 1:3; did you mean '=='?"),
        ("a and b", "unexpected 'and' at 1:3; did you mean '&&'?"),
        ('"abc', 'string is not closed at 1:1; end it with "'),
        (r'"\q"', r"unknown escape \\q at 1:2"),
        (r'"\u0000"', "no database stores"),
        (r'"\ud800"', "no database stores"),
        ("1e999", "too large"),
        ("(a", r"expected '\)', found end"),
        ("a.(b)", "expected a name after '.'"),
        ("f(1).x", "only a field has parts"),
        ("a &&\n  = b", "at 2:3"),
        ("(" * 33 + "a" + ")" * 33, "nested more than 32"),
        ("!" * 40 + "a", "nested more than 32"),
        ("+".join("a" * 40), "nested more than 32"),
        ("a" * 4001, "more than 4000"),
        (" || ".join(["a == 1"] * 200), "more than 500 parts"),
    ],
)
def test_faults_are_named_with_their_place(text: str, problem: str) -> None:
    with pytest.raises(ExpressionError, match=problem):
        parse(text)


def test_a_long_chain_of_conditions_is_not_deep() -> None:
    assert parse(" || ".join(["a"] * 400))


def test_the_message_shows_the_text_with_a_caret() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("potassium = 3")
    assert str(caught.value).splitlines()[1:] == ["  potassium = 3", "            ^"]
    assert (caught.value.position, caught.value.line, caught.value.column) == (10, 1, 11)
