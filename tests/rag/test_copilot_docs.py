"""What the document says of copilots.yaml and of files is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from rag.copilot import (
    FILES,
    CheckoutOptions,
    Copilot,
    Example,
    FolderOptions,
    Otherwise,
    RecordsOptions,
    SourceSpec,
)
from rag.copilot_files import read_copilots
from rag.languages import LANGUAGES
from rag.readers import reading
from rag.rebuild import Rebuild
from rag.recipe import Recipe
from rag.ticket_export import PRESETS, TicketColumns, TicketsOptions
from substrate.columns import Sensitivity
from substrate.sources.source import Fault

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "copilots.md").read_text("utf-8")
PARTS: dict[str, type[BaseModel]] = {
    "": Copilot,
    "example.": Example,
    "recipe.": Recipe,
    "rebuild.": Rebuild,
    "sources.": SourceSpec,
    "sources.folder.": FolderOptions,
    "sources.checkout.": CheckoutOptions,
    "sources.records.": RecordsOptions,
    "sources.tickets.": TicketsOptions,
    "sources.tickets.columns.": TicketColumns,
    "sources.paths.": Otherwise,
}


def section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_key_has_its_line_and_no_line_is_left_over() -> None:
    keys = [f"{prefix}{name}" for prefix, model in PARTS.items() for name in model.model_fields]
    assert sorted(re.findall(r"^\| `([\w.]+)` \|", section("copilots.yaml"), re.MULTILINE)) == sorted(keys)


def shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.name.lower() if isinstance(value, Sensitivity) else str(value)


@pytest.mark.parametrize(("prefix", "model"), PARTS.items())
def test_the_defaults_that_are_told_are_those_that_are_used(prefix: str, model: type[BaseModel]) -> None:
    rows = re.findall(rf"^\| `{re.escape(prefix)}(\w+)` \| `?(\w+)`? \|", section("copilots.yaml"), re.MULTILINE)
    used = {name: field.default for name, field in model.model_fields.items()}
    plain = {name: told for name, told in rows if isinstance(used[name], str | int) and used[name] != ""}
    assert plain == {name: shown(used[name]) for name in plain}


def test_the_example_is_read() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", section("copilots.yaml"), re.DOTALL)
    (copilot,) = read_copilots(example, "docs/copilots.md")
    assert [source.name for source in copilot.sources] == ["guides", "manual", "patients"]


def test_every_kind_of_file_is_told_and_read_by_itself() -> None:
    told = re.findall(
        r"`(\.\w+)`", "".join(re.findall(r"^\|([^|]+)\|", section("Which files are read, and how"), re.M))
    )
    assert set(told) == set(reading.SUFFIXES) == {pattern.removeprefix("**/*") for pattern in FILES}


def test_every_reason_is_told() -> None:
    sources = [
        path.read_text("utf-8") for room in ("readers", "sources") for path in (ROOT / "rag" / room).glob("*.py")
    ]
    used = {reason for text in sources for reason in re.findall(r'(?:UnreadableError|_refuse)\(\s*"(\w+)"', text)}
    told = "".join(map(section, ("Which files are read, and how", "Tickets")))
    assert used <= set(re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE))
    files = set(re.findall(r"^\| `(\w+)` \|", section("Which files are read, and how"), re.MULTILINE))
    assert files <= used


def test_what_is_said_of_tickets_is_so() -> None:
    page = section("Tickets")
    assert set(re.findall(r"^\| `(\w+)` \|", page.partition("| preset |")[2].partition("\n\n")[0], re.M)) == set(
        PRESETS
    )
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (copilot,) = read_copilots(example, "docs/copilots.md")
    assert [source.sensitivity for source in copilot.sources] == [Sensitivity.PII, Sensitivity.PII]
    told = {*re.findall(r"`(\w+)`", page.partition("| reason |")[2].partition("\n\n")[0])}
    faults = {str(fault) for fault in Fault} - {"truncated", "no_type", "unreadable", "missing_value", "wrong_type"}
    assert told - {"no_id", "contradictory", "no_text"} == faults - {"unknown_code", "bad_reference"}


def test_every_language_is_told() -> None:
    (row,) = re.findall(r"^\| `language` \|.*\|$", section("copilots.yaml"), re.MULTILINE)
    assert [name for name in LANGUAGES if f"`{name}`" not in row] == []
