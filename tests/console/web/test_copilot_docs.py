"""docs/copilots.md names every route, field, tool and option that there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup

from console.asked import AnswerAsked, ContextAsked, FeedbackAsked, SearchAsked
from console.later import load
from console.toolbox import Toolbox
from console.web.copilots import CopilotDoor

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "copilots.md").read_text("utf-8")


def test_every_route_is_there() -> None:
    nobody: Any = None
    paths = [f"{method} {path}" for method, path, _ in CopilotDoor(nobody, nobody, nobody).routes()]
    assert [path for path in paths if f"`{path.replace('{name}', 'NAME')}`" not in TEXT] == []


@pytest.mark.parametrize("model", [SearchAsked, ContextAsked, AnswerAsked, FeedbackAsked])
def test_every_field_is_there(model: type[SearchAsked]) -> None:
    assert [name for name in model.model_fields if f"`{name}`" not in TEXT and f'"{name}"' not in TEXT] == []


def test_every_tool_is_there() -> None:
    nobody: Any = None
    tools = Toolbox(nobody, nobody, nobody).server()._tool_manager.list_tools()
    assert [tool.name for tool in tools if f"| `{tool.name}` |" not in TEXT] == []


@pytest.mark.parametrize("group", ["index", "keys"])
def test_every_command_is_there(group: str) -> None:
    found = load(f"console.{group}:commands")
    assert isinstance(found, TyperGroup)
    assert [name for name in found.commands if f"plumbline {group} {name}" not in TEXT] == []


def test_every_option_of_a_key_is_there() -> None:
    found = load("console.keys:commands")
    options = {name for each in found.commands["add"].params for name in each.opts if name.startswith("--")}
    assert [name for name in sorted(options - {"--json", "--help"}) if name not in TEXT] == []
