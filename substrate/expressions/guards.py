"""Tells the conditions that make the point from those that only keep cases out.

A rule says what is wrong, and then for whom it does not count: the dead, the cancelled, what is too long ago. When it
fires, readers want the first kind first. Which is which follows from the form of a condition alone:

- an exclusion: `!(status in [...])`, `status != "onleave"`, `!deceased`;
- the absence of something in another record, or of anything named after the first exclusion: `!has(encounter.end)`;
- a condition that a default lets pass: `coalesce(active, true)`;
- an outer end of time, `age(x) < duration("7d")`, where another condition reads the same instant.
"""

from collections.abc import Iterator

from substrate.expressions.spans import elapsed
from substrate.expressions.tree import Binary
from substrate.expressions.typed import Apply, Connective, Constant, Fallback, Load, Member, Present, Typed, loads_of
from substrate.expressions.types import Type


def guards(condition: Typed) -> frozenset[int]:
    """Return the identities of the leaves of `condition` that only keep cases out; none, where nothing else is left."""
    parts = list(_joined(condition))
    found: list[Typed] = []
    excluding = False
    for part in parts:
        excluding = excluding or _excludes(part)
        if _excludes(part) or _is_absence(part, excluding) or _passes_by_default(part) or _ends(part, parts):
            found.append(part)
    return frozenset(id(_bare(part)) for part in found) if len(found) < len(parts) else frozenset()


def _joined(node: Typed) -> Iterator[Typed]:
    """The conditions that must all hold."""
    if isinstance(node, Connective) and not node.any:
        for part in node.parts:
            yield from _joined(part)
    else:
        yield node


def _negated(part: Typed) -> bool:
    return isinstance(part, Apply) and part.overload.name == "!"


def _bare(part: Typed) -> Typed:
    """A condition without the negation before it."""
    return part.args[0] if isinstance(part, Apply) and part.overload.name == "!" else part


def _operator(part: Typed) -> str:
    return part.source.operator if isinstance(part, Apply) and isinstance(part.source, Binary) else ""


def _excludes(part: Typed) -> bool:
    bare = _bare(part)
    if not _negated(part):
        return _operator(part) == "!=" and isinstance(part, Apply) and isinstance(part.args[1], Constant)
    return isinstance(bare, Member | Load | Fallback) or _operator(bare) == "=="


def _is_absence(part: Typed, excluding: bool) -> bool:
    bare = _bare(part)
    return _negated(part) and isinstance(bare, Present) and (excluding or len(bare.field.operand.path) > 1)


def _passes_by_default(part: Typed) -> bool:
    if isinstance(part, Fallback):
        return isinstance(part.second, Constant) and part.second.value is True
    if isinstance(part, Member) and isinstance(part.needle, Fallback) and isinstance(part.needle.second, Constant):
        return part.needle.second.value in [item.value for item in part.items]
    return False


def _ends(part: Typed, parts: list[Typed]) -> bool:
    """Whether `part` is the outer end of a time that another condition speaks of too."""
    if not isinstance(part, Apply) or _operator(part) not in ("<", "<=") or part.type is not Type.BOOL:
        return False
    found = elapsed(part.args[0])
    if found is None or not isinstance(part.args[1], Constant):
        return False
    mine = {load.index for load in loads_of(part)}
    others = (load.index for other in parts if other is not part for load in loads_of(other))
    return not mine.isdisjoint(others)
