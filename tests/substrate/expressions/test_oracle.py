"""On what both languages have, the answers are those of an independent implementation of CEL."""

from typing import Any

import cel
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from substrate.expressions import Type, Value, arrange, check, print_node, to_closure
from substrate.expressions.tree import Binary, Call, Field, ListLiteral, Literal, Logic, Node, Ternary, Unary, walk
from tests.substrate.expressions.world import NOW, SCHEMA, VALUES

_NAMES = {Type.INT: "i", Type.DOUBLE: "d", Type.STRING: "s", Type.BOOL: "b"}
_RELATIONS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def simple(type_: Type) -> st.SearchStrategy[Node]:
    """A field or literal of a type that both languages have."""
    literal = st.sampled_from(VALUES[type_]).map(lambda value: Literal(value, type_))
    return st.one_of(st.just(Field((_NAMES[type_],))), literal)


def number(type_: Type, depth: int = 2) -> st.SearchStrategy[Node]:
    """Arithmetic within one type."""
    if depth == 0:
        return simple(type_)
    operators = st.sampled_from([*"+-*/%"] if type_ is Type.INT else [*"+-*/"])
    below = number(type_, depth - 1)
    return st.one_of(below, st.builds(Binary, operators, below, below))


def relation(type_: Type) -> st.SearchStrategy[Node]:
    """A comparison within one type."""
    return st.builds(Binary, _RELATIONS, number(type_), number(type_))


def text_condition() -> st.SearchStrategy[Node]:
    """A comparison, search or membership of strings; the oracle's size() counts bytes where CEL counts characters."""
    strings = simple(Type.STRING)
    search = st.tuples(st.sampled_from(["startsWith", "endsWith", "contains"]), strings, strings)
    listed = st.lists(strings.filter(lambda node: isinstance(node, Literal)), min_size=1, max_size=3)
    return st.one_of(
        st.builds(Binary, _RELATIONS, strings, strings),
        search.map(lambda parts: Call(parts[0], parts[1:], True)),
        st.builds(Binary, st.just("in"), strings, listed.map(lambda items: ListLiteral(tuple(items)))),
    )


def condition(depth: int = 2) -> st.SearchStrategy[Node]:
    """Any condition of the overlap."""
    leaf = st.one_of(relation(Type.INT), relation(Type.DOUBLE), text_condition(), simple(Type.BOOL))
    if depth == 0:
        return leaf
    below = condition(depth - 1)
    parts = st.lists(below, min_size=2, max_size=3).map(tuple)
    logic = st.builds(Logic, st.sampled_from(["&&", "||"]), parts)
    return st.one_of(leaf, logic, st.builds(Unary, st.just("!"), below), st.builds(Ternary, below, below, below))


ROWS = st.fixed_dictionaries({name: st.sampled_from(VALUES[type_]) for type_, name in _NAMES.items()})


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(node=condition(), row=ROWS)
def test_conditions_agree_with_cel_wherever_both_know_the_answer(node: Node, row: dict[str, Value]) -> None:
    expression = check(node, SCHEMA)
    mine = to_closure(expression)(arrange(expression, {(name,): value for name, value in row.items()}), NOW)
    try:
        theirs: Any = cel.evaluate(print_node(node), dict(row))
    except (ArithmeticError, TypeError):  # the latter for comparing what is not a number
        theirs = None
    assert mine == theirs or excused(node, mine, theirs)


def excused(node: Node, mine: object, theirs: object) -> bool:
    """The two known differences: CEL goes on with infinite doubles, and calls the smallest integer % -1 an error."""
    if mine is None:
        return any(isinstance(part, Field | Literal) and is_double(part) for part, _ in walk(node))
    return theirs is None and any(isinstance(part, Binary) and part.operator == "%" for part, _ in walk(node))


def is_double(leaf: Field | Literal) -> bool:
    """Whether a leaf is a double."""
    return leaf.path == ("d",) if isinstance(leaf, Field) else leaf.type is Type.DOUBLE
