"""What to call each part of an expression in a sentence, once it is known which part mattered."""

from collections.abc import Callable, Mapping

from substrate.expressions.functions import BY_NAME
from substrate.expressions.literals import say_duration
from substrate.expressions.printer import print_node
from substrate.expressions.said import say_value
from substrate.expressions.tree import Binary, Call
from substrate.expressions.typed import Apply, Choose, Clock, Constant, Fallback, Load, Typed, loads_of, parts_of
from substrate.expressions.types import Type, Value

Results = Callable[[Typed], Value | None]

_SIGNS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by", "%": "modulo"}
_KEEPS_UNIT = ("widen", "abs", "round", "floor", "ceil")
_KEEPS_CODES = ("widen", "lowerAscii")


def core(node: Typed, results: Results) -> Typed:
    """Return the part of `node` that its value came from: a default that was not needed, or a branch not taken, falls
    away. A default that was needed stays, as nobody recorded it."""
    match node:
        case Fallback(first=first, second=second):
            if results(first) is not None:
                return core(first, results)
            return node if isinstance(second, Constant) else core(second, results)
        case Choose(test=test, yes=yes, no=no) if results(test) is not None:
            return core(yes if results(test) else no, results)
        case Apply(overload=overload, args=args) if overload.name == "widen":
            return core(args[0], results)
    return node


def tests_of(node: Typed, results: Results) -> list[Typed]:
    """Return the conditions by which the branches of `node` were taken."""
    match node:
        case Choose(test=test, yes=yes, no=no):
            return [test, *tests_of(yes if results(test) else no, results)]
        case Fallback(first=first, second=second):
            return tests_of(second if results(first) is None else first, results)
    return []


def name_of(node: Typed, results: Results) -> str:
    """Return what to call `node`; "" for a constant."""
    mattered = core(node, results)
    match mattered:
        case Load(operand=operand):
            return operand.label
        case Constant():
            return ""
        case Clock():
            return "now"
        case Fallback(first=first):
            return name_of(first, results)
        case Apply():
            return _applied(mattered, results)
    return print_node(mattered.source)


def described(node: Typed, results: Results) -> str:
    """Return the name of `node` and its value; a constant is its value alone."""
    name, value = name_of(node, results), value_of(node, results)
    if not name:
        return value
    return f"{name} {value}" if node.type is Type.TIMESTAMP else f"{name}: {value}"


def value_of(node: Typed, results: Results) -> str:
    """Return the value of `node` in words; one that stands in for what nobody recorded is said to be so."""
    mattered = core(node, results)
    if isinstance(mattered, Load) and mattered.operand.references:
        return "recorded"  # its number says nothing to anybody
    value = say_value(results(node), node.type, unit_of(mattered), codes_of(mattered))
    return f"not recorded, taken as {value}" if isinstance(mattered, Fallback) else value


def codes_of(node: Typed) -> Mapping[str, str]:
    """Return the words for the codes that `node` holds."""
    match node:
        case Load(operand=operand):
            return operand.codes
        case Fallback(first=first):
            return codes_of(first)
        case Choose(yes=yes):
            return codes_of(yes)
        case Apply(overload=overload, args=args) if overload.name in _KEEPS_CODES:
            return codes_of(args[0])
    return {}


def unit_of(node: Typed) -> str | None:
    """Return the unit of a field, kept through what does not change it."""
    match node:
        case Load(operand=operand):
            return operand.unit
        case Fallback(first=first):
            return unit_of(first)
        case Apply(overload=overload) if overload.name in _KEEPS_UNIT:
            return unit_of(parts_of(node)[0])
    return None


def aside(name: str) -> str:
    """Return a name as it stands in brackets: without a capital of its own, unless it is an abbreviation."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def _applied(node: Apply, results: Results) -> str:
    if isinstance(node.source, Call) and node.source.name in BY_NAME:
        names = [load.operand.label for load in loads_of(node)] or ["now"]
        return BY_NAME[node.source.name].phrase.format(*names, *["?"] * 2)
    if not isinstance(node.source, Binary) or len(node.args) != len(("left", "right")):
        return print_node(node.source)
    left, right = node.args
    if node.type is Type.TIMESTAMP and right.type is Type.DURATION:
        side = "before" if node.overload.name == "-" else "after"
        return f"{say_duration(int(results(right) or 0))} {side} {name_of(left, results)}"
    if node.type is Type.DURATION and left.type is Type.TIMESTAMP:
        return f"from {name_of(right, results)} to {name_of(left, results)}"
    return f"{_term(left, results)} {_SIGNS.get(node.overload.name, node.overload.name)} {_term(right, results)}"


def _term(node: Typed, results: Results) -> str:
    """A part of a formula, with its value beside its name."""
    name, value = name_of(node, results), value_of(node, results)
    return f"{name} ({value})" if name else value
