"""What an explanation looked at: each value with its unit and age, under the record that it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from automations.explained import Explained, Origin
from automations.wall import Wall, opened
from substrate.expressions.naming import aside
from substrate.expressions.said import say_value
from substrate.expressions.types import Type

_WIDTH = 46


def looked_at(found: Explained, wall: Wall) -> list[str]:
    """The values in lines, those of the entity's own record first."""
    values = list(found.evidence.get("values", ()))
    origins = {origin.hops: origin for origin in found.origins}
    shared = true_as_of(found)
    lines: list[str] = []
    for hops in dict.fromkeys([(), *(_hops(value) for value in values)]):
        mine = [value for value in values if _hops(value) == hops]
        origin = origins.get(hops)
        if mine or (origin and not hops):
            lines += _group(origin, mine, found, wall, shared)
    return lines


def true_as_of(found: Explained) -> int | None:
    """The instant that all values are known up to; None: they differ, or nobody knows."""
    marks = {value.get("as_of") for value in found.evidence.get("values", ())}
    return marks.pop() if len(marks) == 1 else None


def at_a_glance(found: Explained, wall: Wall) -> str:
    """The values that the rule wants readers to see, in one line, without the names that stand elsewhere."""
    named = {found.evidence.get("subject", {}).get("name"), *(one.name for one in found.about)}
    values = {value["path"]: value for value in found.evidence.get("values", ())}
    shown = [
        values[path] for path in found.rule.values if path in values and values[path]["value"] not in (None, *named)
    ]
    return opened(", ".join(f"{aside(value['label'])} {value_said(value, found, wall)}" for value in shown))


def value_said(value: Mapping[str, Any], found: Explained, wall: Wall) -> str:
    """A value of the evidence in words: with its unit, a code as what it means, an instant with its age."""
    held, kind = value["value"], Type(value["type"]) if value["type"] else Type.STRING
    if held is None:
        return "not recorded"
    if kind is Type.TIMESTAMP:
        return wall.both(int(held))
    if value.get("references"):
        return found.names.get(value["path"], "a record that we have not received")
    return str(value.get("words") or say_value(held, kind, value["unit"]))


def records_of(values: Iterable[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """The references that lead to the records of some values, each once, the entity's own first."""
    return sorted({_hops(value)[:count] for value in values for count in range(len(_hops(value)) + 1)} | {()})


def _group(
    origin: Origin | None, values: Sequence[Mapping[str, Any]], found: Explained, wall: Wall, shared: int | None
) -> list[str]:
    # A record's own name stands in its heading already.
    listed = [value for value in values if origin is None or origin.name is None or value["value"] != origin.name]
    labels = Counter(aside(value["label"]) for value in listed)
    rows = [(_label(value, labels), _aged(value, found, wall, shared)) for value in listed]
    width = min(_WIDTH, max((len(label) for label, _ in rows), default=0))
    head = [] if origin is None else [_record(origin, wall)]
    return head + [f"  {label:<{width}}  {said}" for label, said in rows]


def _record(origin: Origin, wall: Wall) -> str:
    """A record by what it is here, its name, where it came from and its own time."""
    words = (origin.hops[-1] if origin.hops else origin.kind).replace("_", " ")
    name = f" {origin.name}" if origin.name and origin.name != origin.source_key else ""
    own = "" if origin.occurred_at is None else f": {wall.both(origin.occurred_at)}"
    return f"{opened(words)}{name} ({origin.kind.replace('_', ' ')} {origin.source_key} in {origin.source}){own}"


def _aged(value: Mapping[str, Any], found: Explained, wall: Wall, shared: int | None) -> str:
    said, as_of = value_said(value, found, wall), value.get("as_of")
    return said if shared is not None or as_of is None else f"{said}, true as of {moment_said(as_of, wall)}"


def moment_said(as_of: int, wall: Wall) -> str:
    """Up to when something is known."""
    return (
        "that very moment"
        if as_of == wall.now
        else f"{wall.time(as_of)}, {wall.away(as_of).removesuffix(' ago')} before"
    )


def _label(value: Mapping[str, Any], labels: Mapping[str, int]) -> str:
    label = aside(value["label"])
    return f"{label} ({value['path'].split('.')[-1]})" if labels[label] > 1 else label


def _hops(value: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(value["path"].split(".")[:-1])
