"""A drop folder of exports: order, manifests, what is gone, users made whole, and archives that mean harm."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from substrate.errors import SourceError
from substrate.sources.ignored import Why
from substrate.sources.oneroster.drop import OneRosterCsvOptions, OneRosterCsvSource
from substrate.sources.source import Cursor, Fault, Page, Row

ORGS = "sourcedId,status,dateLastModified,name,type\n"
USERS = "sourcedId,status,dateLastModified,givenName,role,orgSourcedIds\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty drop folder."""
    made = tmp_path / "drop"
    made.mkdir()
    return made


def zipped(folder: Path, name: str, mode: str = "bulk", **files: str) -> Path:
    """An export with its manifest."""
    listed = "".join(f"file.{stem},{mode}\n" for stem in files)
    texts = {f"{stem}.csv": text for stem, text in files.items()}
    texts["manifest.csv"] = f"propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n{listed}"
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in texts.items():
            archive.writestr(member, text)
    return folder / name


def read(
    folder: Path, cursor: Cursor | None = None, **options: Any
) -> tuple[list[Row], list[Page], OneRosterCsvSource]:
    """What one read gives."""
    source = OneRosterCsvSource("drop", OneRosterCsvOptions(path=folder, **options))
    pages = list(source.read(cursor, 1))
    return [row for page in pages for row in page.rows], pages, source


def told(rows: list[Row]) -> list[tuple[str, str]]:
    """Kind and key of rows, a deleted key with a minus."""
    return [
        (row.kind, f"-{row.deleted_key}" if row.deleted_key else (row.payload or {}).get("sourcedId", "?"))
        for row in rows
    ]


def why(source: OneRosterCsvSource) -> list[tuple[str, Why]]:
    """What was left, and why."""
    return [(ignored.place, ignored.why) for ignored in source.ignored]


def complete(pages: list[Page]) -> frozenset[str]:
    """What was said to be complete."""
    return frozenset[str]().union(*(page.complete for page in pages))


def test_bulk_then_delta_in_order_of_names(folder: Path) -> None:
    zipped(folder, "2-delta.zip", "delta", orgs=ORGS + "b,tobedeleted,2026-01-02T00:00:00Z,B,school\n")
    zipped(folder, "1-bulk.zip", "bulk", orgs=ORGS + "a,,,A,school\nb,,,B,school\n")
    rows, pages, _ = read(folder)
    assert told(rows) == [("orgs", "a"), ("orgs", "b"), ("orgs", "-b")]
    assert complete(pages) == {"orgs"}


def test_delta_alone_concludes_nothing(folder: Path) -> None:
    zipped(folder, "1.zip", "delta", orgs=ORGS + "a,active,2026-01-02T00:00:00Z,A,school\n")
    assert complete(read(folder)[1]) == frozenset()


def test_bulk_replaces_what_came_before_it(folder: Path) -> None:
    zipped(folder, "1.zip", "bulk", orgs=ORGS + "a,,,A,school\n")
    zipped(folder, "2.zip", "bulk", orgs=ORGS + "b,,,B,school\n")
    rows, _, source = read(folder)
    assert told(rows) == [("orgs", "b")]
    assert why(source) == [("1.zip/orgs.csv", Why.SUPERSEDED)]


def test_export_that_comes_late_brings_those_after_it_again(folder: Path) -> None:
    zipped(folder, "1.zip", "bulk", orgs=ORGS + "a,,,A,school\n")
    zipped(folder, "3.zip", "delta", orgs=ORGS + "a,active,,A3,school\n")
    cursor = read(folder)[1][-1].cursor
    zipped(folder, "2.zip", "delta", orgs=ORGS + "a,active,,A2,school\n")
    names = [(row.payload or {})["name"] for row in read(folder, cursor)[0]]
    assert names == ["A2", "A3"]


def test_incomplete_zip_holds_back_those_after_it(folder: Path) -> None:
    whole = zipped(folder, "1.zip", "delta", orgs=ORGS + "a,active,,A,school\n").read_bytes()
    (folder / "1.zip").write_bytes(whole[:-9])
    zipped(folder, "2.zip", "delta", orgs=ORGS + "a,active,,A2,school\n")
    rows, pages, source = read(folder)
    assert (rows, why(source)) == ([], [("1.zip", Why.INCOMPLETE), ("2.zip", Why.WAITING)])
    (folder / "1.zip").write_bytes(whole)
    assert len(read(folder, pages[-1].cursor)[0]) == 2


def test_incomplete_zip_does_not_hold_back_one_that_starts_anew(folder: Path) -> None:
    (folder / "1.zip").write_bytes(b"PK\x03\x04 cut")
    zipped(folder, "2.zip", "bulk", orgs=ORGS + "a,,,A,school\n")
    assert told(read(folder)[0]) == [("orgs", "a")]


