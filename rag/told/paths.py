"""Which columns a template speaks of, and through which references, read from its syntax alone.

What is found here decides which records a document rests on, so a reference that is hidden from it (a column's name
that is computed) is a fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jinja2 import nodes

from substrate.expressions.errors import did_you_mean
from substrate.records import Record, meanings, references

Hops = tuple[str, ...]

_SAME = frozenset({"list", "unique", "select", "reject", "selectattr", "rejectattr", "sort", "each", "default"})
_ONE = frozenset({"first", "last"})


@dataclass(frozen=True, slots=True)
class Shape:
    """What a name of the template stands for: a record, or many.

    Attributes:
        root: the name that it comes from: the told record's, or a list's.
        kind: the kind of record.
        hops: the references that lead from the root's record to it.
        many: whether it is a list.
    """

    root: str
    kind: str
    hops: Hops = ()
    many: bool = False

    def one(self) -> Shape:
        """One of them."""
        return Shape(self.root, self.kind, self.hops)


@dataclass(frozen=True, slots=True)
class Use:
    """A column that a template speaks of: of which root's record, through which references."""

    root: str
    hops: Hops
    kind: str
    column: str


@dataclass
class Trace:
    """What a template speaks of.

    Attributes:
        uses: the columns.
        follows: by root, the references that it follows, with all their beginnings.
        faults: what is wrong, each with its line.
    """

    uses: set[Use] = field(default_factory=set)
    follows: dict[str, set[Hops]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


class Tracer:
    """Follows the names of a template.

    Args:
        kinds: the vertical's kinds of record.
        roots: what the template is given.
    """

    def __init__(self, kinds: Mapping[str, type[Record]], roots: Mapping[str, Shape]) -> None:
        self._kinds = kinds
        self._roots = roots
        self.trace = Trace()

    def look_at(self, tree: nodes.Template) -> None:
        """Add what one template speaks of."""
        self._visit(tree, self._roots)

    def _visit(self, node: nodes.Node, scope: Mapping[str, Shape]) -> Shape | None:
        if isinstance(node, nodes.Name):
            return self._name(node, scope)
        if isinstance(node, nodes.Getattr):
            is_loop = isinstance(node.node, nodes.Name) and node.node.name in _FREE
            return None if is_loop else self._step(self._visit(node.node, scope), node.attr, node.lineno)
        if isinstance(node, nodes.Getitem):
            return self._item(node, scope)
        if isinstance(node, nodes.Filter):
            return self._filter(node, scope)
        if isinstance(node, nodes.For):
            self._loop(node, scope)
            return None
        shapes = [self._visit(child, scope) for child in node.iter_child_nodes()]
        return shapes[1] if isinstance(node, nodes.CondExpr) and len(shapes) > 1 else None

    def _name(self, node: nodes.Name, scope: Mapping[str, Shape]) -> Shape | None:
        if node.name not in scope and node.name not in _FREE:
            self._complain(node.lineno, _unknown(f"there is no {node.name!r} here", node.name, scope))
        return scope.get(node.name)

    def _item(self, node: nodes.Getitem, scope: Mapping[str, Shape]) -> Shape | None:
        shape = self._visit(node.node, scope)
        self._visit(node.arg, scope)
        if shape is not None and shape.many:
            return shape if isinstance(node.arg, nodes.Slice) else shape.one()
        if isinstance(node.arg, nodes.Const):
            return self._step(shape, str(node.arg.value), node.lineno)
        self._complain(node.lineno, "a column is named as it is, and not computed")
        return None

    def _filter(self, node: nodes.Filter, scope: Mapping[str, Shape]) -> Shape | None:
        shape = self._visit(node.node, scope) if node.node is not None else None
        for part in (*node.args, *(pair.value for pair in node.kwargs)):
            self._visit(part, scope)
        reached = [self._path(shape and shape.one(), part, node.lineno) for part in _attributes(node)]
        if shape is None:
            return None
        if node.name in _ONE:
            return shape.one()
        if node.name == "map":
            last = reached[-1] if reached else None
            return None if last is None else Shape(last.root, last.kind, last.hops, many=True)
        return shape if node.name in _SAME else None

    def _loop(self, node: nodes.For, scope: Mapping[str, Shape]) -> None:
        shape = self._visit(node.iter, scope)
        inner = {**scope, **{name.name: _NOTHING for name in node.target.find_all(nodes.Name)}}
        if isinstance(node.target, nodes.Name):
            inner[node.target.name] = shape.one() if shape is not None and shape.many else _NOTHING
        if node.test is not None:
            self._visit(node.test, inner)
        for child in (*node.body, *node.else_):
            self._visit(child, inner)

    def _path(self, shape: Shape | None, attribute: nodes.Expr, line: int) -> Shape | None:
        if not isinstance(attribute, nodes.Const) or not isinstance(attribute.value, str):
            self._complain(line, "a column is named as it is, and not computed")
            return None
        for name in attribute.value.split("."):
            shape = self._step(shape, name, line)
        return shape

    def _step(self, shape: Shape | None, name: str, line: int) -> Shape | None:
        """A column of a record, or the record to which a reference of it leads."""
        if shape is None or not shape.kind:
            self._complain(line, f"it is not clear whose {name!r} is meant; write the record's name before it")
            return None
        if shape.many:
            self._complain(line, f"{shape.root} are many; loop over them, or take the first")
            return None
        record = self._kinds[shape.kind]
        target = references(record).get(f"{name}_id")
        if target is not None and target in self._kinds and name not in meanings(record):
            hops = (*shape.hops, name)
            self.trace.follows.setdefault(shape.root, set()).update(hops[:end] for end in range(1, len(hops) + 1))
            self.trace.uses.add(Use(shape.root, shape.hops, shape.kind, f"{name}_id"))
            return Shape(shape.root, target, hops)
        if name in meanings(record):
            self.trace.uses.add(Use(shape.root, shape.hops, shape.kind, name))
        else:
            self._complain(line, _unknown(f"{shape.kind} has no column {name!r}", name, _names(record)))
        return None

    def _complain(self, line: int, message: str) -> None:
        self.trace.faults.append(f"line {line}: {message}")


_FREE = frozenset({"loop"})
_NOTHING = Shape("", "")


def _attributes(node: nodes.Filter) -> Iterator[nodes.Expr]:
    """Where a filter names columns."""
    if node.name in ("selectattr", "rejectattr") and node.args:
        yield node.args[0]
    yield from (pair.value for pair in node.kwargs if pair.key == "attribute")


def _unknown(complaint: str, name: str, known: Iterable[str]) -> str:
    near = did_you_mean(name, known)
    return f"{complaint}; {near}" if near else complaint


def _names(record: type[Record]) -> list[str]:
    return [*meanings(record), *(name.removesuffix("_id") for name in references(record))]
