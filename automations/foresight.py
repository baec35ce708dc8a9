"""When a rule's answer may change by the mere passing of time: the instants at which a comparison with now turns.

`age(start) >= duration("30m")` turns at `start + 30m`, for each entity once. A rule whose every use of the clock has
such an instant need not be evaluated in between; the others are looked at in a rhythm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Subquery, select, union_all

from automations.conditions import Compiled
from substrate.clock import DAY
from substrate.expressions.checker import check, check_condition
from substrate.expressions.expression import Expression
from substrate.expressions.printer import print_node
from substrate.expressions.spans import elapsed
from substrate.expressions.typed import Apply, Clock, Connective, Constant, Load, Typed, parts_of
from substrate.expressions.types import FieldPath, Type
from substrate.facts import Facts
from substrate.features.checked import derivations

HORIZON = DAY
"""How far ahead instants are looked for; what lies further on is found when the list is made anew."""

_COMPARED = ("<", "<=", ">", ">=", "==", "!=")


@dataclass(frozen=True, slots=True)
class Turning:
    """Instants of an entity around which a rule's answer may change.

    Attributes:
        instants: expressions over the entity, none of which reads the clock.
        where: what must be true of the entity, else no passing of time changes the answer; None: anything.
    """

    instants: tuple[Expression, ...]
    where: Expression | None


class _Unforeseen(Exception):
    """The clock is read in a way whose turning cannot be told beforehand."""


def turnings(rule: Compiled, facts: Facts) -> tuple[Turning, ...] | None:
    """All instants at which time alone may change what a rule says; None: they cannot be foreseen."""
    kind = rule.rule.entity
    asked = [(rule.found, rule.found), (rule.holds, rule.holds), *((worse, rule.found) for _, worse in rule.severities)]
    if rule.clears is not None:
        asked.append((rule.clears, rule.clears))
    waits = [rule.moment] if rule.moment else []
    if rule.expected is not None and rule.expected.where is not None:
        waits.append(rule.expected.where)
    if any(_reads_clock(facts, kind, part.typed) for part in waits):
        return None
    try:
        made = [_turning(facts, kind, expression, around) for expression, around in dict.fromkeys(asked)]
    except _Unforeseen:
        return None
    return tuple(one for one in made if one.instants)


def upcoming(
    connection: Connection,
    facts: Facts,
    kind: str,
    found: Iterable[Turning],
    since: int,
    limit: int,
    *,
    ids: Iterable[int] | None = None,
) -> list[tuple[int, int]]:
    """The next instants, from `since` on and within the horizon, with the entities that turn then; in order.

    Args:
        connection: sees the records.
        facts: the operands of the rule's vertical.
        kind: the kind of entity.
        found: where its entities turn.
        since: the first instant that counts, in microseconds since 1970 UTC.
        limit: how many at most.
        ids: only these entities; None: all.
    """
    until = since + HORIZON
    wanted = None if ids is None else list(ids)
    parts = []
    for turning in found:
        labels = {f"t{place}": instant for place, instant in enumerate(turning.instants)}
        # As of the horizon: what comes to exist until then has its instants too.
        seen = facts.select(kind, labels, until, ids=wanted, where=turning.where).subquery()
        parts += [_turns(seen, label, since, until) for label in labels]
    if not parts:
        return []
    every = union_all(*parts).subquery()
    chosen = select(every.c.at, every.c.id).distinct().order_by(every.c.at, every.c.id).limit(limit)
    return [(row.at, row.id) for row in connection.execute(chosen)]


def _turns(seen: Subquery, label: str, since: int, until: int) -> Select[Any]:
    instant = seen.c[label]
    return select(instant.label("at"), seen.c.id.label("id")).where(instant.between(since, until))


def _turning(facts: Facts, kind: str, expression: Expression, around: Expression) -> Turning:
    schema = facts.schema(kind)
    texts = dict.fromkeys(_instants(facts, kind, expression.typed))
    still = [print_node(part.source) for part in _required(around.typed) if not _reads_clock(facts, kind, part)]
    where = check_condition(" && ".join(f"({text})" for text in still), schema) if still else None
    return Turning(tuple(check(text, schema) for text in texts), where)


def _instants(facts: Facts, kind: str, node: Typed) -> Iterator[str]:
    if not _reads_clock(facts, kind, node):
        return
    if isinstance(node, Apply) and node.overload.name in _COMPARED:
        yield _instant(facts, kind, *node.args)
        return
    if isinstance(node, Clock | Load | Apply) and not _is_logic(node):
        raise _Unforeseen
    for part in parts_of(node):
        yield from _instants(facts, kind, part)


def _is_logic(node: Typed) -> bool:
    return isinstance(node, Apply) and all(kind is Type.BOOL for kind in node.overload.args)


def _instant(facts: Facts, kind: str, left: Typed, right: Typed) -> str:
    """Where `left` and `right` meet, one of which moves with the clock."""
    if not _reads_clock(facts, kind, left):
        left, right = right, left
    found = elapsed(left)
    if found is not None:
        start, ahead, unit = found
        meeting, needed = f"({_text(start)}) {'-' if ahead else '+'} ({_span(right, unit)})", (start, right)
    elif isinstance(left, Clock):
        meeting, needed = _text(right), (right, right)
    else:
        sign, span = _moved(left)
        meeting, needed = f"({_text(right)}) {sign} ({_text(span)})", (span, right)
    if any(_reads_clock(facts, kind, part) for part in needed):
        raise _Unforeseen
    return meeting


def _moved(node: Typed) -> tuple[str, Typed]:
    """What has to be done to the other side of `now - span` or `now + span`, that `now` may stand alone."""
    if isinstance(node, Apply) and node.overload.name in ("+", "-") and isinstance(node.args[0], Clock):
        return ("+" if node.overload.name == "-" else "-"), node.args[1]
    raise _Unforeseen


def _span(node: Typed, unit: int) -> str:
    if node.type is Type.DURATION:
        return _text(node)
    if isinstance(node, Constant) and isinstance(node.value, int | float):
        return f'duration("{round(node.value * unit)}us")'
    raise _Unforeseen


def _required(node: Typed) -> Iterator[Typed]:
    """The parts that must all be true for `node` to be."""
    if isinstance(node, Connective) and not node.any:
        for part in node.parts:
            yield from _required(part)
    else:
        yield node


def _reads_clock(facts: Facts, kind: str, node: Typed) -> bool:
    if isinstance(node, Clock):
        return True
    if isinstance(node, Load):
        return _moves(facts, kind, node.operand.path)
    return any(_reads_clock(facts, kind, part) for part in parts_of(node))


def _moves(facts: Facts, kind: str, path: FieldPath) -> bool:
    """Whether an operand is derived from the clock."""
    origin = facts.paths.origin(kind, path)
    derived = derivations(origin.view).get(origin.name) if origin and origin.view else None
    return origin is not None and derived is not None and _reads_clock(facts, origin.record.kind, derived.typed)


def _text(node: Typed) -> str:
    return print_node(node.source)
