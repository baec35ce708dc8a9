"""What is wrong with a mapping file, and where; the file's name is put to it where the file is opened."""

from __future__ import annotations

from substrate.expressions.errors import ExpressionError


class MappingFault(Exception):
    """A place of a mapping file contradicts itself or the vertical.

    Args:
        place: the path of keys that leads there, such as `resources.orders.fields.status`.
        problem: what is wrong, with the value.
        hint: the next step.
    """

    def __init__(self, place: str, problem: str, hint: str = "") -> None:
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem
        self.hint = hint


def fault_of(place: str, error: ExpressionError) -> MappingFault:
    """The same for an expression that cannot be read."""
    return MappingFault(place, str(error))
