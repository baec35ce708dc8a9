"""Text as it is compared: without case, accents and invisible signs, with the way back to where each sign stood."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Folded:
    """A text, folded.

    Attributes:
        text: what is compared.
        places: for each of its signs, where in the original it comes from; and the original's length at the end.
    """

    text: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original that a stretch of the folded text stands for."""
        return self.places[start], self.places[end - 1] + 1


def folded(text: str) -> Folded:
    """A text without what makes the same words look different: `Ｊosé` and `JOSE` are one."""
    if text.isascii():
        return Folded(bare(text), tuple(range(len(text) + 1)))
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        shown = _bare(sign)
        signs.append(shown)
        places += [place] * len(shown)
    return Folded("".join(signs), (*places, len(text)))


def bare(text: str) -> str:
    """The folded text alone."""
    if text.isascii():
        return text.lower().translate(_SPACES)
    return "".join(map(_bare, text))


_SPACES = {ord(sign): " " for sign in "\t\r\v\f\x1c\x1d\x1e\x1f"}


@lru_cache(maxsize=1 << 12)
def _bare(sign: str) -> str:
    if sign.isspace():
        return " " if sign != "\n" else sign
    kept = [each for each in unicodedata.normalize("NFKD", sign) if unicodedata.category(each) not in ("Mn", "Cf")]
    return "".join(kept).casefold()
