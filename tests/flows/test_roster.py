"""Which copilots there are: read again as their files change, and kept where a file becomes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import roster
from flows.roster import Roster
from rag.copilot_files import CopilotError
from substrate.settings import Settings
from tests.flows.test_live_loop import wait_until

ONE = "copilots: [{name: one, sources: [{name: docs, folder: {path: .}}]}]"
TWO = ONE.replace("one", "two")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of copilots; what is read is old at once."""
    monkeypatch.setattr(roster, "_REREAD_SECONDS", 0.0)
    monkeypatch.setattr(roster, "_AT_ONCE_SECONDS", 0.0)
    path = tmp_path / "copilots.yaml"
    path.write_text(ONE, "utf-8")
    return path


def test_a_copilot_that_was_just_declared_is_found_by_who_misses_it(files: Path) -> None:
    known = Roster(Settings(home=files.parent), {})
    assert set(known.copilots()) == {"one"}
    files.write_text(TWO, "utf-8")
    assert set(known.copilots(fresh=True)) == {"two"}


def test_others_see_it_soon_without_waiting(files: Path) -> None:
    known = Roster(Settings(home=files.parent), {})
    known.copilots()
    files.write_text(TWO, "utf-8")
    wait_until(lambda: set(known.copilots()) == {"two"})


def test_a_file_that_became_wrong_changes_nothing(files: Path) -> None:
    known = Roster(Settings(home=files.parent), {})
    known.copilots()
    files.write_text("copilots: 7", "utf-8")
    assert set(known.copilots(fresh=True)) == {"one"}
    with pytest.raises(CopilotError):
        Roster(Settings(home=files.parent), {}).copilots()
