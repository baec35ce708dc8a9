"""Checks an expression against the fields in reach: names, types, and which overload is meant."""

from collections.abc import Sequence

from substrate.expressions.errors import ExpressionError, did_you_mean
from substrate.expressions.expression import Expression
from substrate.expressions.folding import fold
from substrate.expressions.functions import BY_NAME, SPECIAL_FORMS, Composed
from substrate.expressions.literals import parse_duration, parse_timestamp
from substrate.expressions.operators import BINARY, UNARY, WIDEN
from substrate.expressions.overload import Overload
from substrate.expressions.parser import parse
from substrate.expressions.printer import print_node
from substrate.expressions.tree import (
    Binary,
    Call,
    Field,
    ListLiteral,
    Literal,
    Logic,
    Node,
    Ternary,
    Unary,
)
from substrate.expressions.typed import (
    Apply,
    Choose,
    Clock,
    Connective,
    Constant,
    Fallback,
    Load,
    Member,
    Present,
    Typed,
)
from substrate.expressions.types import MAX_INT, Operand, Schema, Type

_NOT_OFFERED = {
    "matches": "use startsWith, endsWith or contains",
    "exists": "there are no loops; count with a feature",
    "all": "there are no loops; count with a feature",
}


def check(source: Node | str, schema: Schema) -> Expression:
    """Check a text or tree against `schema`. Raises ExpressionError with place and suggestion."""
    text = source if isinstance(source, str) else print_node(source)
    # A tree is printed and read again, so that the places in messages are places in the shown text.
    node = parse(text)
    checker = _Checker(text, schema)
    typed = checker.check(node)
    return Expression(text, node, typed, tuple(checker.fields))


def check_condition(source: Node | str, schema: Schema) -> Expression:
    """Check a text or tree that must be true or false. Raises ExpressionError."""
    expression = check(source, schema)
    if expression.type is not Type.BOOL:
        raise ExpressionError(
            f"a condition must be true or false; this is of type {expression.type}",
            text=expression.text,
            position=0,
            suggestion="compare it with something, for example with '>'",
        )
    return expression


