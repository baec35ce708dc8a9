"""The outbox folder in particular: names, whole files, and who may read them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from automations.channels.channel import Rendered
from automations.channels.file import FileChannel, file_name

MESSAGE = Rendered("Subject", "Text\n", None, {"rule": "late"}, "anna", None, "high", "fired", 1_559_397_900_000_000)


def test_a_message_is_one_file_for_people_and_one_for_machines(tmp_path: Path) -> None:
    FileChannel(tmp_path).send(MESSAGE, "key-1")
    name = "20190601T140500.000000Z-key-1"
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}.json", f"{name}.txt"]
    assert (tmp_path / f"{name}.txt").read_text() == "To: anna\nSubject: Subject\n\nText\n"
    assert json.loads((tmp_path / f"{name}.json").read_text())["alert"] == {"rule": "late"}


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    FileChannel(tmp_path / "outbox").send(MESSAGE, "key-1")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "outbox").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "outbox").stat().st_mode) == 0o700


def test_what_was_left_half_done_is_done_again(tmp_path: Path) -> None:
    (tmp_path / f"{file_name(MESSAGE.created_at, 'key-1')}.txt").write_text("a process died aft")
    FileChannel(tmp_path).send(MESSAGE, "key-1")
    assert [path.read_text() for path in tmp_path.glob("*.txt")] == ["To: anna\nSubject: Subject\n\nText\n"]


def test_a_draft_that_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / f".{file_name(MESSAGE.created_at, 'key-1')}.0123456789abcdef.part").write_text("half a mess")
    FileChannel(tmp_path).send(MESSAGE, "key-1")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".txt"]


@pytest.mark.parametrize("key", ["../up", "a/b", ".hidden", "é", "k" * 101, ""])
def test_a_key_never_leads_out_of_the_folder(key: str) -> None:
    name = file_name(0, key)
    assert "/" not in name
    assert name.startswith("19700101T000000.000000Z-k-")


def test_two_keys_never_share_a_name() -> None:
    assert len({file_name(0, key) for key in ("a/b", "a:b", "a b", "a-b")}) == 4
