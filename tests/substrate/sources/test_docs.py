"""The page on sources names every option with its default."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from substrate.sources.fhir import FhirOptions
from substrate.sources.folder import FolderOptions

PAGE = Path(__file__).parents[3] / "docs/sources.md"


@pytest.mark.parametrize("options", [FolderOptions, FhirOptions])
def test_every_option_is_described(options: type[BaseModel]) -> None:
    page = PAGE.read_text()
    assert [name for name in options.model_fields if f"| `{name}` |" not in page] == []


def test_every_option_says_what_it_means() -> None:
    fields = {**FolderOptions.model_fields, **FhirOptions.model_fields}
    assert [name for name, field in fields.items() if not field.description] == []
