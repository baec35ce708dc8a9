"""One small typed language for conditions, checks and derived features, with three back-ends that agree.

Read in this order: `types`, `tree`, `parser` (with `tokens`), `printer`; then `overload`, `operators`, `functions` (all
meanings); `typed`, `checker`, `expression`; the back-ends `closures`, `sql`, `arrays`; last `explain` and `guards`,
with its sentences `words`, `spans`, `naming`, `said`.
"""

from substrate.expressions.arrays import Column, to_arrays
from substrate.expressions.checker import check, check_condition
from substrate.expressions.closures import Closure, arrange, to_closure
from substrate.expressions.errors import ExpressionError
from substrate.expressions.explain import Explanation, explain, plain
from substrate.expressions.expression import Expression
from substrate.expressions.parser import parse
from substrate.expressions.printer import print_node
from substrate.expressions.sql import to_sql
from substrate.expressions.tree import Node
from substrate.expressions.types import FieldPath, Fields, Operand, Schema, Type, Value

__all__ = [
    "Closure",
    "Column",
    "Explanation",
    "Expression",
    "ExpressionError",
    "FieldPath",
    "Fields",
    "Node",
    "Operand",
    "Schema",
    "Type",
    "Value",
    "arrange",
    "check",
    "check_condition",
    "explain",
    "parse",
    "plain",
    "print_node",
    "to_arrays",
    "to_closure",
    "to_sql",
]
