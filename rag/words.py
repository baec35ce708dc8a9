"""The words of a text, as search compares them: without case, accents, function words and plural endings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_LONGEST = 40
"""Characters; what is longer is no word that anybody looks for."""

_FUNCTION_WORDS = (
    "a about above after again all also am an and any are as at be because been before being below between both but by "
    "can could did do does doing down during each few for from further get had has have having he her here hers him "
    "his how i if in into is it its itself just let like may me might more most must my no nor not of off on once only "
    "or other our out over own please same shall she should so some such tell than that the their them then there "
    "these they this those through to too under until up us use used using very want was way we were what when where "
    "which while who whom why will with would you your"
)
STOP = frozenset(_FUNCTION_WORDS.split())
"""Words that stand in every text and find nothing."""


def words_of(text: str) -> list[str]:
    """The words of a text in their order: lower case, without accents; function words are left in."""
    plain = text if text.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return [word for word in _WORD.findall(plain.lower()) if len(word) <= _LONGEST]


def telling(text: str) -> list[str]:
    """The words of a text that can find something, each once, in their order."""
    return list(dict.fromkeys(word for word in words_of(text) if word not in STOP))


def stems(words: Iterable[str]) -> set[str]:
    """Words without their endings, so that `appointments` and `appointment` are one."""
    return {stem(word) for word in words}


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """A word without its plural ending, and without `-ing` and `-ed` (the S-stemmer of Harman 1991, and a little more).

    Only to compare words with one another; what it gives need not be a word.
    """
    word = word.replace("’", "'").removesuffix("'s")
    if len(word) > 4 and word.endswith("ies") and word[-4] not in "ae":
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            return _undoubled(word.removesuffix(ending))
    return word.removesuffix("e") if len(word) > 4 else word


def _undoubled(word: str) -> str:
    return word[:-1] if word[-1] == word[-2] and word[-1] not in "lsz" else word
