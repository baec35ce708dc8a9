"""The words of a text, as search compares them: without case, accents, function words and endings.

English is compared by rules of our own, which the measured thresholds rest on; any other language by its stemmer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from rag.languages import ENGLISH
from rag.lexical import is_function_word, stem_of

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_PART = re.compile(r"(?:[^\W_]|[\u0300-\u036f\u0b80-\u0bff])+")
"""A word where an apostrophe parts two, as in `l'hôpital`; Tamil's vowel signs are no letters by themselves."""

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
"""English words that stand in every text and find nothing."""

_ASKING = {
    "german": frozenset(["wer", "wann", "warum", "wieso"]),
    "french": frozenset(["est", "comment", "quand", "pourquoi", "où"]),
}
"""What questions begin with, and lists of function words leave out."""


def words_of(text: str, language: str = ENGLISH) -> list[str]:
    """The words of a text in their order, in lower case; function words are left in.

    English ones are without accents; elsewhere these tell a stemmer where an ending begins.
    """
    if language != ENGLISH:
        composed = text if text.isascii() else unicodedata.normalize("NFKC", text)
        return [word for word in _PART.findall(composed.lower()) if len(word) <= _LONGEST]
    plain = text if text.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return [word for word in _WORD.findall(plain.lower()) if len(word) <= _LONGEST]


def telling(text: str, language: str = ENGLISH) -> list[str]:
    """The words of a text that can find something, each once, in their order."""
    return list(dict.fromkeys(word for word in words_of(text, language) if not finds_nothing(word, language)))


def finds_nothing(word: str, language: str = ENGLISH) -> bool:
    """Whether a word of `words_of` stands in every text."""
    if language == ENGLISH:
        return word in STOP
    return word in _ASKING.get(language, ()) or is_function_word(word, language)


def stems(words: Iterable[str], language: str = ENGLISH) -> set[str]:
    """Words without their endings, so that `appointments` and `appointment` are one."""
    return {stem(word, language) for word in words}


@lru_cache(maxsize=1 << 16)
def stem(word: str, language: str = ENGLISH) -> str:
    """A word without its ending. Only to compare words with one another; what it gives need not be a word."""
    return _english(word) if language == ENGLISH else stem_of(word, language)


def _english(word: str) -> str:
    """Without plural ending, `-ing` and `-ed` (the S-stemmer of Harman 1991, and a little more)."""
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
