"""The folder source: what it picks up, what it remembers, and what it says when a file is not right."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from substrate.errors import SourceError
from substrate.sources.folder import FolderOptions, FolderSource
from substrate.sources.ignored import Why
from substrate.sources.source import Cursor, Fault, Page, Row

NOW = 1_700_000_000_000_000
Drop = Callable[..., Path]


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    """Write a file into the folder; a `.gz` name compresses it."""

    def write(name: str, content: str | bytes) -> Path:
        data = content.encode() if isinstance(content, str) else content
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


def source(folder: Path, **options: Any) -> FolderSource:
    return FolderSource("drop", FolderOptions(path=folder, **options))


def read(folder: Path, cursor: Cursor | None = None, **options: Any) -> list[Page]:
    return list(source(folder, **options).read(cursor, NOW))


def rows(folder: Path, **options: Any) -> list[Row]:
    return [row for page in read(folder, **options) for row in page.rows]


def faults(found: list[Row]) -> list[Fault | None]:
    return [row.fault for row in found]


def patient(key: str, **more: Any) -> str:
    return f'{{"resourceType":"Patient","id":"{key}"}}\n'


def test_kind_comes_from_the_record_before_the_name(tmp_path: Path, drop: Drop) -> None:
    drop("Whatever.000.ndjson.gz", patient("1") + '{"id":"2"}\n')
    assert [row.kind for row in rows(tmp_path)] == ["Patient", "Whatever"]


def test_a_row_says_where_it_was(tmp_path: Path, drop: Drop) -> None:
    drop("a/Patient.ndjson", "\n" + patient("1"))
    (row,) = rows(tmp_path)
    assert (row.place, row.line, row.raw) == ("a/Patient.ndjson", 2, patient("1").strip().encode())


def test_unchanged_file_is_skipped_with_its_count(tmp_path: Path, drop: Drop) -> None:
    drop("Patient.ndjson", patient("1") + patient("2"))
    first = read(tmp_path)[-1]
    (again,) = read(tmp_path, first.cursor)
    assert again.rows == ()
    assert [(skip.kind, skip.rows) for skip in again.skipped] == [("Patient", 2)]


def test_same_size_and_time_but_other_content_is_read(tmp_path: Path, drop: Drop) -> None:
    path = drop("Patient.ndjson", patient("1"))
    stat = path.stat()
    first = read(tmp_path)[-1]
    drop("Patient.ndjson", patient("2"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert [row.payload["id"] for row in read(tmp_path, first.cursor)[0].rows if row.payload] == ["2"]


def test_cut_off_read_goes_on_at_its_row(tmp_path: Path, drop: Drop) -> None:
    drop("Patient.ndjson", "".join(patient(str(number)) for number in range(10)))
    first = next(iter(source(tmp_path, page_rows=4).read(None, NOW)))
    rest = [row.line for page in read(tmp_path, first.cursor, page_rows=4) for row in page.rows]
    assert rest == [5, 6, 7, 8, 9, 10]


def test_unfinished_hidden_and_leftover_files_are_listed_not_read(tmp_path: Path, drop: Drop) -> None:
    for name in (".hid.ndjson", "a.ndjson.part", "b.csv~", "log.ndjson", "README.md"):
        drop(name, "{}")
    found = source(tmp_path)
    assert [page.rows for page in found.read(None, NOW)] == [()]
    assert {ignored.place: ignored.why for ignored in found.ignored} == {
        ".hid.ndjson": Why.HIDDEN,
        "a.ndjson.part": Why.UNFINISHED,
        "b.csv~": Why.UNFINISHED,
        "log.ndjson": Why.EXPORT_LEFTOVER,
        "README.md": Why.NOT_A_FORMAT,
    }


def test_young_file_is_left_to_settle(tmp_path: Path, drop: Drop) -> None:
    path = drop("Patient.ndjson", patient("1"))
    os.utime(path, ns=(0, (NOW - 2_000_000) * 1000))
    assert rows(tmp_path, settle_seconds=5) == []
    assert len(rows(tmp_path, settle_seconds=1)) == 1


@pytest.mark.parametrize("mark", ["Patient.ndjson.done", "_SUCCESS", ".done"])
def test_done_mark_is_waited_for(tmp_path: Path, drop: Drop, mark: str) -> None:
    drop("Patient.ndjson", patient("1"))
    assert rows(tmp_path, require_done=True) == []
    drop(mark, "")
    assert len(rows(tmp_path, require_done=True)) == 1


def test_kinds_not_wanted_are_listed_without_being_parsed(tmp_path: Path, drop: Drop) -> None:
    drop("Claim.ndjson", "not json at all")
    drop("Patient.ndjson", patient("1"))
    found = source(tmp_path, kinds=("Patient",))
    assert [len(page.rows) for page in found.read(None, NOW)] == [1]
    assert [(ignored.place, ignored.why) for ignored in found.ignored] == [("Claim.ndjson", Why.KIND_NOT_WANTED)]


def test_parents_come_first(tmp_path: Path, drop: Drop) -> None:
    for kind in ("Encounter", "Patient", "Account"):
        drop(f"{kind}.ndjson", f'{{"resourceType":"{kind}","id":"1"}}\n')
    assert [row.kind for row in rows(tmp_path, order=("Patient",))] == ["Patient", "Account", "Encounter"]


def test_bad_line_is_a_faulty_row_and_the_rest_goes_on(tmp_path: Path, drop: Drop) -> None:
    drop("Patient.ndjson", b'{"id":\n{"id":"\xff"}\n[1]\n{"resourceType":7}\n' + patient("1").encode())
    assert faults(rows(tmp_path)) == [
        Fault.BAD_JSON,
        Fault.BAD_ENCODING,
        Fault.NOT_AN_OBJECT,
        Fault.NO_TYPE,
        None,
    ]


def test_line_that_is_too_long_is_a_faulty_row(tmp_path: Path, drop: Drop) -> None:
    drop("Patient.ndjson", '{"id":"' + "x" * 3_000_000 + '"}\n' + patient("1"))
    long, fine = rows(tmp_path, max_line_bytes=1_000_000)
    assert (long.fault, fine.fault, len(long.raw)) == (Fault.TOO_LARGE, None, 65_536)
    assert "3000009 bytes" in long.detail


def test_torn_gzip_gives_its_good_rows_and_is_read_again(tmp_path: Path, drop: Drop) -> None:
    path = drop("Patient.ndjson.gz", "".join(patient(os.urandom(8).hex()) for _ in range(20_000)))
    path.write_bytes(path.read_bytes()[:-2000])
    pages = read(tmp_path)
    found = [row for page in pages for row in page.rows]
    assert found[-1].fault is Fault.TRUNCATED
    assert len(found) > 10_000
    assert len([row for page in read(tmp_path, pages[-1].cursor) for row in page.rows]) == len(found)


def test_torn_file_is_read_whole_once_it_is_mended(tmp_path: Path, drop: Drop) -> None:
    drop("Patient.ndjson", patient("1") + '{"resourceType":"Pat')
    torn = read(tmp_path, page_rows=2)[-1]
    drop("Patient.ndjson", patient("1") + patient("2"))
    mended = read(tmp_path, torn.cursor)[-1]
    assert faults(list(mended.rows)) == [None, None]


def test_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path, drop: Drop) -> None:
    drop("Patient.ndjson", "".join(patient(str(number)) for number in range(10)))
    found = source(tmp_path, page_rows=4)
    pages = iter(found.read(None, NOW))
    next(pages)
    drop("Patient.ndjson", patient("new"))
    last = list(pages)[-1]
    assert [ignored.why for ignored in found.ignored] == [Why.CHANGED_WHILE_READ]
    assert [row.payload for row in read(tmp_path, last.cursor)[0].rows] == [{"resourceType": "Patient", "id": "new"}]


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"there is no folder .*/nowhere"):
        rows(tmp_path / "nowhere")


def test_memory_of_a_page_is_bounded(tmp_path: Path, drop: Drop) -> None:
    drop("Patient.ndjson", "".join(patient("x" * 1000 + str(number)) for number in range(100)))
    assert max(len(page.rows) for page in read(tmp_path, page_bytes=10_000)) <= 10


def test_estimate_is_near_and_falls_to_nothing(tmp_path: Path, drop: Drop) -> None:
    drop("Patient.ndjson", patient("1") * 1000)
    found = source(tmp_path)
    assert found.estimate(None) == 1000
    assert found.estimate(list(found.read(None, NOW))[-1].cursor) == 0
