"""The index at the keyboard: made of a folder, brought up to date, mended, taken back; and asked."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path
from time import monotonic

import pytest
from mcp import Client, StdioServerParameters

from tests.console.shell import Shell

SYNC = ("index", "sync", "--from", "guide", "--copilot", "guide")


@pytest.fixture
def guide(shell: Shell, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell beside a folder of three documents, with the model there."""
    monkeypatch.setenv("PLUMBLINE_MODELS_DIR", str(models_dir))
    Path("guide").mkdir()
    for name, text in (
        ("moor.md", "# Mooring\n\nA zeppelin is moored at the mast by three riggers."),
        ("fill.md", "# Filling\n\nThe cells are filled with helium before dawn."),
        ("crew.md", "# Crew\n\nThe navigator writes the log of each watch."),
    ):
        Path("guide", name).write_text(text, "utf-8")
    return shell


@pytest.mark.slow
def test_from_a_folder_to_an_answer_that_cites_it(guide: Shell) -> None:
    first = guide.ask(*SYNC)
    assert {"documents": 3, "chunks": 3, "embedded": 3, "deleted": 0}.items() <= first.items()
    assert first["seconds"] > 0
    told = guide.ask("ask", "guide", "Who moors a zeppelin at the mast?")
    assert [one["document"] for one in told["citations"]] == ["moor.md"]
    shown = guide("ask", "guide", "Who moors a zeppelin at the mast?").out
    assert "moored at the mast by three riggers. [1]" in " ".join(shown.split())
    assert "moor.md, version" in shown


@pytest.mark.slow
def test_nothing_new_embeds_nothing_and_what_goes_is_deleted(guide: Shell) -> None:
    guide.ask(*SYNC)
    assert guide.ask(*SYNC)["embedded"] == 0
    Path("guide", "crew.md").unlink()
    again = guide.ask("index", "sync", "--copilot", "guide")
    assert (again["documents"], again["deleted"], again["embedded"]) == (2, 1, 0)
    (status,) = [one for one in guide.ask("index", "status")["copilots"] if one["copilot"] == "guide"]
    assert (status["documents"], status["chunks"], status["stale"], status["held_count"]) == (2, 2, False, 0)


@pytest.mark.slow
def test_what_was_lost_behind_our_back_comes_back_with_the_next_sync(guide: Shell, home: Path) -> None:
    guide.ask(*SYNC)
    shutil.rmtree(home / "index")
    guide.ask(*SYNC)
    assert guide("index", "verify", "--deep").code == 0
    assert guide.ask("ask", "guide", "What are the cells filled with?", "--search-only")["hits"]


def test_without_the_model_it_says_which_command_brings_it(shell: Shell) -> None:
    Path("guide").mkdir()
    said = shell(*SYNC)
    assert said.code == 2
    assert "plumbline models install" in said.err


def test_what_is_wrong_with_a_command_is_said(shell: Shell) -> None:
    assert shell("index", "sync", "--from", "nowhere", "--copilot", "guide").code == 3
    assert shell("index", "sync", "--copilot", "nobody").code == 3
    assert shell("index", "sync", "--from", ".").code == 2
    assert shell("index", "rollback", "nobody").code == 3
    assert shell("index", "promote", "nobody").code == 3


@pytest.mark.slow
def test_a_copilot_that_nobody_wants_any_more_is_forgotten(guide: Shell, home: Path) -> None:
    guide.ask(*SYNC)
    told = guide.ask("index", "forget", "guide")
    assert (told["generations"], told["vectors"]) == (1, 3)
    assert "guide" not in [one["copilot"] for one in guide.ask("index", "status")["copilots"]]
    assert guide("index", "forget", "guide").code == 3
    assert not any((home / "index" / "words").iterdir())


@pytest.mark.slow
def test_one_that_is_declared_is_kept_until_it_no_longer_is(guide: Shell, home: Path) -> None:
    home.mkdir(exist_ok=True)
    declared = home / "copilots.yaml"
    declared.write_text("copilots:\n- name: desk\n  sources:\n  - {name: files, folder: {path: ../guide}}\n", "utf-8")
    guide.ask("index", "sync", "--copilot", "desk")
    assert guide("index", "forget", "desk").code == 4
    declared.unlink()
    assert "plumbline index forget desk" in " ".join(guide("doctor").out.split())
    assert guide.ask("index", "forget", "desk")["generations"] == 1


def test_the_status_of_nothing_is_told(shell: Shell) -> None:
    status = shell.ask("index", "status")
    assert status["owner"] is None
    assert all(one["generation"] is None for one in status["copilots"])
    assert "never synced" in shell("index", "status").out


@pytest.mark.slow
def test_the_tools_over_standard_input_find_what_is_synced_while_they_run(guide: Shell, home: Path) -> None:
    guide.ask(*SYNC)
    assert asyncio.run(_found_later(guide, home))


async def _found_later(guide: Shell, home: Path) -> bool:
    """Whether a running `plumbline mcp` finds a document that is added and synced behind it."""
    env = {**os.environ, "PLUMBLINE_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    words = ["-c", "from console.cli import main; main()", "mcp"]
    question = {"copilot": "guide", "question": "How is the anchor weighed?"}
    async with Client(StdioServerParameters(command=sys.executable, args=words, env=env)) as client:
        assert "anchor.md" not in (await client.call_tool("search", question)).model_dump_json()
        Path("guide", "anchor.md").write_text("# Anchor\n\nThe anchor is weighed with a winch.", "utf-8")
        await asyncio.to_thread(guide.ask, *SYNC)
        until = monotonic() + 30
        while monotonic() < until:
            if "anchor.md" in (await client.call_tool("search", question)).model_dump_json():
                return True
            await asyncio.sleep(0.1)
    return False
