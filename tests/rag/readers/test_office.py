"""PDF and DOCX become Markdown with their headings and pages; what cannot be read says why."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

import docx
import pytest
from fpdf import FPDF

from rag.document import UnreadableError
from rag.readers.reading import read_file


def pdf(
    *, outline: bool = True, pages: tuple[str, ...] = ("Clean the beds.", "Pay monthly."), secret: str = ""
) -> bytes:
    made = FPDF()
    made.set_font("Helvetica")
    if secret:
        made.set_encryption(owner_password="owner", user_password=secret)
    for number, text in enumerate(pages):
        made.add_page()
        if outline:
            made.start_section(f"Chapter {number + 1}")
        made.multi_cell(0, 10, text)
    return bytes(made.output())


def word() -> bytes:
    made = docx.Document()
    made.add_heading("Ward manual", 0)
    made.add_heading("Beds", 1)
    made.add_paragraph("Clean them daily.")
    made.add_paragraph("first", style="List Bullet")
    table = made.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("Bed", "Ward", "B1", "W1"), strict=True):
        cell.text = text
    return saved(made)


def saved(made: Any) -> bytes:
    buffer = BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def held(data: bytes, name: str) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        read_file(data, name)
    return caught.value


def outcome(data: bytes, name: str) -> str:
    try:
        read_file(data, name)
    except UnreadableError as error:
        return error.reason
    return "read"


def test_a_pdf_says_chapter_and_page() -> None:
    expected = "# Chapter 1\n\n## Page 1\n\nClean the beds.\n\n# Chapter 2\n\n## Page 2\n\nPay monthly."
    assert read_file(pdf(), "manual.pdf").markdown == expected


def test_a_pdf_without_outline_says_the_page() -> None:
    assert read_file(pdf(outline=False), "manual.pdf").markdown.startswith("# Page 1\n\nClean")


def test_lines_of_a_pdf_are_no_markup() -> None:
    assert "\\# Not a heading" in read_file(pdf(outline=False, pages=("# Not a heading",)), "a.pdf").markdown


def test_a_pdf_with_a_password_is_held() -> None:
    assert held(pdf(secret="x"), "manual.pdf").reason == "encrypted"


def test_a_pdf_of_pictures_is_held() -> None:
    error = held(pdf(outline=False, pages=("", "")), "scan.pdf")
    assert (error.reason, "none of its 2 pages" in error.detail) == ("no_text", True)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_pdf_that_was_cut_short_is_held_or_read(share: float) -> None:
    whole = pdf()
    assert outcome(whole[: int(len(whole) * share)], "manual.pdf") in {"broken", "no_text", "read"}


def test_a_docx_keeps_headings_lists_and_tables() -> None:
    parsed = read_file(word(), "manual.docx")
    assert parsed.title == "Ward manual"
    for said in (
        "# Ward manual",
        "# Beds\n\nClean them daily.",
        "- first",
        "| Bed | Ward |\n| --- | --- |\n| B1 | W1 |",
    ):
        assert said in parsed.markdown


def test_an_empty_docx_is_held() -> None:
    assert held(saved(docx.Document()), "empty.docx").reason == "no_text"


def test_an_old_or_encrypted_office_file_is_held() -> None:
    assert held(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "old.docx").reason == "encrypted"


def rewritten(change: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(word())) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change.get(name, old.read(name)))
        for name in change.keys() - set(old.namelist()):
            new.writestr(name, change[name])
    return buffer.getvalue()


def test_a_docx_that_grows_beyond_measure_is_held_unopened() -> None:
    assert held(rewritten({"word/bomb.xml": bytes(80 << 20)}), "bomb.docx").reason == "too_large"


def test_entities_that_grow_beyond_measure_are_held() -> None:
    entities = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "lol">{entities}]><x>&a11;</x>'
    assert held(rewritten({"word/document.xml": bomb.encode()}), "bomb.docx").reason == "broken"


@pytest.mark.parametrize("name", ["a.pdf", "a.docx"])
def test_what_is_none_is_held(name: str) -> None:
    assert held(b"# only text", name).reason == "broken"
