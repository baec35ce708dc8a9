"""Names as words: what an ERP and a vertical may call the same, brought to one word."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

Words = frozenset[str]

_SAME = (
    "number no nr num ref reference", "quantity qty quant", "status state stage", "planned plan scheduled expected due",
    "created create creation made since entered", "start begin from opened", "end finish until closed",
    "customer client", "vendor supplier seller", "party partner organisation organization company",
    "item product article material", "place location site", "shipment picking consignment", "order sale",
    "student pupil learner", "staff teacher employee instructor", "group class section", "guardian parent",
    "email mail", "phone telephone tel mobile", "birth dob born", "active enabled", "price cost", "value amount total",
    "purchase buy procurement", "promised promise commitment", "arrive arrival arrived", "depart departure departed",
    "received receipt receive receiving", "unit uom", "category categ", "store warehouse", "minimum min least",
    "stock inventory", "ordered ordering", "note remark comment", "absence attendance", "grade mark score",
)  # fmt: skip
_CANON = {word: group.split()[0] for group in _SAME for word in group.split()}
_EMPTY = (
    "a an and as at by date datetime day dt for id in is it its key of on or our that the time timestamp to ts was "
    "when where which who with x"
)
_NOTHING = frozenset(_EMPTY.split())
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@lru_cache(maxsize=16_384)
def words(text: str) -> Words:
    """The words of a name or sentence that say something, in the singular, each for all that mean the same."""
    found = (each.lower() for each in _WORD.findall(text))
    return frozenset(_CANON.get(word, word) for each in found if (word := _singular(each)) not in _NOTHING)


def likeness(one: Collection[str], other: Collection[str]) -> float:
    """How much two sets of words have in common, 0 to 1."""
    both = set(one) & set(other)
    return len(both) / len({*one, *other}) if both else 0.0


def _singular(word: str) -> str:
    if word in _CANON or len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    return word[:-3] + "y" if word.endswith("ies") else word.removesuffix("s")