class _Checker:
    """Walks one tree once; collects the fields it meets."""

    def __init__(self, text: str, schema: Schema) -> None:
        self._text = text
        self._schema = schema
        self.fields: list[Operand] = []

    def check(self, node: Node) -> Typed:
        """Return the checked form of `node`, with constant parts worked out."""
        typed: Typed
        match node:
            case Literal():
                typed = self._literal(node)
            case Field():
                typed = self._field(node)
            case Unary():
                typed = self._apply(node, node.operator, UNARY[node.operator], (node.operand,))
            case Binary(operator="in"):
                typed = fold(self._member(node))
            case Binary():
                self._refuse_null(node)
                typed = self._apply(node, node.operator, BINARY[node.operator], (node.left, node.right))
            case Logic():
                typed = fold(self._logic(node))
            case Ternary():
                typed = fold(self._ternary(node))
            case Call():
                typed = fold(self._call(node))
            case ListLiteral():
                raise self._error("a list can only stand to the right of 'in'", node)
        return typed

    def _literal(self, node: Literal) -> Typed:
        if node.type is None:
            raise self._error("null is not a value here", node, "ask has(field) whether a field is known")
        return Constant(node.value, node.type, node)

    def _field(self, node: Field) -> Typed:
        if node.path == ("now",):
            return Clock(node)
        operand = self._schema.resolve(node.path)
        if operand is None:
            name = ".".join(node.path)
            suggestion = did_you_mean(name, self._schema.names())
            raise self._error(f"unknown field '{name}'", node, suggestion)
        if operand not in self.fields:
            self.fields.append(operand)
        return Load(operand, self.fields.index(operand), node)

    def _logic(self, node: Logic) -> Typed:
        parts = tuple(self._condition(part, f"'{node.operator}'") for part in node.parts)
        return Connective(node.operator == "||", parts, node)

    def _condition(self, node: Node, place: str) -> Typed:
        typed = self.check(node)
        if typed.type is not Type.BOOL:
            raise self._error(f"{place} needs true or false, but '{print_node(node)}' is of type {typed.type}", node)
        return typed

    def _ternary(self, node: Ternary) -> Typed:
        test = self._condition(node.test, "'?'")
        if _is_null(node.yes) or _is_null(node.no):
            return self._half_unknown(node, test)
        yes, no = self._alike(node, self.check(node.yes), self.check(node.no))
        return Choose(test, yes, no, node)

    def _half_unknown(self, node: Ternary, test: Typed) -> Typed:
        known = self.check(node.no if _is_null(node.yes) else node.yes)
        unknown = Constant(None, known.type, node.yes if _is_null(node.yes) else node.no)
        yes, no = (unknown, known) if _is_null(node.yes) else (known, unknown)
        return Choose(test, yes, no, node)

    def _alike(self, node: Node, first: Typed, second: Typed) -> tuple[Typed, Typed]:
        if {first.type, second.type} == {Type.INT, Type.DOUBLE}:
            return _widened(first), _widened(second)
        if first.type is not second.type:
            raise self._error(f"the two results differ in type: {first.type} and {second.type}", node)
        return first, second

    def _member(self, node: Binary) -> Typed:
        needle = self.check(node.left)
        if not isinstance(node.right, ListLiteral):
            raise self._error("'in' needs a list", node.right, 'write it as ["a", "b"]')
        items = [self.check(item) for item in node.right.items]
        if needle.type is Type.INT and any(item.type is Type.DOUBLE for item in items):
            needle = _widened(needle)
        constants = tuple(self._item(needle, item) for item in items)
        return Member(needle, constants, node)

    def _item(self, needle: Typed, item: Typed) -> Constant:
        if needle.type is Type.DOUBLE:
            item = _widened(item)
        if not isinstance(item, Constant) or item.value is None:
            raise self._error("the items of a list must be plain values", item.source)
        if item.type is not needle.type:
            raise self._error(f"a list for {needle.type} values cannot hold a {item.type}", item.source)
        return item

    def _call(self, node: Call) -> Typed:
        name = node.name
        if not node.method and name in SPECIAL_FORMS:
            self._expect_count(node, (SPECIAL_FORMS[name],))
            return self._special(node)
        function = BY_NAME.get(name)
        if function is None:
            near = did_you_mean(name, [*BY_NAME, *SPECIAL_FORMS])
            raise self._error(f"unknown function '{name}'", node, _NOT_OFFERED.get(name, near))
        if function.method != node.method:
            form = f'x.{name}("...")' if function.method else f"{name}(x)"
            raise self._error(f"'{name}' is called in another way", node, f"write {form}")
        self._expect_count(node, {len(overload.args) for overload in function.overloads})
        return self._apply(node, name, function.overloads, node.args)

    def _expect_count(self, node: Call, counts: Sequence[int] | set[int]) -> None:
        if len(node.args) not in counts:
            # The value in front of a method's dot counts as none of its arguments.
            wanted = next(iter(counts)) - node.method
            given = len(node.args) - node.method
            plural = "" if wanted == 1 else "s"
            raise self._error(f"'{node.name}' takes {wanted} argument{plural}, not {given}", node)

    def _special(self, node: Call) -> Typed:
        if node.name == "has":
            field = self.check(node.args[0]) if isinstance(node.args[0], Field) else None
            if not isinstance(field, Load):
                raise self._error("'has' takes a field, such as has(patient.age)", node)
            return Present(field, node)
        if node.name == "coalesce":
            first, second = self._alike(node, self.check(node.args[0]), self.check(node.args[1]))
            return Fallback(first, second, node)
        return self._written_time(node)

    def _written_time(self, node: Call) -> Constant:
        lasting = node.name == "duration"
        example = 'duration("1h30m")' if lasting else 'timestamp("2024-01-31T00:00:00Z")'
        text = node.args[0]
        if not isinstance(text, Literal) or not isinstance(text.value, str):
            raise self._error(f"'{node.name}' takes a string in quotes", text, f"write {example}")
        try:
            micros = parse_duration(text.value) if lasting else parse_timestamp(text.value)
        except ValueError as error:
            raise self._error(str(error), text, f"write {example}") from error
        if abs(micros) > MAX_INT:
            raise self._error(f"'{text.value}' is too long", text)
        return Constant(micros, Type.DURATION if lasting else Type.TIMESTAMP, node)

    def _apply(self, node: Node, name: str, overloads: Sequence[Overload | Composed], nodes: Sequence[Node]) -> Typed:
        args = tuple(self.check(arg) for arg in nodes)
        types = tuple(arg.type for arg in args)
        for overload in overloads:
            if overload.args == types:
                return _build(overload, args, node)
        for overload in overloads:
            if _widens(types, overload.args):
                pairs = zip(args, overload.args, strict=True)
                wide = tuple(arg if arg.type is wanted else _widened(arg) for arg, wanted in pairs)
                return _build(overload, wide, node)
        raise self._error(f"'{name}' does not work on {' and '.join(types)}", node, _other_types(types))

    def _refuse_null(self, node: Binary) -> None:
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if _is_null(side) and node.operator in ("==", "!="):
                asked = "" if node.operator == "!=" else "!"
                field = print_node(other) if isinstance(other, Field) else "field"
                raise self._error("nothing equals null", node, f"write {asked}has({field})")

    def _error(self, problem: str, node: Node, suggestion: str = "") -> ExpressionError:
        return ExpressionError(problem, text=self._text, position=node.at, suggestion=suggestion)


def _is_null(node: Node) -> bool:
    return isinstance(node, Literal) and node.type is None


def _build(overload: Overload | Composed, args: tuple[Typed, ...], node: Node) -> Typed:
    if isinstance(overload, Composed):
        return overload.expand(node, args)
    return fold(Apply(overload, args, node))


def _widens(given: Sequence[Type], wanted: Sequence[Type]) -> bool:
    return len(given) == len(wanted) and all(
        have is want or (have is Type.INT and want is Type.DOUBLE) for have, want in zip(given, wanted, strict=True)
    )


def _widened(node: Typed) -> Typed:
    return fold(Apply(WIDEN, (node,), node.source)) if node.type is Type.INT else node


def _other_types(types: Sequence[Type]) -> str:
    """Suggest how to write a time that was written as a bare string or number."""
    if Type.STRING in types and Type.TIMESTAMP in types:
        return 'write the time as timestamp("2024-01-31T00:00:00Z")'
    if Type.STRING in types and Type.DURATION in types:
        return 'write the duration as duration("90d")'
    if Type.DURATION in types and (Type.INT in types or Type.DOUBLE in types):
        return 'write the number as a duration, such as duration("90d")'
    return ""
