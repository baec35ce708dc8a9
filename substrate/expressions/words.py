"""Says one leaf of an explanation in plain words, such as "potassium 6.8 mmol/L is above 6.0 (critical limit)"."""

from collections.abc import Callable

from substrate.expressions.functions import BY_NAME
from substrate.expressions.literals import say_duration, say_timestamp
from substrate.expressions.printer import print_node, print_string
from substrate.expressions.tree import Binary, Call
from substrate.expressions.typed import Apply, Clock, Constant, Load, Member, Present, Typed, loads_of, parts_of
from substrate.expressions.types import Type, Value

Results = Callable[[Typed], Value | None]

_RELATIONS = {
    ">": ("is above", "is not above"),
    ">=": ("is at least", "is below"),
    "<": ("is below", "is not below"),
    "<=": ("is at most", "is above"),
    "==": ("is", "is not"),
    "!=": ("is not", "is"),
}


def say(leaf: Typed, results: Results) -> str:
    """Return one sentence on a leaf: what it saw and what follows from that."""
    if isinstance(leaf, Present):
        return f"{_name(leaf.field)} is {'recorded' if results(leaf) else 'not recorded'}"
    if results(leaf) is None:
        return _unknown(leaf, results)
    if isinstance(leaf, Member):
        items = ", ".join(say_value(item.value, item.type) for item in leaf.items)
        return f"{_described(leaf.needle, results)} is {'one of' if results(leaf) else 'none of'} {items}"
    if isinstance(leaf, Apply) and isinstance(leaf.source, Binary) and leaf.source.operator in _RELATIONS:
        return _comparison(leaf, leaf.source.operator, results)
    if isinstance(leaf, Apply) and leaf.type is Type.BOOL:
        return _function_condition(leaf, results)
    return _described(leaf, results)


def say_value(value: Value | None, type_: Type, unit: str | None = None) -> str:
    """Return a value as a person would write it, with its unit."""
    if value is None:
        return "not known"
    if type_ is Type.TIMESTAMP:
        return say_timestamp(int(value))
    if type_ is Type.DURATION:
        return say_duration(int(value))
    if type_ is Type.BOOL:
        return "yes" if value else "no"
    if isinstance(value, str):
        return print_string(value)
    number = f"{value:.6g}" if isinstance(value, float) and value != int(value) else str(value)
    return f"{number} {unit}" if unit else number


def _comparison(leaf: Apply, operator: str, results: Results) -> str:
    left, right = leaf.args
    holds, fails = _RELATIONS[operator]
    verb = holds if results(leaf) else fails
    limit = say_value(results(right), right.type)
    words = _name(right)
    return f"{_described(left, results)} {verb} {limit}{f' ({words})' if words else ''}"


def _function_condition(leaf: Apply, results: Results) -> str:
    function = BY_NAME[leaf.overload.name]
    args = [_described(arg, results) for arg in leaf.args]
    return (function.phrase if results(leaf) else function.negative).format(*args)


def _unknown(leaf: Typed, results: Results) -> str:
    missing = [load.operand.label for load in loads_of(leaf) if results(load) is None]
    if missing:
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not known"
    return f"{print_node(leaf.source)} cannot be worked out"


def _described(node: Typed, results: Results) -> str:
    """The name of what `node` is, followed by its value; a constant is its value alone."""
    name = _name(node)
    value = say_value(results(node), node.type, _unit(node))
    return f"{name} {value}" if name else value


def _name(node: Typed) -> str:
    """What to call a value in a sentence; "" for a constant."""
    if isinstance(node, Load):
        return node.operand.label
    if isinstance(node, Clock):
        return "now" if not isinstance(node.source, Call) else ""
    if isinstance(node, Constant):
        return ""
    if isinstance(node, Apply) and node.overload.name == "widen":
        return _name(node.args[0])
    if isinstance(node.source, Call) and node.source.name in BY_NAME:
        names = [load.operand.label for load in loads_of(node)] or ["now"]
        phrase = BY_NAME[node.source.name].phrase
        return phrase.format(*names, *["?"] * 2)
    return print_node(node.source)


def _unit(node: Typed) -> str | None:
    """The unit of a field, kept through what does not change it."""
    if isinstance(node, Load):
        return node.operand.unit
    if isinstance(node, Apply) and node.overload.name in ("widen", "abs", "round", "floor", "ceil"):
        return _unit(parts_of(node)[0])
    return None
