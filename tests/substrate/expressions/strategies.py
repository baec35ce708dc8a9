"""Hypothesis strategies for random expressions, well typed by the way they are made."""

from functools import cache, partial

from hypothesis import strategies as st

from substrate.expressions import Type
from substrate.expressions.functions import FUNCTIONS
from substrate.expressions.operators import BINARY, UNARY
from substrate.expressions.tree import Binary, Call, Field, ListLiteral, Literal, Logic, Node, Ternary, Unary
from tests.substrate.expressions.world import OPERANDS, VALUES

_UNITS = "us"


def constants(type_: Type) -> st.SearchStrategy[Node]:
    """A literal of the type, nasty or not."""
    nasty = st.sampled_from(VALUES[type_])
    if type_ is Type.DURATION:
        spans = nasty.filter(lambda micros: abs(int(micros)) < 2**63)
        return spans.map(lambda micros: Call("duration", (Literal(f"{micros}{_UNITS}", Type.STRING),)))
    if type_ is Type.TIMESTAMP:
        text = st.sampled_from(["1970-01-01T00:00:00Z", "2024-02-29T12:00:00+02:00", "0001-01-01T00:00:00Z"])
        return text.map(lambda when: Call("timestamp", (Literal(when, Type.STRING),)))
    plain: dict[Type, st.SearchStrategy[int | float | str | bool]] = {
        Type.INT: st.integers(-20, 20),
        Type.DOUBLE: st.floats(-20, 20, allow_nan=False),
        Type.STRING: st.text("abAB%_é", max_size=3),
        Type.BOOL: st.booleans(),
    }
    return st.one_of(nasty, plain[type_]).map(lambda value: Literal(value, type_))


def fields(type_: Type) -> st.SearchStrategy[Node]:
    """A field of the type."""
    paths = [operand.path for operand in OPERANDS if operand.type is type_]
    if type_ is Type.TIMESTAMP:
        paths.append(("now",))
    return st.sampled_from(paths).map(Field)


@cache
def leaves(type_: Type) -> st.SearchStrategy[Node]:
    """A field or a literal; fields are likelier."""
    return st.one_of(fields(type_), fields(type_), constants(type_))


@cache
def expressions(type_: Type, depth: int = 3) -> st.SearchStrategy[Node]:
    """Any well-typed expression of the type, at most `depth` forms deep."""
    if depth == 0:
        return leaves(type_)
    forms = [leaves(type_), _operations(type_, depth), _operations(type_, depth), _choices(type_, depth)]
    functions = _functions(type_, depth)
    if functions:
        forms.append(st.one_of(functions))
    if type_ is Type.BOOL:
        forms += [_logic(depth), _logic(depth), _members(depth), _presence()]
    return st.one_of(forms)


def _tuples(types: tuple[Type, ...], depth: int) -> st.SearchStrategy[tuple[Node, ...]]:
    # An int may stand for a double; the checker widens it.
    parts = [
        st.one_of(expressions(type_, depth - 1), *([expressions(Type.INT, depth - 1)] if type_ is Type.DOUBLE else []))
        for type_ in types
    ]
    return st.tuples(*parts)


def _operations(type_: Type, depth: int) -> st.SearchStrategy[Node]:
    forms: list[st.SearchStrategy[Node]] = []
    for operator, overloads in BINARY.items():
        for overload in overloads:
            if overload.result is type_:
                forms.append(_binary(operator, overload.args, depth))
    for operator, overloads in UNARY.items():
        for overload in overloads:
            if overload.result is type_:
                parts = expressions(overload.args[0], depth - 1)
                forms.append(parts.map(partial(Unary, operator)))
    return st.one_of(forms) if forms else leaves(type_)


def _binary(operator: str, types: tuple[Type, ...], depth: int) -> st.SearchStrategy[Node]:
    return st.deferred(lambda: _tuples(types, depth)).map(lambda pair: Binary(operator, pair[0], pair[1]))


def _functions(type_: Type, depth: int) -> list[st.SearchStrategy[Node]]:
    found = []
    for function in FUNCTIONS:
        for overload in function.overloads:
            if overload.result is type_:
                found.append(_call(function.name, overload.args, function.method, depth))
    return found


def _call(name: str, types: tuple[Type, ...], method: bool, depth: int) -> st.SearchStrategy[Node]:
    return st.deferred(lambda: _tuples(types, depth)).map(lambda args: Call(name, args, method))


def _choices(type_: Type, depth: int) -> st.SearchStrategy[Node]:
    test, branch = expressions(Type.BOOL, depth - 1), expressions(type_, depth - 1)
    ternary = st.builds(Ternary, test, branch, branch)
    fallback = st.tuples(branch, branch).map(lambda pair: Call("coalesce", pair))
    return st.one_of(ternary, fallback)


def _logic(depth: int) -> st.SearchStrategy[Node]:
    parts = st.lists(expressions(Type.BOOL, depth - 1), min_size=2, max_size=4).map(tuple)
    return st.builds(Logic, st.sampled_from(["&&", "||"]), parts)


def _members(depth: int) -> st.SearchStrategy[Node]:
    def member(type_: Type) -> st.SearchStrategy[Node]:
        items = st.lists(constants(type_), max_size=4).map(lambda found: ListLiteral(tuple(found)))
        return st.builds(Binary, st.just("in"), expressions(type_, depth - 1), items)

    return st.sampled_from([*Type]).flatmap(member)


def _presence() -> st.SearchStrategy[Node]:
    present = st.sampled_from([operand.path for operand in OPERANDS])
    return present.map(lambda path: Call("has", (Field(path),)))
