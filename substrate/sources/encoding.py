"""In which encoding a file's text is written, and that text as UTF-8 bytes."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from charset_normalizer import from_bytes

UTF8 = "utf-8"
_SAMPLE = 1 << 18
_SEARCH = 256  # blocks to look through for the first byte beyond ASCII
_STRAY = 2  # so many bad characters in a JSON file are damage, not another encoding (JSON is UTF-8)
_LEGACY = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"]
_LEGACY += ["shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "cp850", "mac_roman"]
_BOMS = [(codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")]


def sample(blocks: Iterable[bytes]) -> bytes:
    """The beginning of a text; where that is all ASCII, also the first block that is not."""
    head = b""
    for number, block in enumerate(blocks):
        if len(head) < _SAMPLE:
            head += block
        elif not block.isascii():
            return head[:_SAMPLE] + block
        if number >= _SEARCH or not head.isascii():
            break
    return head


def detect(text: bytes, *, is_json: bool) -> str:
    """The encoding of a sample: by its mark, by its zeros, as UTF-8 if it can be, else by its statistics."""
    for mark, name in _BOMS:
        if text.startswith(mark):
            return name
    if zeros := _utf16_by_zeros(text):
        return zeros
    good, bad = _utf8_score(text)
    if bad <= (max(good, _STRAY) if is_json else good):
        return UTF8
    best = from_bytes(text[:_SAMPLE], cp_isolation=_LEGACY).best()
    return best.encoding if best is not None else UTF8


def as_utf8(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The same text as UTF-8 without a mark; a byte that does not decode stays, and is invalid UTF-8 there."""
    if encoding == UTF8:
        yield from _without_mark(blocks)
        return
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    texts = (decoder.decode(block).encode(UTF8, "surrogateescape") for block in blocks)
    yield from _without_mark(texts)
    yield decoder.decode(b"", final=True).encode(UTF8, "surrogateescape")


def as_received(line: bytes, encoding: str) -> bytes:
    """The bytes that `as_utf8` made this line from."""
    if encoding == UTF8:
        return line
    return line.decode(UTF8, "surrogateescape").encode(encoding, "surrogateescape")


def _without_mark(blocks: Iterable[bytes]) -> Iterator[bytes]:
    pending: bytes | None = b""
    for block in blocks:
        if pending is None:
            yield block
            continue
        pending += block
        if len(pending) >= len(codecs.BOM_UTF8):
            yield pending.removeprefix(codecs.BOM_UTF8)
            pending = None
    if pending:
        yield pending


def _utf16_by_zeros(text: bytes) -> str | None:
    """UTF-16 without a mark: nearly every second byte of Western text or JSON syntax is zero."""
    even, odd = text[0:2000:2].count(0), text[1:2000:2].count(0)
    half = min(len(text), 2000) // 2
    if half >= 2 and odd > half * 0.6 and even < half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if half >= 2 and even > half * 0.6 and odd < half * 0.1 else None


def _utf8_score(text: bytes) -> tuple[int, int]:
    """How many characters beyond ASCII are good UTF-8, and how many are not."""
    if text.isascii():
        return 0, 0
    decoded = codecs.getincrementaldecoder(UTF8)("surrogateescape").decode(text)
    beyond = [char for char in decoded if char > "\x7f"]
    bad = sum("\udc80" <= char <= "\udcff" for char in beyond)
    return len(beyond) - bad, bad
