"""Cuts an expression's text into tokens, and reads the numbers and strings among them."""

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from substrate.expressions.errors import ExpressionError
from substrate.expressions.types import MAX_INT


class Kind(StrEnum):
    """What a token is; SYMBOL covers operators, brackets and commas."""

    INT = "whole number"
    DOUBLE = "number"
    STRING = "string"
    NAME = "name"
    SYMBOL = "symbol"
    END = "end of the expression"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text. `value` is the number or string it stands for, `at` its offset."""

    kind: Kind
    text: str
    at: int
    value: int | float | str = ""


_PATTERN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
      | (?P<double>(?:\d+\.\d+|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)
      | (?P<hex>0[xX][0-9a-fA-F]+)
      | (?P<int>\d+)
      | (?P<string>[rR]?(?:"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<symbol>&&|\|\||[=!<>]=|[-+*/%!<>?:.,()\[\]])""",
    re.VERBOSE | re.ASCII,
)
_INSTEAD = {"=": "'=='", "&": "'&&'", "|": "'||'", "“": "straight quotes", "”": "straight quotes"}
_SIMPLE_ESCAPES = dict(zip("abfnrtv\\?\"'`", "\a\b\f\n\r\t\v\\?\"'`", strict=True))
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|.)"
)


def tokenize(text: str) -> list[Token]:
    """Cut `text` into tokens, closed by an END token. Raises ExpressionError at the first unreadable character."""
    tokens = []
    at = 0
    while at < len(text):
        found = _PATTERN.match(text, at)
        if not found:
            raise _unreadable(text, at)
        if found.lastgroup != "space":
            tokens.append(_token(text, found))
        at = found.end()
    return [*tokens, Token(Kind.END, "", len(text))]


def _token(text: str, found: re.Match[str]) -> Token:
    piece, at = found.group(), found.start()
    match found.lastgroup:
        case "double":
            return Token(Kind.DOUBLE, piece, at, _double(text, piece, at))
        case "int":
            return Token(Kind.INT, piece, at, _integer(text, piece, at, base=10))
        case "hex":
            return Token(Kind.INT, piece, at, _integer(text, piece, at, base=16))
        case "string":
            return Token(Kind.STRING, piece, at, _string(text, piece, at))
        case "name":
            return Token(Kind.NAME, piece, at)
    return Token(Kind.SYMBOL, piece, at)


def _unreadable(text: str, at: int) -> ExpressionError:
    if text[at] in "\"'":
        return ExpressionError("string is not closed", text=text, position=at, suggestion=f"end it with {text[at]}")
    instead = f"did you mean {_INSTEAD[text[at]]}?" if text[at] in _INSTEAD else ""
    return ExpressionError(f"cannot read {text[at]!r}", text=text, position=at, suggestion=instead)


def _double(text: str, piece: str, at: int) -> float:
    value = float(piece)
    if math.isinf(value):
        raise ExpressionError(f"number {piece} is too large", text=text, position=at)
    return value


def _integer(text: str, piece: str, at: int, base: int) -> int:
    value = int(piece, base)
    # One more than the largest passes here: it is right after a minus, which the parser sees.
    if value > MAX_INT + 1:
        raise ExpressionError(
            f"whole number {piece} is too large", text=text, position=at, suggestion=f"write it as {piece}.0"
        )
    return value


def _string(text: str, piece: str, at: int) -> str:
    raw = piece[0] in "rR"
    body = piece[2:-1] if raw else piece[1:-1]
    value = body if raw else _ESCAPE.sub(lambda found: _unescape(text, found, at + 1), body)
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise ExpressionError("string holds a character that no database stores", text=text, position=at)
    return value


def _unescape(text: str, found: re.Match[str], start: int) -> str:
    simple, *numbers, octal = found.groups()
    if simple:
        return _SIMPLE_ESCAPES[simple]
    number = next((int(digits, 16) for digits in numbers if digits), None)
    if octal:
        number = int(octal, 8)
    if number is None or number > 0x10FFFF:
        raise ExpressionError(
            f"unknown escape {found.group()}",
            text=text,
            position=start + found.start(),
            suggestion="write a backslash itself as \\\\",
        )
    return chr(number)
