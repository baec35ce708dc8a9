"""A recorded history: after each commit, exactly the files that there were."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, create_engine

from rag.copilot import SourceSpec
from rag.sources.folder import FolderFiles
from rag.sources.history import History, HistoryFiles
from substrate.clock import ManualClock
from substrate.errors import NotFoundError, SourceError

CORPORA = (
    "dhis2_impl_docs",
    "fleetbase_docs",
    "frappe_framework_docs",
    "inventree_docs",
    "kolibri_docs",
    "openboxes_docs",
)
CHANGES = (
    ("c1", "upsert", "beds.md", "s1", "# Beds"),
    ("c1", "upsert", "pay.md", "s2", "# Pay"),
    ("c2", "upsert", "beds.md", "s3", "# Beds\n\nClean."),
    ("c3", "delete", "pay.md", None, None),
    ("c4", "upsert", "pay.md", "s2", "# Pay"),
)
SPEC = SourceSpec.model_validate({"name": "files", "folder": {"path": "."}})


@pytest.fixture
def connection() -> Any:
    with create_engine("sqlite://").connect() as opened:
        yield opened


@pytest.fixture
def history(tmp_path: Path) -> History:
    path = tmp_path / "history.jsonl.gz"
    with gzip.open(path, "wb") as file:
        for number, (commit, op, key, sha, text) in enumerate(CHANGES):
            row = {"commit": commit, "ts": 1_000 + number, "op": op, "path": key}
            file.write(orjson.dumps(row | ({"sha": sha, "text": text} if sha else {})) + b"\n")
    return History(path)


def test_the_commits_come_in_their_order(history: History) -> None:
    assert history.commits() == ["c1", "c2", "c3", "c4"]


@pytest.mark.parametrize(
    ("commit", "expected"),
    [
        ("c1", {"beds.md": "s1", "pay.md": "s2"}),
        ("c2", {"beds.md": "s3", "pay.md": "s2"}),
        ("c3", {"beds.md": "s3"}),
        ("c4", {"beds.md": "s3", "pay.md": "s2"}),
    ],
)
def test_what_there_was_after_each(
    history: History, connection: Connection, commit: str, expected: dict[str, str]
) -> None:
    found = HistoryFiles(SPEC, history, commit).entries(connection)
    assert {entry.key: entry.stamp for entry in found} == expected


def test_a_document_says_its_commit_and_time(history: History, connection: Connection) -> None:
    beds, _ = [entry.read() for entry in HistoryFiles(SPEC, history, "c4").entries(connection)]
    assert (beds.version, beds.changed_at, beds.text) == ("c2", 1_002_000_000, "# Beds\n\nClean.")


def test_a_commit_that_is_not_there_is_an_error(history: History) -> None:
    with pytest.raises(NotFoundError, match="c9"):
        history.at("c9")


@pytest.mark.parametrize(
    "content",
    [b"no gzip", gzip.compress(b'{"commit": "c1"}'), gzip.compress(b"{")],
    ids=["no gzip", "no change", "no JSON"],
)
def test_a_file_that_is_no_history_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="no recorded history"):
        History(path)


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_end_of_a_real_history_is_what_lies_in_its_folder(
    shared_data: Path, connection: Connection, corpus: str
) -> None:
    folder = shared_data / "corpora" / corpus
    history = History(folder / "history.jsonl.gz")
    replayed = HistoryFiles(SPEC, history, history.commits()[-1])
    spec = SourceSpec.model_validate({"name": "files", "folder": {"path": folder / "head"}})
    there = FolderFiles(spec, ManualClock(2**60))
    found, expected = ({entry.key: entry for entry in one.entries(connection)} for one in (replayed, there))
    assert list(found) == list(expected)
    assert [found[key].read().text for key in list(found)[:5]] == [expected[key].read().text for key in list(found)[:5]]
