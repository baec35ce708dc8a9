"""Reads an expression's text into its syntax tree, by recursive descent along CEL's precedence."""

from substrate.expressions.errors import ExpressionError
from substrate.expressions.tokens import Kind, Token, tokenize
from substrate.expressions.tree import (
    MAX_DEPTH,
    MAX_NODES,
    MAX_TEXT,
    Binary,
    Call,
    Field,
    ListLiteral,
    Literal,
    Logic,
    Node,
    Ternary,
    Unary,
    walk,
)
from substrate.expressions.types import MAX_INT, Type

RELATIONS = ("==", "!=", "<", "<=", ">", ">=", "in")
_WORDS = {
    "true": (True, Type.BOOL),
    "false": (False, Type.BOOL),
    "null": (None, None),
}
_SPOKEN = {"and": "'&&'", "or": "'||'", "not": "'!'", "AND": "'&&'", "OR": "'||'", "NOT": "'!'"}


def parse(text: str) -> Node:
    """Return the syntax tree of `text`. Raises ExpressionError with the place of the first fault."""
    if len(text) > MAX_TEXT:
        raise ExpressionError(
            f"expression has {len(text)} characters, more than {MAX_TEXT}",
            text=text,
            position=MAX_TEXT,
            suggestion="split it into two features or rules",
        )
    parser = _Parser(text)
    node = parser.ternary()
    parser.expect_end()
    _check_size(text, node)
    return node


def _check_size(text: str, root: Node) -> None:
    for count, (node, depth) in enumerate(walk(root), start=1):
        if depth > MAX_DEPTH:
            raise _too_deep(text, node.at)
        if count > MAX_NODES:
            raise ExpressionError(
                f"expression has more than {MAX_NODES} parts",
                text=text,
                position=node.at,
                suggestion="split it into two features or rules",
            )


def _too_deep(text: str, at: int) -> ExpressionError:
    return ExpressionError(
        f"expression is nested more than {MAX_DEPTH} deep",
        text=text,
        position=at,
        suggestion="move an inner part into a feature of its own",
    )


class _Parser:
    """One pass over the tokens of one text; each method reads one level of precedence."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenize(text)
        self._next = 0
        self._nesting = 0

    def ternary(self) -> Node:
        """Read `test ? yes : no`, or what stands in its place."""
        self._enter()
        node = self._logic("||")
        if self._peek().text == "?" and self._peek().kind is Kind.SYMBOL:
            at = self._take().at
            yes = self._logic("||")
            self._expect(":")
            node = Ternary(node, yes, self.ternary(), at)
        self._nesting -= 1
        return node

    def expect_end(self) -> None:
        """Refuse anything left over."""
        token = self._peek()
        if token.kind is not Kind.END:
            instead = f"did you mean {_SPOKEN[token.text]}?" if token.text in _SPOKEN else ""
            raise self._error(f"unexpected '{token.text}'", token, instead)

    def _logic(self, operator: str) -> Node:
        parts = [self._logic_part(operator)]
        at = self._peek().at
        while self._accept(operator):
            parts.append(self._logic_part(operator))
        return parts[0] if len(parts) == 1 else Logic(operator, tuple(parts), at)

    def _logic_part(self, operator: str) -> Node:
        return self._logic("&&") if operator == "||" else self._relation()

    def _relation(self) -> Node:
        node = self._sum()
        while token := self._accept(*RELATIONS):
            node = Binary(token.text, node, self._sum(), token.at)
        return node

    def _sum(self) -> Node:
        node = self._product()
        while token := self._accept("+", "-"):
            node = Binary(token.text, node, self._product(), token.at)
        return node

    def _product(self) -> Node:
        node = self._unary()
        while token := self._accept("*", "/", "%"):
            node = Binary(token.text, node, self._unary(), token.at)
        return node

    def _unary(self) -> Node:
        token = self._accept("!", "-")
        if not token:
            return self._member()
        following = self._peek()
        if token.text == "-" and following.kind in (Kind.INT, Kind.DOUBLE):
            return self._number(self._take(), sign=-1, at=token.at)
        self._enter()
        node = Unary(token.text, self._unary(), token.at)
        self._nesting -= 1
        return node

    def _member(self) -> Node:
        node = self._primary()
        while token := self._accept("."):
            name = self._take()
            if name.kind is not Kind.NAME:
                raise self._error("expected a name after '.'", name)
            if self._accept("("):
                node = Call(name.text, (node, *self._items(")")), method=True, at=name.at)
            elif isinstance(node, Field):
                node = Field((*node.path, name.text), node.at)
            else:
                raise self._error("only a field has parts", token)
        return node

    def _primary(self) -> Node:
        token = self._take()
        match token.kind:
            case Kind.INT | Kind.DOUBLE:
                return self._number(token, sign=1, at=token.at)
            case Kind.STRING:
                return Literal(token.value, Type.STRING, token.at)
            case Kind.NAME:
                return self._name(token)
        if token.text == "(":
            node = self.ternary()
            self._expect(")")
            return node
        if token.text == "[":
            return ListLiteral(self._items("]"), token.at)
        what = token.kind if token.kind is Kind.END else f"'{token.text}'"
        raise self._error(f"expected a value, found {what}", token)

    def _name(self, token: Token) -> Node:
        if token.text in _WORDS:
            value, kind = _WORDS[token.text]
            return Literal(value, kind, token.at)
        if token.text == "in":
            raise self._error("expected a value, found 'in'", token)
        if self._accept("("):
            return Call(token.text, self._items(")"), at=token.at)
        return Field((token.text,), token.at)

    def _number(self, token: Token, sign: int, at: int) -> Node:
        if token.kind is Kind.DOUBLE:
            return Literal(sign * float(token.value), Type.DOUBLE, at)
        value = sign * int(token.value)
        if value > MAX_INT:
            raise self._error(f"whole number {token.text} is too large", token, f"write it as {token.text}.0")
        return Literal(value, Type.INT, at)

    def _items(self, closing: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._accept(closing):
            if items:
                self._expect(",")
            items.append(self.ternary())
        return tuple(items)

    def _enter(self) -> None:
        self._nesting += 1
        if self._nesting > MAX_DEPTH:
            raise _too_deep(self._text, self._peek().at)

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        if token.kind is not Kind.END:
            self._next += 1
        return token

    def _accept(self, *texts: str) -> Token | None:
        token = self._peek()
        if token.text in texts and token.kind in (Kind.SYMBOL, Kind.NAME):
            return self._take()
        return None

    def _expect(self, text: str) -> None:
        token = self._peek()
        if not self._accept(text):
            what = token.kind if token.kind is Kind.END else f"'{token.text}'"
            raise self._error(f"expected '{text}', found {what}", token)

    def _error(self, problem: str, token: Token, suggestion: str = "") -> ExpressionError:
        return ExpressionError(problem, text=self._text, position=token.at, suggestion=suggestion)
