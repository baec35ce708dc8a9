"""Which reader reads which file, what no reader is given, and the encodings of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import PurePosixPath

from rag.document import UnreadableError
from rag.readers.docx import read_docx
from rag.readers.html import read_html
from rag.readers.markdown import read_markdown
from rag.readers.parsed import Parsed, as_prose, title_of
from rag.readers.pdf import read_pdf
from rag.readers.rst import read_rst
from substrate.sources.encoding import UTF8, detect, sample

MAX_BYTES = 64 << 20
"""A larger file is held: it is data, or holds pictures only."""

MAX_TEXT = 4_000_000
"""A document with more characters is held: nobody reads three thousand pages as one."""

SCHEMA = 1
"""Grows whenever the readers make another text of the same file."""

_LONGEST_TITLE = 500  # characters; it stands above every passage
_POINTER = b"version https://git-lfs.github.com/spec/"
_BLOCK = 1 << 16
_ODD_SHARE = 100  # one control character in so many makes a text none
_ODD = bytes([*range(9), *range(14, 27), *range(28, 32), 127])
_WITHOUT_ODD = dict.fromkeys(_ODD)
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"\x7fELF")
_LIBRARIES = ("markdown-it-py", "docutils", "markdownify", "beautifulsoup4", "pypdf", "mammoth", "charset-normalizer")


def _read_text(text: str, name: str) -> Parsed:
    return Parsed(title_of(name), as_prose(text))


_TEXTS: dict[str, Callable[[str, str], Parsed]] = {
    ".md": read_markdown,
    ".mdx": read_markdown,
    ".markdown": read_markdown,
    ".rst": read_rst,
    ".html": read_html,
    ".htm": read_html,
    ".txt": _read_text,
}
_FILES: dict[str, Callable[[bytes, str], Parsed]] = {".pdf": read_pdf, ".docx": read_docx}

SUFFIXES = frozenset({*_TEXTS, *_FILES})
"""The ends of names, in lower case, that there is a reader for."""


def read_file(data: bytes, name: str) -> Parsed:
    """The title and text of a file.

    Args:
        data: its bytes.
        name: its path, which says what it is, and what it is called where it does not say so itself.

    Raises:
        UnreadableError: it cannot be read, or says nothing that could be read.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise UnreadableError("unknown_kind", f"there is no reader for {suffix or 'a name without an end'}")
    if len(data) > MAX_BYTES:
        raise UnreadableError("too_large", f"it has {len(data):,} bytes; at most {MAX_BYTES:,} are read")
    if data.startswith(_POINTER):
        raise UnreadableError("not_here", "git LFS keeps its content elsewhere; fetch it with git lfs pull")
    try:
        parsed = _FILES[suffix](data, name) if suffix in _FILES else _TEXTS[suffix](_text_of(data), name)
    except UnreadableError:
        raise
    except Exception as error:  # parsers given a stranger's bytes raise whatever they like
        raise UnreadableError("broken", f"its {suffix[1:]} cannot be read ({type(error).__name__})") from error
    if len(parsed.markdown) > MAX_TEXT:
        raise _too_long(len(parsed.markdown))
    return Parsed(_writable(parsed.title)[:_LONGEST_TITLE], _writable(parsed.markdown))


def _writable(text: str) -> str:
    """A text that every database takes: PDF and HTML may say half of a sign, or the sign that ends a text."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def fingerprint() -> str:
    """Names the readers and their libraries; changes when the same file may give another text."""
    return " ".join([f"readers {SCHEMA}", *(f"{name} {version(name)}" for name in _LIBRARIES)])


def _text_of(data: bytes) -> str:
    if data.startswith(_MAGIC):
        raise UnreadableError("not_text", "it is called a text, and is a picture, an archive or another binary file")
    encoding = _encoding(data)
    text = data.decode(encoding, "replace").removeprefix("\ufeff")
    if len(text) > MAX_TEXT:
        raise _too_long(len(text))
    plain = text.translate(_WITHOUT_ODD)
    if (len(text) - len(plain)) * _ODD_SHARE > len(text):
        raise UnreadableError("not_text", "it is called a text, and is full of control characters")
    return plain.replace("\r\n", "\n").replace("\r", "\n")


def _encoding(data: bytes) -> str:
    if b"\0" not in data:
        try:
            data.decode(UTF8)
        except UnicodeDecodeError:
            pass
        else:
            return UTF8
    return detect(sample(_blocks(data)), is_json=False)


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK))


def _too_long(length: int) -> UnreadableError:
    return UnreadableError("too_large", f"its text has {length:,} characters; at most {MAX_TEXT:,} are read")
