"""A sample feed read back: the good rows as they stand at the end, and what was planted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

EXTENSION = "http://plumbline.example/fhir/"


@dataclass(frozen=True)
class Folder:
    """The folder of one feed."""

    path: Path

    @cached_property
    def planted(self) -> dict[str, Any]:
        return dict(json.loads((self.path / "planted.json").read_bytes()))

    @cached_property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.planted["until"])

    @cached_property
    def lines(self) -> dict[str, list[bytes]]:
        """Every line, by resource type."""
        return {path.stem: path.read_bytes().splitlines() for path in sorted(self.path.glob("*.ndjson"))}

    @cached_property
    def rows(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The rows without a planted defect, by resource type and id."""
        flawed = {(flaw["resource"], flaw["line"]) for flaw in self.planted["defects"]}
        return {
            kind: {
                row["id"]: row
                for number, line in enumerate(lines, 1)
                if (kind, number) not in flawed
                for row in [json.loads(line)]
            }
            for kind, lines in self.lines.items()
        }

    def of(self, kind: str) -> Iterator[dict[str, Any]]:
        """The good rows of one resource type."""
        yield from self.rows[kind].values()

    def fires(self, kind: str) -> set[str]:
        """The ids for which a correct rule of this kind fires."""
        return {case["id"] for case in self.planted["incidents"] if case["kind"] == kind and case["expect"] == "fires"}

    def ago(self, text: str) -> timedelta:
        """How long before the feed's now an instant lies."""
        return self.now - datetime.fromisoformat(text)


def extension(row: dict[str, Any], name: str) -> Any:
    """The value of one of the feed's extensions, or None."""
    for each in row.get("extension", ()):
        if each["url"] == EXTENSION + name:
            return next(value for key, value in each.items() if key.startswith("value"))
    return None


def flag(observation: dict[str, Any]) -> str:
    """The interpretation's code."""
    return str(observation["interpretation"][0]["coding"][0]["code"])


def ident(reference: dict[str, str]) -> str:
    """The id that a reference names."""
    return reference["reference"].rpartition("/")[2]


def references(value: Any) -> Iterator[str]:
    """Every reference in a row, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def instants(value: Any) -> Iterator[str]:
    """Every instant in a row, however deep."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from instants(part)
    elif isinstance(value, str) and len(value) == 25 and value[10] == "T":
        yield value
