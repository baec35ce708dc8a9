"""Interchange files: rows like the API's, references within a file, and documents that are broken or mean harm."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from substrate.sources.edfi.interchange import EdfiXmlOptions, opened_interchange
from substrate.sources.source import Fault, Page, Row

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<InterchangeStudent xmlns="http://ed-fi.org/5.2.0">\n'
TAIL = "</InterchangeStudent>\n"
UNA = "<Student><StudentUniqueId>1</StudentUniqueId><Name><FirstName>Una</FirstName></Name></Student>\n"
MOTHER = '<Contact id="C1"><ContactUniqueId>9</ContactUniqueId></Contact>\n'
ANSWERS = (
    "<StudentContactAssociation><StudentReference><StudentIdentity><StudentUniqueId>1</StudentUniqueId>"
    '</StudentIdentity></StudentReference><ContactReference ref="C1"/></StudentContactAssociation>\n'
)


def read(folder: Path, text: str | bytes, name: str = "Student.xml", **options: Any) -> tuple[list[Row], list[Page]]:
    """What a read of one file gives."""
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with opened_interchange("sis", EdfiXmlOptions(path=folder, **{"mode": "bulk", **options})) as source:
        pages = list(source.read(None, 1))
    return [row for page in pages for row in page.rows], pages


def test_element_is_a_row_under_the_apis_name(tmp_path: Path) -> None:
    rows, pages = read(tmp_path, HEAD + UNA + TAIL)
    assert [(row.kind, row.line, row.payload) for row in rows] == [
        ("students", 3, {"studentUniqueId": "1", "firstName": "Una"})
    ]
    assert rows[0].raw == UNA.strip().encode()
    assert pages[-1].complete == {"students"}


@pytest.mark.parametrize("text", [HEAD + MOTHER + ANSWERS + TAIL, HEAD + ANSWERS + MOTHER + TAIL])
def test_reference_by_id_is_resolved_wherever_its_element_stands(tmp_path: Path, text: str) -> None:
    row = next(row for row in read(tmp_path, text)[0] if row.kind == "studentContactAssociations")
    assert (row.payload or {})["contactReference"] == {"ref": "C1", "contactUniqueId": "9"}


def test_reference_to_nothing_is_a_faulty_row(tmp_path: Path) -> None:
    rows, pages = read(tmp_path, HEAD + ANSWERS + TAIL)
    assert [(row.fault, row.detail) for row in rows] == [
        (Fault.BAD_REFERENCE, "contactReference points at no element of the file")
    ]
    assert pages[-1].complete == frozenset()


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x><Student>&b;</Student></x>'
OUTSIDE = '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x><Student/></x>'


@pytest.mark.parametrize("text", [BOMB, OUTSIDE])
def test_document_type_is_refused(tmp_path: Path, text: str) -> None:
    rows, _ = read(tmp_path, text)
    assert [(row.fault, row.payload) for row in rows] == [(Fault.UNREADABLE, None)]
    assert "document type" in rows[0].detail


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEAD + UNA + UNA[:40], Fault.TRUNCATED),
        (HEAD + UNA, Fault.TRUNCATED),
        (HEAD + UNA + "<Student><a></b>", Fault.UNREADABLE),
        (HEAD + UNA + "<Student>&nope;</Student>" + TAIL, Fault.UNREADABLE),
        (HEAD + UNA + "<a>" * 200, Fault.UNREADABLE),
    ],
)
def test_broken_document_gives_what_was_good_and_is_not_whole(tmp_path: Path, text: str, fault: Fault) -> None:
    rows, pages = read(tmp_path, text)
    assert [row.fault for row in rows] == [None, fault]
    assert pages[-1].complete == frozenset()


def test_element_that_is_too_large_is_a_faulty_row_and_the_rest_is_read(tmp_path: Path) -> None:
    large = "<Student><Name><FirstName>" + "x" * 3_000_000 + "</FirstName></Name></Student>\n"
    rows, _ = read(tmp_path, HEAD + large + UNA + TAIL, max_element_bytes=1 << 20)
    assert [row.fault for row in rows] == [Fault.TOO_LARGE, None]
    assert len(rows[0].raw) <= 1 << 16


def test_elements_across_blocks_keep_their_bytes(tmp_path: Path) -> None:
    many = "".join(UNA.replace(">1<", f">{number}<") for number in range(4_000))
    rows, _ = read(tmp_path, gzip.compress((HEAD + many + TAIL).encode()), "Student.xml.gz")
    assert len(rows) == 4_000
    assert all(row.raw == UNA.strip().replace(">1<", f">{number}<").encode() for number, row in enumerate(rows))


def test_torn_gzip_is_not_whole(tmp_path: Path) -> None:
    packed = gzip.compress((HEAD + UNA * 20_000 + TAIL).encode())
    rows, pages = read(tmp_path, packed[: len(packed) // 2], "Student.xml.gz")
    assert rows[-1].fault is Fault.TRUNCATED
    assert pages[-1].complete == frozenset()


def test_other_encodings_are_read(tmp_path: Path) -> None:
    text = HEAD.replace("UTF-8", "UTF-16") + UNA.replace("Una", "Żółć") + TAIL
    assert [(row.payload or {})["firstName"] for row in read(tmp_path, text.encode("utf-16"))[0]] == ["Żółć"]


def test_only_wanted_resources_are_given(tmp_path: Path) -> None:
    rows, pages = read(tmp_path, HEAD + MOTHER + UNA + TAIL, kinds=("students",))
    assert [row.kind for row in rows] == ["students"]
    assert pages[-1].complete == {"students"}
