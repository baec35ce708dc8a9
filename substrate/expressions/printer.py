"""Writes a syntax tree back as text, always in the same spacing and with the fewest parentheses."""

from substrate.expressions.tree import (
    Binary,
    Call,
    Field,
    ListLiteral,
    Literal,
    Logic,
    Node,
    Ternary,
    Unary,
)

# How tightly each form binds; an operand that binds less tightly than its place needs parentheses.
_TERNARY, _OR, _AND, _RELATION, _SUM, _PRODUCT, _UNARY, _PRIMARY = range(8)
_BINARY = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def print_node(node: Node) -> str:
    """Return the canonical text of `node`; parsing it again gives an equal tree."""
    return _text(node, _TERNARY)


def print_string(value: str) -> str:
    """Return `value` as a double-quoted literal."""
    return f'"{"".join(_escape(character) for character in value)}"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _text(node: Node, place: int) -> str:
    tightness, text = _form(node)
    return text if tightness >= place else f"({text})"


def _form(node: Node) -> tuple[int, str]:
    form: tuple[int, str]
    match node:
        case Literal():
            form = _literal(node)
        case ListLiteral(items=items):
            form = _PRIMARY, f"[{_joined(items)}]"
        case Field(path=path):
            form = _PRIMARY, ".".join(path)
        case Call():
            form = _PRIMARY, _call(node)
        case Unary():
            form = _UNARY, _unary(node)
        case Binary(operator=operator, left=left, right=right):
            tightness = _BINARY.get(operator, _RELATION)
            form = tightness, f"{_text(left, tightness)} {operator} {_text(right, tightness + 1)}"
        case Logic(operator=operator, parts=parts):
            tightness = _AND if operator == "&&" else _OR
            form = tightness, f" {operator} ".join(_text(part, tightness + 1) for part in parts)
        case Ternary(test=test, yes=yes, no=no):
            form = _TERNARY, f"{_text(test, _OR)} ? {_text(yes, _OR)} : {_text(no, _TERNARY)}"
    return form


def _literal(node: Literal) -> tuple[int, str]:
    if node.value is None or isinstance(node.value, bool):
        return _PRIMARY, {None: "null", True: "true", False: "false"}[node.value]
    if isinstance(node.value, str):
        return _PRIMARY, print_string(node.value)
    text = repr(node.value)
    return (_UNARY if text.startswith("-") else _PRIMARY), text


def _unary(node: Unary) -> str:
    number = isinstance(node.operand, Literal) and isinstance(node.operand.value, int | float)
    if node.operator == "-" and number:
        # Without the parentheses the minus would become part of the number.
        return f"-({_text(node.operand, _TERNARY)})"
    return node.operator + _text(node.operand, _UNARY)


def _call(node: Call) -> str:
    if not node.method:
        return f"{node.name}({_joined(node.args)})"
    return f"{_text(node.args[0], _PRIMARY)}.{node.name}({_joined(node.args[1:])})"


def _joined(nodes: tuple[Node, ...]) -> str:
    return ", ".join(_text(node, _TERNARY) for node in nodes)
