"""The one error of the language: what is wrong, where, and what to write instead."""

from collections.abc import Iterable
from difflib import get_close_matches

from substrate.errors import PlumblineError


class ExpressionError(PlumblineError):
    """An expression cannot be read or does not fit the fields.

    `position` is the offset of the fault in the text, from 0; `suggestion` is a replacement to offer, or "".
    """

    def __init__(self, problem: str, *, text: str, position: int, suggestion: str = "") -> None:
        self.problem = problem
        self.text = text
        self.position = min(position, len(text))
        self.suggestion = suggestion
        before = text[: self.position]
        self.line = before.count("\n") + 1
        self.column = self.position - (before.rfind("\n") + 1) + 1
        message = f"{problem} at {self.line}:{self.column}"
        if suggestion:
            message += f"; {suggestion}"
        super().__init__(f"{message}\n{self.excerpt()}")

    def excerpt(self) -> str:
        """The faulty line with a caret under the fault, cut to about 100 characters."""
        line = self.text.split("\n")[self.line - 1]
        start = max(0, self.column - 1 - 60)
        shown = line[start : start + 100].replace("\t", " ")
        return f"  {shown}\n  {' ' * (self.column - 1 - start)}^"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "did you mean 'x'?" for the nearest known word, or "" when none is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else ""
