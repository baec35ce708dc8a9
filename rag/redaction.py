"""Personal data is masked before a text leaves the machine, and put back into what returns.

Two kinds of it are known: values that stand in the records, which are looked up (see `personal`), and what looks like
a person's data in any text (see `patterns`). Each becomes a label, `[name 1]`, the same wherever the same value stands.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rag.folding import Folded, folded
from rag.patterns import looks_personal
from rag.words import STOP

_SHORTEST = 3
"""Letters; a shorter value is no one's name, and masking it would take words out of every sentence."""

_SIGN = "sign"
_LABEL = re.compile(r"\[([a-z ]+) (\d+)\]")
_GAP = r"[\s,._'()/+-]{0,3}"
_EDGE = r"[^\W_]"


@dataclass(frozen=True, slots=True)
class Known:
    """A value that is known to be somebody's.

    Attributes:
        kind: what stands in its place: `name`, `phone`.
        value: as it is written.
    """

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class _Found:
    kind: str
    start: int
    end: int
    value: str


class Redaction:
    """Masks texts that belong together; the same value gets the same label in each.

    Args:
        known: values that are known to be somebody's.
    """

    def __init__(self, known: Iterable[Known] = ()) -> None:
        spellings = dict(_spellings(known))
        self._spelt = {_key(written): meant for written, meant in spellings.items()}
        self._pattern = _either(spellings)
        self._labels: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    @property
    def masked(self) -> int:
        """How many values were masked so far."""
        return sum(not label.startswith(f"[{_SIGN} ") for label in self._values)

    def mask(self, text: str) -> str:
        """A text with labels in the place of personal data."""
        plain = folded(text)
        parts, last = [], 0
        for found in self._found(plain):
            start, end = plain.span(found.start, found.end)
            if start >= last:
                parts += [text[last:start], self._label(found, text[start:end])]
                last = end
        return "".join((*parts, text[last:]))

    def unmask(self, text: str) -> str:
        """A text with the values back in the place of our labels; labels that are not ours stay."""
        return _LABEL.sub(lambda match: self._values.get(match[0], match[0]), text)

    def _found(self, plain: Folded) -> list[_Found]:
        """Everything to mask, from left to right, of what overlaps the longer."""
        found = [*self._known(plain.text), *_looking(plain.text), *_labels(plain.text)]
        found.sort(key=lambda each: (each.start - each.end, each.start))
        taken: list[_Found] = []
        for each in found:
            place = bisect_left(taken, each.end, key=lambda other: other.start)
            if place == 0 or taken[place - 1].end <= each.start:
                taken.insert(place, each)
        return taken

    def _known(self, text: str) -> Iterator[_Found]:
        if self._pattern is None:
            return
        for match in self._pattern.finditer(text):
            kind, value = self._spelt[_key(match[0])]
            yield _Found(kind, match.start(), match.end(), value)

    def _label(self, found: _Found, written: str) -> str:
        known = (found.kind, found.value)
        if known not in self._labels:
            self._counts[found.kind] = self._counts.get(found.kind, 0) + 1
            label = f"[{found.kind} {self._counts[found.kind]}]"
            self._labels[known], self._values[label] = label, written
        return self._labels[known]


def mask(text: str) -> str:
    """A text without what looks like personal data; for texts that never come back."""
    return Redaction().mask(text)


def _looking(text: str) -> Iterator[_Found]:
    for kind, start, end in looks_personal(text):
        yield _Found(kind, start, end, text[start:end])


def _labels(text: str) -> Iterator[_Found]:
    """What somebody wrote as we write labels: it must not come back as a person's name."""
    for match in _LABEL.finditer(text):
        yield _Found(_SIGN, match.start(), match.end(), match[0])


def _spellings(known: Iterable[Known]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Every way in which known values may be written, by the words alone; a name by each of its parts too."""
    for each in known:
        whole = folded(each.value).text
        if len(_key(whole)) < _SHORTEST:
            continue
        yield whole, (each.kind, whole)
        for part in _parts(whole) if each.kind == "name" else ():
            yield part, (each.kind, whole)


def _parts(name: str) -> Iterator[str]:
    for part in _words(name):
        for written in {part, part.rstrip("0123456789")}:
            if len(written) >= _SHORTEST and written not in STOP:
                yield written


def _words(text: str) -> list[str]:
    return re.findall(rf"{_EDGE}+", text)


def _key(text: str) -> str:
    """Only what tells values apart: letters and digits, not what stands between them."""
    return "".join(_words(text))


def _pieces(spelling: str) -> list[str]:
    """What may be written apart: the words, and of a long number each digit."""
    key = _key(spelling)
    return list(key) if key.isdecimal() and len(key) > _SHORTEST else _words(spelling)


def _either(spellings: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern of all spellings, the longest first."""
    written = [_GAP.join(map(re.escape, _pieces(each))) for each in sorted(spellings, key=len, reverse=True)]
    return re.compile(rf"(?<!{_EDGE})(?:{'|'.join(written)})(?!{_EDGE})") if written else None
