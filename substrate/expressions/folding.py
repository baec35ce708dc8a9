"""Works out constant parts beforehand, so that no database ever meets a constant overflow."""

from dataclasses import replace

from substrate.expressions.closures import compile_typed
from substrate.expressions.typed import Apply, Clock, Constant, Load, Typed, parts_of


def fold(node: Typed) -> Typed:
    """Return `node`, or its value as a Constant where all parts below it are constants."""
    if isinstance(node, Constant | Load | Clock):
        return node
    if isinstance(node, Apply):
        # A composed function brings parts of its own, which may be constant too.
        node = replace(node, args=tuple(fold(arg) for arg in node.args))
    if not all(isinstance(part, Constant) for part in parts_of(node)):
        return node
    return Constant(compile_typed(node)((), 0), node.type, node.source)
