"""A folder as a source: what is listed, what never is, and stamps that change with every edit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from rag.copilot import SourceSpec
from rag.document import Document, UnreadableError
from rag.sources import files
from rag.sources.folder import FolderFiles
from substrate.access import Label
from substrate.clock import HOUR, ManualClock, SystemClock
from substrate.columns import Sensitivity
from substrate.errors import SourceError

SOON = SystemClock().now() + HOUR
LATER = ManualClock(SOON)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "hr").mkdir(parents=True)
    (folder / "beds.md").write_text("# Beds\n\nClean them.")
    (folder / "hr" / "pay.md").write_text("# Pay\n\nMonthly.")
    return folder


def source(folder: Path, clock: Any = LATER, paths: Any = None, **options: Any) -> FolderFiles:
    spec = {"name": "files", "folder": {"path": folder, **options}, "paths": paths or {}}
    return FolderFiles(SourceSpec.model_validate(spec), clock)


@pytest.fixture
def stamps(connection: Connection) -> Any:
    return lambda found: {entry.key: entry.stamp for entry in found.entries(connection)}


@pytest.fixture
def connection() -> Any:
    with create_engine("sqlite://").connect() as opened:
        yield opened


def read(found: FolderFiles, connection: Connection, key: str) -> Document:
    return next(entry for entry in found.entries(connection) if entry.key == key).read()


def test_files_are_listed_by_their_paths_within_the_folder(docs: Path, stamps: Any) -> None:
    assert list(stamps(source(docs))) == ["beds.md", "hr/pay.md"]


def test_a_document_carries_what_its_declaration_says(docs: Path, connection: Connection) -> None:
    paths = {"hr/**": {"roles": ["manager"], "kind": "policy"}}
    pay = read(source(docs, paths=paths), connection, "hr/pay.md")
    assert (pay.title, pay.kind) == ("Pay", "policy")
    assert pay.label == Label(Sensitivity.INTERNAL, None, frozenset({"manager"}))
    assert pay.changed_at == (docs / "hr/pay.md").stat().st_mtime_ns // 1_000


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"include": ("hr/*",)}, ["hr/pay.md"]),
        ({"exclude": ("hr/**",)}, ["beds.md"]),
        ({"include": ("*.md",)}, ["beds.md"]),
        ({"include": ("**/p?y.md",)}, ["hr/pay.md"]),
    ],
)
def test_patterns_choose(docs: Path, stamps: Any, options: Any, expected: list[str]) -> None:
    assert list(stamps(source(docs, **options))) == expected


def test_hidden_files_and_kinds_without_a_reader_are_left_out(docs: Path, stamps: Any) -> None:
    (docs / ".git").mkdir()
    for name in (".git/x.md", ".draft.md", "photo.png", "README"):
        (docs / name).write_text("text")
    assert list(stamps(source(docs))) == ["beds.md", "hr/pay.md"]


def test_links_that_lead_out_of_the_folder_are_never_followed(docs: Path, stamps: Any, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    (docs / "out.md").symlink_to(tmp_path / "secret.md")
    (docs / "up").symlink_to(tmp_path)
    (docs / "again").symlink_to(docs)
    (docs / "gone.md").symlink_to(docs / "nothing.md")
    (docs / "same.md").symlink_to(docs / "beds.md")
    assert list(stamps(source(docs))) == ["beds.md", "hr/pay.md", "same.md"]


def test_a_file_that_became_a_link_outwards_is_not_read(docs: Path, connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    entries = {entry.key: entry for entry in source(docs).entries(connection)}
    (docs / "beds.md").unlink()
    (docs / "beds.md").symlink_to(tmp_path / "secret.md")
    with pytest.raises(UnreadableError, match="leads out"):
        entries["beds.md"].read()


def test_a_pipe_is_no_file(docs: Path, stamps: Any) -> None:
    os.mkfifo(docs / "pipe.md")
    assert list(stamps(source(docs))) == ["beds.md", "hr/pay.md"]


def test_a_name_that_is_no_text_still_has_a_key(docs: Path, stamps: Any) -> None:
    Path(os.fsdecode(bytes(docs) + b"/caf\xe9.md")).write_text("Coffee.")
    assert "caf\\xe9.md" in stamps(source(docs))


def test_the_stamp_stays_while_nothing_changes(docs: Path, stamps: Any) -> None:
    for later in (0, 3_600_000_000):
        now = ManualClock((docs / "beds.md").stat().st_ctime_ns // 1_000 + later)
        assert stamps(source(docs, now)) == stamps(source(docs, now))


def test_what_was_copied_a_moment_ago_is_not_read_twice(docs: Path, stamps: Any) -> None:
    newest = max(path.stat().st_ctime_ns for path in docs.rglob("*")) // 1_000
    soon, late = (ManualClock(newest + after) for after in (200_000, 3_600_000_000))
    assert stamps(source(docs, soon)) == stamps(source(docs, late))


def test_an_edit_within_one_tick_of_the_file_system_is_seen(docs: Path, stamps: Any) -> None:
    """A clock of whole seconds, and an edit that changes neither the size nor the time."""
    file = docs / "beds.md"
    at = file.stat().st_mtime_ns
    now = ManualClock(at // 1_000)
    before = stamps(source(docs, now))["beds.md"]
    file.write_text("# Beds\n\nClean thee.")
    os.utime(file, ns=(at, at))
    assert before.split("-")[:2] == stamps(source(docs, now))["beds.md"].split("-")[:2]
    assert before.split("-")[3] != stamps(source(docs, now))["beds.md"].split("-")[3]


def test_an_edit_whose_time_was_set_back_is_seen(docs: Path, stamps: Any) -> None:
    file = docs / "beds.md"
    at = file.stat().st_mtime_ns
    before = stamps(source(docs))["beds.md"]
    file.write_text("# Beds\n\nClean thee.")
    os.utime(file, ns=(at, at))
    assert stamps(source(docs))["beds.md"] != before


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_that_is_gone_or_empty_is_an_error_and_no_empty_list(tmp_path: Path, stamps: Any, made: bool) -> None:
    if made:
        (tmp_path / "docs").mkdir()
    with pytest.raises(SourceError, match=str(tmp_path / "docs")):
        stamps(source(tmp_path / "docs"))


def test_a_folder_that_cannot_be_listed_is_an_error(docs: Path, stamps: Any) -> None:
    with pytest.raises(SourceError, match="cannot be listed"):
        stamps(source(docs / "beds.md"))


def test_a_file_that_is_gone_when_it_is_read_is_held(docs: Path, connection: Connection) -> None:
    entries = {entry.key: entry for entry in source(docs).entries(connection)}
    (docs / "beds.md").unlink()
    with pytest.raises(UnreadableError) as caught:
        entries["beds.md"].read()
    assert caught.value.reason == "unreadable"


def test_who_may_see_it_is_part_of_the_fingerprint_and_where_it_lies_is_not(docs: Path, tmp_path: Path) -> None:
    assert source(docs).fingerprint() == source(tmp_path).fingerprint()
    assert source(docs).fingerprint() != source(docs, paths={"hr/**": {"roles": ["manager"]}}).fingerprint()


def test_a_link_shows_nobody_what_is_for_others_or_left_out(docs: Path, stamps: Any, connection: Connection) -> None:
    (docs / ".kept").mkdir()
    (docs / ".kept" / "key.md").write_text("# Key")
    for name, target in (("pay", "hr/pay.md"), ("key", ".kept/key.md"), ("beds2", "beds.md")):
        (docs / f"{name}.md").symlink_to(docs / target)
    paths = {"hr/**": {"sensitivity": "pii"}}
    assert list(stamps(source(docs, paths=paths))) == ["beds.md", "beds2.md", "hr/pay.md"]
    assert list(stamps(source(docs, exclude=["hr/**"]))) == ["beds.md", "beds2.md"]


def test_a_file_that_became_a_pipe_is_not_waited_for(docs: Path, connection: Connection) -> None:
    beds = next(source(docs).entries(connection))
    (docs / "beds.md").unlink()
    os.mkfifo(docs / "beds.md")
    with pytest.raises(UnreadableError, match="cannot be opened"):
        beds.read()


def test_a_time_beyond_all_calendars_is_none(docs: Path) -> None:
    spec = SourceSpec.model_validate({"name": "files", "folder": {"path": docs}})
    assert files.document(spec, "a.md", b"# A", version="1", changed_at=2**65).changed_at is None
    assert files.document(spec, "a.md", b"# A", version="1", changed_at=SOON).changed_at == SOON