def test_file_that_the_manifest_names_must_be_there(folder: Path) -> None:
    zipped(folder, "1.zip", orgs=ORGS + "a,,,A,school\n")
    (folder / "x").mkdir()
    (folder / "x/manifest.csv").write_text("propertyName,value\nfile.users,bulk\nfile.orgs,bulk\n")
    (folder / "x/orgs.csv").write_text(ORGS + "a,,,A,school\n")
    assert [ignored.detail for ignored in read(folder)[2].ignored] == ["x lacks users, which its manifest names"]


def test_file_that_the_manifest_calls_absent_is_not_read(folder: Path) -> None:
    (folder / "manifest.csv").write_text("propertyName,value\nfile.users,absent\nfile.orgs,bulk\n")
    (folder / "orgs.csv").write_text(ORGS + "a,,,A,school\n")
    (folder / "users.csv").write_text(USERS + "u,,,U,student,a\n")
    rows, _, source = read(folder)
    assert (told(rows), why(source)) == ([("orgs", "a")], [("users.csv", Why.KIND_NOT_WANTED)])


def test_without_a_manifest_nothing_is_taken_for_gone_unless_we_say_so(folder: Path) -> None:
    (folder / "orgs.csv").write_text(ORGS + "a,,,A,school\n")
    assert complete(read(folder)[1]) == frozenset()
    assert complete(read(folder, mode="bulk")[1]) == {"orgs"}


def test_bulk_file_with_a_row_that_cannot_be_read_is_not_whole(folder: Path) -> None:
    zipped(folder, "1.zip", orgs=ORGS + "a,,,A,school\nb,,\n", classes="sourcedId,title\nc,C\n")
    rows, pages, _ = read(folder)
    assert [row.fault for row in rows] == [None, Fault.BAD_COLUMNS, None]
    assert complete(pages) == {"classes"}


def test_bulk_file_without_rows_or_cut_short_is_not_whole(folder: Path) -> None:
    zipped(folder, "1.zip", orgs=ORGS)
    (folder / "2").mkdir()
    (folder / "2/manifest.csv").write_text("propertyName,value\nfile.classes,bulk\n")
    (folder / "2/classes.csv").write_text("sourcedId,title\nc,Cut")
    _, pages, source = read(folder)
    assert complete(pages) == frozenset()
    assert Why.NO_FINAL_NEWLINE in [ignored.why for ignored in source.ignored]


@pytest.mark.parametrize(
    "header",
    ["\ufeffSourcedId,STATUS,datLastModified,Name,type", "sourcedId_cl,status_cl,dateLastModified_cl,name_cl,type_cl"],
)
def test_header_variants_bear_the_standards_names(folder: Path, header: str) -> None:
    zipped(folder, "1.zip", orgs=f"{header}\na,,,A,school\n")
    assert list(read(folder)[0][0].payload or {}) == ["sourcedId", "status", "dateLastModified", "name", "type"]


def test_file_names_are_known_in_any_case_and_one_folder_deep(folder: Path) -> None:
    with zipfile.ZipFile(folder / "1.zip", "w") as archive:
        archive.writestr("export/Academic_Sessions.CSV", "sourcedId\nt\n")
        archive.writestr("__MACOSX/._orgs.csv", "junk")
    assert told(read(folder)[0]) == [("academicSessions", "t")]


def test_repeated_keys_are_told_and_all_given(folder: Path) -> None:
    zipped(folder, "1.zip", orgs=ORGS + "a,,,A,school\na,,,B,school\n")
    rows, _, source = read(folder)
    assert len(rows) == 2
    assert [(ignored.why, ignored.detail[:6]) for ignored in source.ignored] == [(Why.DUPLICATE_KEYS, "1 rows")]


def test_unchanged_exports_are_skipped_and_counted(folder: Path) -> None:
    zipped(folder, "1.zip", orgs=ORGS + "a,,,A,school\nb,,,B,school\n")
    cursor = read(folder)[1][-1].cursor
    rows, pages, _ = read(folder, cursor)
    assert rows == []
    assert [(one.kind, one.rows) for page in pages for one in page.skipped] == [("orgs", 2)]


ROLES = "userSourcedId,orgSourcedId,role,roleType\n"


