"""PDF as Markdown: a heading a page, below those of the outline, so that a quotation says on which page it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from rag.document import UnreadableError
from rag.readers.parsed import Parsed, as_prose, title_of

_MAX_PAGES = 3_000
_DEEPEST = 4  # levels of the outline; the page's own heading comes below
_LONGEST = 4_000_000  # characters, as of other documents
_HYPHEN = re.compile(r"(?<=[a-z])-\n(?=[a-z])")


def read_pdf(data: bytes, name: str) -> Parsed:
    """A PDF's text, page by page.

    Raises:
        UnreadableError: it is encrypted, broken, has too many pages, or holds pictures of text only.
    """
    reader = _opened(data)
    if len(reader.pages) > _MAX_PAGES:
        raise UnreadableError("too_large", f"it has {len(reader.pages):,} pages; at most {_MAX_PAGES:,} are read")
    marks = _outline(reader)
    parts: list[str] = []
    said, length = False, 0
    for number, page in enumerate(reader.pages, 1):
        text = as_prose(_HYPHEN.sub("", page.extract_text() or "")).strip()
        said = said or bool(text)
        level = next((depth for at, depth, _ in reversed(marks) if at < number), 0)
        parts += [f"{'#' * depth} {title}" for at, depth, title in marks if at == number - 1]
        parts += [f"{'#' * (level + 1)} Page {number}", text] if text else []
        length += len(text)
        if length > _LONGEST:
            # A small file may show one large page three thousand times.
            raise UnreadableError("too_large", f"its text has more than {_LONGEST:,} characters")
    if not said:
        detail = f"none of its {len(reader.pages)} pages holds text; if it was scanned, have its text recognised first"
        raise UnreadableError("no_text", detail)
    return Parsed(_title(reader) or title_of(name), "\n\n".join(parts))


def _opened(data: bytes) -> PdfReader:
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("encrypted", "it asks for a password; save it without one")
    except PyPdfError as error:
        raise UnreadableError("broken", f"it is no PDF that can be read ({type(error).__name__})") from error
    return reader


def _title(reader: PdfReader) -> str:
    title = reader.metadata.title if reader.metadata is not None else None
    return " ".join(str(title or "").split())


def _outline(reader: PdfReader) -> list[tuple[int, int, str]]:
    """The headings of the outline: the page that each begins on, from 0, its level and its words."""
    return sorted(_walked(reader, reader.outline, 1), key=lambda mark: mark[0])


def _walked(reader: PdfReader, items: Iterable[Any], level: int) -> Iterator[tuple[int, int, str]]:
    for item in items:
        if isinstance(item, list):
            yield from _walked(reader, item, min(level + 1, _DEEPEST))
            continue
        page = reader.get_destination_page_number(item)
        words = " ".join(str(item.title or "").split())
        if page is not None and page >= 0 and words:
            yield page, level, words
