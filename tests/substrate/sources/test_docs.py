"""The page on sources names every option with its default."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from substrate.relations import TableOptions
from substrate.sources.dcsa import DcsaOptions
from substrate.sources.edfi.interchange import EdfiXmlOptions
from substrate.sources.edfi.ods import EdfiOptions
from substrate.sources.epcis_query import EpcisOptions
from substrate.sources.fhir import FhirOptions
from substrate.sources.folder import FolderOptions
from substrate.sources.frappe import FrappeOptions
from substrate.sources.odoo import OdooOptions
from substrate.sources.oneroster.drop import OneRosterCsvOptions
from substrate.sources.oneroster.rest import OneRosterOptions
from substrate.sources.sql.options import SqlOptions

ROSTERS = (OneRosterOptions, OneRosterCsvOptions, EdfiOptions, EdfiXmlOptions)
PLACES = (FolderOptions, FhirOptions, FrappeOptions, OdooOptions, EpcisOptions, DcsaOptions)
OPTIONS = (*PLACES, *ROSTERS, SqlOptions, TableOptions)
PAGE = Path(__file__).parents[3] / "docs/sources.md"


@pytest.mark.parametrize("options", OPTIONS)
def test_every_option_is_described(options: type[BaseModel]) -> None:
    page = PAGE.read_text()
    assert [name for name in options.model_fields if f"| `{name}` |" not in page] == []


def test_every_option_says_what_it_means() -> None:
    fields = [(name, field) for options in OPTIONS for name, field in options.model_fields.items()]
    assert [name for name, field in fields if not field.description] == []