def test_roles_demographics_and_relationships_are_read_into_users(folder: Path) -> None:
    zipped(
        folder, "1.zip",
        users="sourcedId,givenName\nu,Una\ng,Gus\n",
        roles=ROLES + "u,s2,aide,secondary\nu,s1,student,primary\n",
        demographics="userSourcedId,birthDate,sex\nu,2010-01-02,female\n",
        relationships="userSourcedId,relationshipUserSourcedId,relationshipRole\nu,g,parent\n",
    )  # fmt: skip
    rows, pages, _ = read(folder)
    una, gus = (row.payload or {} for row in rows)
    assert (una["role"], una["orgSourcedIds"], una["metadata.birthDate"], una["agentSourcedIds"]) == (
        "student", "s1,s2", "2010-01-02", "g",
    )  # fmt: skip
    assert gus["role"] == "guardian"
    assert sum(one.rows for page in pages for one in page.skipped) == 4


def test_role_that_changes_alone_brings_its_user_again(folder: Path) -> None:
    zipped(folder, "1.zip", users="sourcedId,givenName\nu,Una\nv,Vic\n", roles=ROLES + "u,s1,student,\nv,s1,student,\n")
    cursor = read(folder)[1][-1].cursor
    zipped(folder, "2.zip", "delta", roles=ROLES + "u,s1,teacher,primary\n")
    rows, _, _ = read(folder, cursor)
    assert [(row.kind, (row.payload or {})["sourcedId"], (row.payload or {})["role"]) for row in rows] == [
        ("users", "u", "teacher")
    ]


def test_role_of_a_user_whom_no_file_holds_is_a_faulty_row(folder: Path) -> None:
    zipped(folder, "1.zip", users="sourcedId,givenName\nu,Una\n", roles=ROLES + "u,s1,student,\nx,s1,student,\n")
    rows, pages, _ = read(folder)
    assert [(row.kind, row.fault) for row in rows] == [("users", None), ("roles", Fault.BAD_REFERENCE)]
    assert sum(one.rows for page in pages for one in page.skipped) == 1


def refused(folder: Path) -> str:
    """Why the only export is refused."""
    rows, _, source = read(folder, max_bytes=1 << 20)
    assert rows == []
    assert [ignored.why for ignored in source.ignored] == [Why.REFUSED]
    return source.ignored[0].detail


@pytest.mark.parametrize(
    "name", ["../users.csv", "/etc/users.csv", "a/../../users.csv", "..\\users.csv", "C:/users.csv"]
)
def test_name_that_leads_out_of_the_zip_is_refused(folder: Path, name: str) -> None:
    with zipfile.ZipFile(folder / "1.zip", "w") as archive:
        archive.writestr("orgs.csv", ORGS + "a,,,A,school\n")
        archive.writestr(zipfile.ZipInfo(name), "x")
    assert "leads out" in refused(folder)


def test_zip_that_would_unpack_to_too_much_is_refused(folder: Path) -> None:
    with zipfile.ZipFile(folder / "1.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orgs.csv", b"0" * (2 << 20))
    assert (folder / "1.zip").stat().st_size < 5_000
    assert "2097152 bytes" in refused(folder)


def test_zip_that_lies_about_its_size_gives_no_more_than_it_says(folder: Path) -> None:
    zipped(folder, "1.zip", "bulk", orgs=ORGS + "a,,,A,school\n" * 2_000)
    raw = bytearray((folder / "1.zip").read_bytes())
    size = len(ORGS + "a,,,A,school\n" * 2_000).to_bytes(4, "little")
    place = raw.rindex(size)
    raw[place : place + 4] = (100).to_bytes(4, "little")
    (folder / "1.zip").write_bytes(raw)
    rows, pages, _ = read(folder)
    assert len(rows) < 10
    assert complete(pages) == frozenset()


def test_encrypted_zip_link_and_many_files_are_refused(folder: Path) -> None:
    raw = bytearray(zipped(folder, "1.zip", orgs=ORGS).read_bytes())
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        raw[raw.index(mark) + at] |= 1
    (folder / "1.zip").write_bytes(raw)
    assert "encrypted" in refused(folder)
    link = zipfile.ZipInfo("orgs.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(folder / "1.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "link" in refused(folder)


def test_two_files_of_one_kind_are_refused(folder: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/orgs.csv", ORGS)
        archive.writestr("b/orgs.csv", ORGS)
    (folder / "1.zip").write_bytes(buffer.getvalue())
    assert "two files of orgs" in refused(folder)


def test_damaged_member_gives_its_good_rows_and_is_not_whole(folder: Path) -> None:
    text = ORGS + "".join(f"{number},,,N{number},school\n" for number in range(8_000))
    raw = bytearray(zipped(folder, "1.zip", orgs=text).read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    (folder / "1.zip").write_bytes(raw)
    rows, pages, _ = read(folder)
    assert rows[-1].fault is not None
    assert complete(pages) == frozenset()


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no folder"):
        read(tmp_path / "no")
