"""What docs/copilots.md says of records told as text is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from rag.told.story import Story
from rag.told.telling import During, Listed, Telling, read_sheet
from rag.told.values import filters
from substrate.catalog import vertical, verticals

PAGE = (Path(__file__).resolve().parents[3] / "docs/copilots.md").read_text("utf-8")
SECTION = PAGE.partition("## Records told as text")[2].partition("\n## How fresh it is")[0]


@pytest.mark.parametrize("model", [Telling, Listed, During])
def test_every_key_is_explained(model: type[BaseModel]) -> None:
    keys = [field.alias or name for name, field in model.model_fields.items()]
    assert [key for key in keys if not re.search(rf"`[^`]*\b{key}\b[^`]*`", SECTION)] == []


def test_every_filter_is_explained() -> None:
    assert [name for name in filters("UTC") if f"| `{name}" not in SECTION] == []


def test_its_template_is_one() -> None:
    found = re.search(r"```markdown\n(.*?)```", SECTION, re.DOTALL)
    assert found is not None
    assert Story(read_sheet(found[1], "patient.md"), vertical("hospital").kinds).follows("stays") == [("ward",)]


@pytest.mark.parametrize("name", ["hospital", "logistics", "school"])
def test_every_template_of_a_vertical_is_named(name: str) -> None:
    folder = verticals()[name].documents
    assert folder is not None
    line = next(line for line in SECTION.splitlines() if line.startswith(f"| {name} |"))
    assert [file.name for file in folder.iterdir() if f"`{file.name.removesuffix('.md')}`" not in line] == []
