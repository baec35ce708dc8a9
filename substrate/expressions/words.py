"""Says one leaf of an explanation in plain words, such as "potassium: 6.8 mmol/L, above 6 (critical limit)"."""

from substrate.expressions.functions import BY_NAME
from substrate.expressions.literals import say_timestamp
from substrate.expressions.naming import Results, aside, codes_of, core, described, name_of, unit_of, value_of
from substrate.expressions.printer import print_node
from substrate.expressions.said import say_value
from substrate.expressions.spans import FLIPPED, say_span, span_of
from substrate.expressions.tree import Binary, Call
from substrate.expressions.typed import Apply, Constant, Fallback, Load, Member, Present, Typed, loads_of
from substrate.expressions.types import Type, Value

# Of a list that a value is not in, so many are named; of a longer one the first, and how many more.
_NAMED = 4

# How a value that is greater, and one that is less than its limit stands to it.
_WORDS = {
    Type.DOUBLE: ("above", "below"),
    Type.INT: ("more than", "fewer than"),
    Type.DURATION: ("longer than", "shorter than"),
    Type.STRING: ("after", "before"),
}
_REACHED = "at the limit of"


def say(leaf: Typed, results: Results) -> str:
    """Return one sentence on a leaf: what it saw and what follows from that."""
    if results(leaf) is None:
        return _unknown(leaf, results)
    mattered = core(leaf, results)
    return _known(leaf, results) if mattered is leaf else say(mattered, results)


def _known(leaf: Typed, results: Results) -> str:
    match leaf:
        case Present(field=field):
            return _presence(field, results)
        case Member():
            return _membership(leaf, results)
        case Apply(source=Binary(operator=operator)) if operator in FLIPPED:
            return _comparison(leaf, operator, results)
        case Apply(source=Call(name=name)) if leaf.type is Type.BOOL:
            return _function(leaf, name, results)
    return _truth(leaf, results) if leaf.type is Type.BOOL else described(leaf, results)


def _presence(field: Load, results: Results) -> str:
    value, operand = results(field), field.operand
    if value is None:
        return operand.absent or f"{operand.label}: not recorded"
    return f"{operand.label}: recorded" if operand.references else described(field, results)


def _membership(leaf: Member, results: Results) -> str:
    needle = leaf.needle
    if results(leaf) or not leaf.items:
        return described(needle, results)
    codes = codes_of(needle)
    others = [say_value(item.value, item.type, None, codes) for item in leaf.items]
    return f"{described(needle, results)}, not {_either(others)}"


def _either(names: list[str]) -> str:
    shown = names if len(names) <= _NAMED else [*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} others"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _comparison(leaf: Apply, operator: str, results: Results) -> str:
    left, right = leaf.args
    holds = bool(results(leaf))
    span = span_of(left, operator, right, results)
    if span is not None:
        return say_span(span, holds, results)
    if isinstance(core(left, results), Constant):
        left, right, operator = right, left, FLIPPED[operator]
    if left.type is Type.TIMESTAMP:
        return _order(left, right, results)
    if left.type is Type.BOOL:
        return _truth(left, results) if isinstance(right, Constant) else _pair(left, right, results)
    if operator in ("==", "!="):
        return _equality(left, right, holds == (operator == "=="), results)
    return f"{described(left, results)}, {_relation(left, right, operator, results)} {_limit(left, right, results)}"


def _order(left: Typed, right: Typed, results: Results) -> str:
    """Which of two instants was first."""
    first, second = int(results(left) or 0), int(results(right) or 0)
    side = "before" if first < second else "after" if first > second else "at the same time as"
    name = name_of(right, results)
    return f"{described(left, results)}, {side} {say_timestamp(second)}{f' ({aside(name)})' if name else ''}"


def _equality(left: Typed, right: Typed, same: bool, results: Results) -> str:
    if same and left.type is Type.INT and results(left) == 0 and name_of(left, results):
        return f"{name_of(left, results)}: none"
    if _is_reference(left, results) and _is_reference(right, results):
        return f"{name_of(left, results)}: {'' if same else 'not '}the same as {aside(name_of(right, results))}"
    told = described(left, results)
    if not same:
        return f"{told}, not {_limit(left, right, results)}"
    name = name_of(right, results)
    return f"{told}, the same as {aside(name)}" if name else told


def _is_reference(node: Typed, results: Results) -> bool:
    mattered = core(node, results)
    return isinstance(mattered, Load) and mattered.operand.references is not None


def _relation(left: Typed, right: Typed, operator: str, results: Results) -> str:
    greater, less = _WORDS[core(left, results).type]
    mine, limit = results(left), results(right)
    if mine == limit:
        return {">": f"not {greater}", "<": f"not {less}"}.get(operator, _REACHED)
    return greater if _is_more(mine, limit) else less


def _is_more(mine: Value | None, limit: Value | None) -> bool:
    if isinstance(mine, str) or isinstance(limit, str):
        return str(mine) > str(limit)
    return (mine or 0) > (limit or 0)


def _limit(left: Typed, right: Typed, results: Results) -> str:
    """What a value is held against: its value, and its name in brackets; the unit only where it differs."""
    mattered = core(right, results)
    unit = unit_of(mattered)
    spelt = unit if unit != unit_of(core(left, results)) else None
    value = say_value(results(right), right.type, spelt, codes_of(core(left, results)))
    name = name_of(right, results)
    return f"{value} ({aside(name)})" if name else value


def _pair(left: Typed, right: Typed, results: Results) -> str:
    return f"{described(left, results)}; {described(right, results)}"


def _truth(leaf: Typed, results: Results) -> str:
    """A yes or no, as the whole sentence that its field has for it."""
    holds = bool(results(leaf))
    if isinstance(leaf, Constant):
        return "this is always so" if holds else "this is never so"
    spoken = codes_of(leaf).get("true" if holds else "false")
    if spoken is None:
        return described(leaf, results)
    assumed = isinstance(core(leaf, results), Fallback)
    return f"{name_of(leaf, results)}: not recorded, so it is taken that {spoken}" if assumed else spoken


def _function(leaf: Apply, name: str, results: Results) -> str:
    function = BY_NAME[name]
    args = [_argument(arg, results) for arg in leaf.args]
    return (function.phrase if results(leaf) else function.negative).format(*args)


def _argument(arg: Typed, results: Results) -> str:
    name, value = name_of(arg, results), value_of(arg, results)
    quoted = f'"{value}"' if arg.type is Type.STRING and not value.startswith('"') else value
    return f"{name} {quoted}" if name else quoted


def _unknown(leaf: Typed, results: Results) -> str:
    missing = [load.operand for load in loads_of(leaf) if results(load) is None]
    if missing:
        told = [operand.absent or f"not known: {operand.label}" for operand in missing]
        return "; ".join(dict.fromkeys(told))
    return f"{print_node(leaf.source)} cannot be worked out"
