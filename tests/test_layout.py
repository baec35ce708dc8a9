"""How the code is laid out: the file list is the glossary, verticals look alike, and no name shadows another."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("substrate", "rag", "automations", "verticals", "flows", "console")
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "core", "misc", "base"}
OF_A_VERTICAL = {
    "records", "sources", "features", "series", "quality", "rules", "templates", "sample", "documents", "copilots",
}  # fmt: skip
VERTICALS = sorted(folder.parent for folder in (ROOT / "verticals").glob("*/__init__.py"))
LONGEST = 450
DOCS = ROOT / "docs"


def modules(*rooms: str) -> Iterator[Path]:
    """The Python files of some rooms."""
    return (path for room in rooms for path in sorted((ROOT / room).rglob("*.py")))


@pytest.mark.parametrize("room", [*ROOMS, "tests", "benchmarks"])
def test_no_module_is_named_for_nothing(room: str) -> None:
    assert [path for path in modules(room) if path.stem in VAGUE or path.parent.name in VAGUE] == []


@pytest.mark.parametrize("room", [*ROOMS, "tests", "benchmarks"])
def test_every_module_says_what_it_is_for(room: str) -> None:
    mute = [path for path in modules(room) if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert [path for path in mute if path.stat().st_size] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_module_fits_in_one_reading(room: str) -> None:
    assert [path for path in modules(room) if len(path.read_text("utf-8").splitlines()) > LONGEST] == []


@pytest.mark.parametrize("vertical", VERTICALS, ids=lambda path: path.name)
def test_knowing_one_vertical_is_knowing_all(vertical: Path) -> None:
    assert {path.stem for path in vertical.iterdir()} >= OF_A_VERTICAL


def test_no_file_in_flows_hides_another_module() -> None:
    """Prefect runs a flow's file with its folder first on the path."""
    taken = {*sys.stdlib_module_names, *packages_distributions(), *ROOMS}
    assert [path for path in modules("flows") if path.stem in taken and path.stem != "__init__"] == []


def test_every_document_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    assert [path.name for path in DOCS.glob("*.md") if f"({path.name})" not in index and path.name != "README.md"] == []


@pytest.mark.parametrize("document", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8"))
    assert [link for link in links if not (DOCS / link).exists()] == []


def test_every_document_that_the_code_names_is_there() -> None:
    named = {name for path in modules(*ROOMS) for name in re.findall(r"docs/[a-z_]+\.md", path.read_text("utf-8"))}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_no_line_of_a_message_swallows_its_own_end() -> None:
    """A line of text that ends with a tag loses its line break, so an empty one must follow, or one that says so."""
    merged = []
    told = (*ROOT.glob("verticals/*/templates/*.text.jinja"), *ROOT.glob("verticals/*/documents/*.md"))
    for path in sorted(told):
        for line, after in pairwise(path.read_text("utf-8").split("\n")):
            if line.endswith("%}") and not line.startswith("{%") and after and not after.startswith("{%-"):
                merged.append(f"{path.name}: {line}")
    assert merged == []
