"""Templates that can do no harm: a small part of Jinja2, closed by an allow-list of what its syntax may hold.

There are no calls, no assignments, no imports and no attributes but those of plain data; loops nest twice at most, each
turns a bounded number of times, and joined texts and the output are bounded. What is left always ends soon and sees
nothing but the context that it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from traceback import walk_tb
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateSyntaxError, Undefined, nodes, pass_eval_context
from jinja2.exceptions import SecurityError, TemplateError, UndefinedError
from jinja2.filters import do_join
from jinja2.nodes import EvalContext
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from substrate.errors import PlumblineError

SOURCE_LIMIT = 20_000
OUTPUT_LIMIT = 64_000
CHANNELS = "docs/channels.md"
_LOOPS = 2
_LIST = 50
_TURNS = 200
_EACH = "each"
_FILTERS = (
    "abs", "capitalize", "default", "dictsort", "e", "escape", "first", "float", "int", "items", "join", "last",
    "length", "list", "lower", "map", "reject", "rejectattr", "round", "select", "selectattr", "sort", "string",
    "title", "trim", "truncate", "unique", "upper",
)  # fmt: skip
_LOOP_WORDS = frozenset({"index", "index0", "first", "last", "length"})
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Name, nodes.Const, nodes.Tuple,
    nodes.List, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Compare,
    nodes.Operand, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.And, nodes.Or,
    nodes.Not, nodes.Neg, nodes.Pos, nodes.Keyword,
)  # fmt: skip
_STUMBLES = (
    TemplateError, ArithmeticError, AssertionError, LookupError, TypeError, ValueError, AttributeError, RecursionError,
)  # fmt: skip
_UNREADABLE = (TemplateSyntaxError, SyntaxError, RecursionError, MemoryError)


class TemplateFault(PlumblineError):
    """A template cannot be read, or cannot say what it wants to; the message holds no value of what it was given."""


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of templates; `autoescape` for HTML, `guide` for the page that says what they may use."""

    intercepted_binops = frozenset({"+", "*", "%"})

    def __init__(self, *, autoescape: bool, guide: str = CHANNELS) -> None:
        super().__init__(autoescape=autoescape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self.globals.clear()
        self.guide = guide
        self.filters = {**{name: self.filters[name] for name in _FILTERS}, "join": _join, _EACH: _each}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A key of a mapping, or a loop's counter; nothing has attributes."""
        if isinstance(obj, LoopContext) and attribute in _LOOP_WORDS:
            return getattr(obj, attribute)
        return self._key(obj, attribute, f"there is no {attribute!r} here")

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A key of a mapping or a place in a list."""
        return self._key(obj, argument, "there is no such entry here")

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic is for numbers; with texts it could fill the memory."""
        if not isinstance(left, int | float) or not isinstance(right, int | float):
            raise SecurityError(f"{operator} is for numbers only")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Nothing has attributes."""
        return False

    def compiled(self, source: str, name: str) -> Template:
        """A template, checked.

        Raises:
            TemplateFault: it is too long, not well-formed, or uses what templates may not.
        """
        faults = self.faults(source)
        if faults:
            raise TemplateFault("; ".join(f"{name}, {fault}" for fault in faults), hint=_hint(self))
        return self.from_string(source)

    def faults(self, source: str) -> list[str]:
        """What is wrong with a template as it stands, each with its line."""
        if len(source) > SOURCE_LIMIT:
            return [f"line 1: the template is longer than {SOURCE_LIMIT} characters"]
        try:
            tree = self.parse(source)
            found = [*_faults(tree)]
            if not found:
                self.compile(source)
        except TemplateSyntaxError as error:
            return [f"line {error.lineno}: {error.message}"]
        except _UNREADABLE:
            return ["line 1: the template is nested too deeply"]
        return found

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """The tree of a template, each of whose loops counts its turns."""
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, _EACH, [], [], None, None, lineno=loop.lineno)
        return tree

    def _key(self, obj: Any, key: Any, complaint: str) -> Any:
        if isinstance(obj, Undefined):
            return obj
        if isinstance(obj, Mapping | list | tuple):
            try:
                return obj[key]
            except (LookupError, TypeError):
                pass
        return self.undefined(complaint)


def _hint(maker: Environment) -> str:
    return f"{maker.guide if isinstance(maker, Sandbox) else CHANNELS} says what a template may use."


def _each(values: Iterable[Any]) -> list[Any]:
    """What a loop goes through."""
    found: list[Any] = []
    for value in values:
        if len(found) == _TURNS:
            raise SecurityError(f"a loop may turn {_TURNS} times, and not more")
        found.append(value)
    return found


@pass_eval_context
def _join(context: EvalContext, values: Iterable[Any], between: str = "", attribute: str | int | None = None) -> str:
    """Jinja's own `join`, as long as there is room: joined with itself, a short text would fill the memory."""
    found = list(values)
    if sum(len(str(value)) for value in found) + len(between) * len(found) > OUTPUT_LIMIT:
        raise SecurityError(f"the text is longer than {OUTPUT_LIMIT} characters")
    joined: str = do_join(context, found, between, attribute)
    return joined


def produce(template: Template, context: Mapping[str, Any], name: str) -> str:
    """What the template makes of the context.

    Raises:
        TemplateFault: it uses what the context does not hold, or says too much; the message holds no value.
    """
    said: list[str] = []
    room = OUTPUT_LIMIT
    try:
        for piece in template.generate(context):
            room -= len(piece)
            if room < 0:
                raise SecurityError(f"the text is longer than {OUTPUT_LIMIT} characters")
            said.append(piece)
    except _STUMBLES as error:
        raise TemplateFault(
            f"{name}, line {_line(error)}: {_complaint(error)}", hint=_hint(template.environment)
        ) from None
    return "".join(said)


def _faults(tree: nodes.Node, loops: int = 0) -> Iterator[str]:
    if not isinstance(tree, _ALLOWED):
        yield f"line {tree.lineno}: a template may not hold {_WORDS.get(type(tree), type(tree).__name__.lower())}"
        return
    if isinstance(tree, nodes.Name) and tree.name == "self":
        yield f"line {tree.lineno}: a template may not speak of itself"
    if isinstance(tree, nodes.For):
        loops += 1
        if loops > _LOOPS or tree.recursive:
            yield f"line {tree.lineno}: loops may be nested {_LOOPS} deep, and not more"
            return
    if isinstance(tree, nodes.List | nodes.Tuple) and len(tree.items) > _LIST:
        yield f"line {tree.lineno}: a list may hold {_LIST} entries, and not more"
    for child in tree.iter_child_nodes():
        yield from _faults(child, loops)


_WORDS = {
    nodes.Call: "calls; use filters",
    nodes.Assign: "assignments",
    nodes.AssignBlock: "assignments",
    nodes.Concat: "`~`; write the parts one after another",
    nodes.Pow: "powers",
    nodes.Include: "other templates",
    nodes.Import: "other templates",
    nodes.FromImport: "other templates",
    nodes.Extends: "other templates",
    nodes.Block: "blocks",
    nodes.Macro: "macros",
    nodes.CallBlock: "calls; use filters",
    nodes.FilterBlock: "filter blocks",
    nodes.Dict: "mappings",
}


def _line(error: BaseException) -> int:
    lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == "<template>"]
    return lines[-1] if lines else 1


def _complaint(error: BaseException) -> str:
    """What went wrong; an error of plain Python may quote a value, so that only its kind is told."""
    if isinstance(error, UndefinedError | SecurityError):
        return str(error.message)
    return f"a filter or sum does not fit its value ({type(error).__name__})"
