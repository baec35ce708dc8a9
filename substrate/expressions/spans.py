"""Sentences on how long ago or how far ahead something is: "released 1 h 15 min ago (…), longer than 30 min"."""

from dataclasses import dataclass

from substrate.expressions.literals import say_duration, say_timestamp
from substrate.expressions.naming import Results, aside, core, described, name_of, tests_of
from substrate.expressions.scalar_math import MICROS_A_DAY, MICROS_AN_HOUR
from substrate.expressions.typed import Apply, Clock, Constant, Load, Typed, loads_of
from substrate.expressions.types import MAX_INT, Type

FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_COUNTS = {"days": MICROS_A_DAY, "hours": MICROS_AN_HOUR}


@dataclass(frozen=True, slots=True)
class Span:
    """A comparison of the time between an instant and now with a limit.

    Attributes:
        start: the instant.
        since: micros from it to now; negative where it lies ahead.
        ahead: the limit counts from now on, not back from now.
        operator: how the time is compared with the limit.
        limit: in micros, not negative.
        named: what the limit is called; "" for a constant.
    """

    start: Typed
    since: int
    ahead: bool
    operator: str
    limit: int
    named: str


def span_of(left: Typed, operator: str, right: Typed, results: Results) -> Span | None:
    """Return what a comparison says of the time between an instant and now; None: it says nothing of that."""
    found = _counted(left, operator, right, results) or _placed(left, operator, right, results)
    if found is None and operator in FLIPPED:
        flipped = FLIPPED[operator]
        found = _counted(right, flipped, left, results) or _placed(right, flipped, left, results)
    if found is None or found.limit >= 0:
        return found
    return Span(found.start, found.since, not found.ahead, FLIPPED[found.operator], -found.limit, found.named)


def say_span(span: Span, holds: bool, results: Results) -> str:
    """Return a sentence: what happened when, and how that stands to the limit."""
    relation = _relation(span, holds)
    return f"{_when(span, results)}{', ' if relation else ''}{relation}"


def elapsed(node: Typed) -> tuple[Typed, bool, int] | None:
    """Return the instant whose distance from now `node` is, whether it counts ahead, and the micros of its unit."""
    if not isinstance(node, Apply):
        return None
    if node.overload.name in _COUNTS and len(node.args) == 1:
        inner = elapsed(node.args[0])
        return None if inner is None else (inner[0], inner[1], _COUNTS[node.overload.name])
    if node.overload.name != "-" or node.overload.args != (Type.TIMESTAMP, Type.TIMESTAMP):
        return None
    later, earlier = node.args
    if isinstance(later, Clock) and not isinstance(earlier, Clock):
        return earlier, False, 1
    return (later, True, 1) if isinstance(earlier, Clock) and not isinstance(later, Clock) else None


def _counted(left: Typed, operator: str, right: Typed, results: Results) -> Span | None:
    """`age(x) > limit` and its like."""
    found = elapsed(left)
    amount, limit = results(left), results(right)
    if found is None or isinstance(amount, str | None) or isinstance(limit, str | None):
        return None
    start, ahead, unit = found
    if abs(limit) * unit > MAX_INT:
        return None  # beyond all calendars; a duration may also be written as any double
    since = round(amount * unit)
    return Span(start, -since if ahead else since, ahead, operator, round(limit * unit), name_of(right, results))


def _placed(left: Typed, operator: str, right: Typed, results: Results) -> Span | None:
    """`x < now`, `x <= now - limit`, `x < now + limit`."""
    start, moment = results(left), results(right)
    clock = _clock_in(right)
    if left.type is not Type.TIMESTAMP or clock is None or isinstance(left, Clock):
        return None
    now = results(clock)
    if isinstance(start, str | None) or isinstance(moment, str | None) or isinstance(now, str | None):
        return None
    offset = int(moment - now)
    named = "" if right is clock or not isinstance(right, Apply) else name_of(right.args[1], results)
    return Span(left, int(now - start), True, operator, offset, named)


def _clock_in(node: Typed) -> Clock | None:
    """The clock that `node` is, or is a duration away from."""
    if isinstance(node, Clock):
        return node
    moved = isinstance(node, Apply) and node.overload.name in ("+", "-") and node.type is Type.TIMESTAMP
    first = node.args[0] if moved and isinstance(node, Apply) else None
    return first if isinstance(first, Clock) else None


def _when(span: Span, results: Results) -> str:
    start = results(span.start)
    at = say_timestamp(int(start)) if start is not None else "not known"
    away = say_duration(abs(span.since))
    distance = "just now" if span.since == 0 else f"{away} ago" if span.since > 0 else f"in {away}"
    mattered = core(span.start, results)
    if isinstance(mattered, Apply) and len(mattered.args) > 1 and not isinstance(mattered.args[0], Constant | Clock):
        return f"{_reckoned(mattered, results)} {'was' if span.since > 0 else 'is'} {distance} ({at})"
    return f"{name_of(span.start, results)} {distance} ({at})"


def _reckoned(node: Apply, results: Results) -> str:
    """How an instant was reckoned from another one, and by what."""
    base, added = node.args
    amount = results(added)
    if added.type is not Type.DURATION or amount is None:
        return name_of(node, results)
    sign = "minus" if node.overload.name == "-" else "plus"
    reasons = [_seen(load, results) for test in tests_of(added, results) for load in loads_of(test)]
    why = f" ({', '.join(dict.fromkeys(reasons))})" if reasons else ""
    return f"{described(base, results)}, {sign} {say_duration(int(amount))}{why}"


def _seen(load: Load, results: Results) -> str:
    return described(load, results) if results(load) is not None else f"{load.operand.label}: not recorded"


def _relation(span: Span, holds: bool) -> str:
    limit = say_duration(span.limit) + (f" ({aside(span.named)})" if span.named else "")
    if span.operator in ("==", "!="):
        return f"{'' if holds == (span.operator == '==') else 'not '}exactly {limit}"
    beyond = span.operator in (">", ">=")
    if span.limit == 0:
        return ""
    if span.ahead:
        return _ahead(span, beyond == holds, limit)
    if not beyond:
        return f"within {limit}" if holds else f"longer than {limit}"
    if not holds:
        return f"not yet {limit} ago"
    allowed = limit if span.named else f"the allowed {limit}"
    return f"exactly {allowed}" if span.since == span.limit else f"longer than {allowed}"


def _ahead(span: Span, beyond: bool, limit: str) -> str:
    if span.since > 0:
        return "" if not beyond else f"not within {limit}"
    if -span.since == span.limit:
        return f"exactly {limit} ahead"
    return f"more than {limit} ahead" if beyond else f"within {limit}"
