"""A OneRoster object in JSON, as the row that the CSV binding would hold for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SINGULAR = {"children": "child", "classes": "class", "subjectCodes": "subjectCodes"}


def flat(told: Mapping[str, Any]) -> dict[str, Any]:
    """The object's fields under their CSV names, all as text: `org: {sourcedId}` is `orgSourcedId`, and so on.

    A list of references becomes one text with commas (`orgSourcedIds`). The roles of a user (1.2) stay a list, of
    rows such as `roles.csv` has; whatever has no counterpart in CSV is left as it is.
    """
    row: dict[str, Any] = {}
    for name, value in told.items():
        if name == "roles" and isinstance(value, list):
            row[name] = [flat(role) for role in value if isinstance(role, dict)]
        elif name == "metadata" and isinstance(value, dict):
            row |= {f"metadata.{key}": _text(inner) for key, inner in value.items()}
        else:
            key, text = _field(name, value)
            row[key] = text
    return row


def _field(name: str, value: Any) -> tuple[str, Any]:
    if isinstance(value, dict) and "sourcedId" in value:
        return f"{name}SourcedId", _text(value["sourcedId"])
    if isinstance(value, list) and value and all(isinstance(item, dict) and "sourcedId" in item for item in value):
        return f"{_singular(name)}SourcedIds", ",".join(_text(item["sourcedId"]) for item in value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return name, ",".join(value)
    return name, value if isinstance(value, dict | list) else _text(value)


def _singular(name: str) -> str:
    return _SINGULAR.get(name, name.removesuffix("s"))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
