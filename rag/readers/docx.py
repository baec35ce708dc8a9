"""DOCX as Markdown, by way of HTML: `mammoth` knows what Word's styles mean."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

import mammoth

from rag.document import UnreadableError
from rag.readers.html import read_html
from rag.readers.parsed import Parsed

_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_MAX_PARTS = 5_000
_MAX_UNPACKED = 256 << 20  # pictures among it, which are never unpacked
_MAX_XML = 64 << 20
_STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"


def read_docx(data: bytes, name: str) -> Parsed:
    """A Word document; pictures become their words, and nothing that it refers to is opened.

    Raises:
        UnreadableError: it is encrypted, none, or grows beyond all measure when it is unpacked.
    """
    _examine(data)
    result = mammoth.convert_to_html(
        BytesIO(data), convert_image=_picture, style_map=_STYLES, external_file_access=False
    )
    parsed = read_html(str(result.value), name)
    if not parsed.markdown:
        raise UnreadableError("no_text", "it holds no text")
    return parsed


def _picture(image: Any) -> list[Any]:
    return [mammoth.html.text(image.alt_text)] if image.alt_text else []


def _examine(data: bytes) -> None:
    if data.startswith(_OLD_OFFICE):
        raise UnreadableError("encrypted", "it is encrypted, or an old .doc; save it as .docx without a password")
    try:
        with ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
    except BadZipFile:
        raise UnreadableError("broken", "it is no DOCX file") from None
    unpacked = sum(part.file_size for part in parts)
    xml = sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels")))
    if len(parts) > _MAX_PARTS or unpacked > _MAX_UNPACKED or xml > _MAX_XML:
        raise UnreadableError("too_large", f"its {len(parts):,} parts would take {unpacked:,} bytes")
