"""What an operator or function is: its types, and the same meaning written for each back-end side by side."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from substrate.expressions.types import Type

Array = NDArray[Any]
Checked = tuple[Array, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Overload:
    """One operator or function for one combination of types.

    The texts hold `{0}`, `{1}` for arguments. They are called with known arguments only (in SQL, NULL in gives NULL
    out by itself). In `python`, `{t}` is a free variable and the value None is UNKNOWN; its other names are those
    of `scalar_math`. A `partial` overload can be UNKNOWN for known arguments; its `numpy` returns (values, known).
    `overflows` marks 64-bit arithmetic whose overflow SQLite shows by turning the result into a real number.
    """

    name: str
    args: tuple[Type, ...]
    result: Type
    python: str
    sqlite: str
    postgres: str
    numpy: Callable[..., Any] = field(compare=False)
    partial: bool = False
    overflows: bool = False
