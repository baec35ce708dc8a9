"""The secrets that settings of any shape hold, so that no log ever does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr


def secrets_in(value: Any) -> set[str]:
    """Every secret in a model, or in models within models, lists and mappings."""
    if isinstance(value, SecretStr):
        return {value.get_secret_value()}
    if isinstance(value, BaseModel):
        return _of(getattr(value, name) for name in type(value).model_fields)
    if isinstance(value, Mapping):
        return _of(value.values())
    return _of(value) if isinstance(value, list | tuple | set | frozenset) else set()


def _of(values: Iterable[Any]) -> set[str]:
    return {secret for value in values for secret in secrets_in(value)}
