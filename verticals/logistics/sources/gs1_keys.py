"""The keys inside GS1 identifiers: the GTIN and lot of a product, whether written as an EPC URN or a Digital Link."""

from __future__ import annotations

import re
from typing import NamedTuple

_URN = re.compile(
    r"urn:epc:(?:id:sgtin|class:lgtin|idpat:sgtin):(?P<prefix>\d{6,12})\.(?P<ref>\d{1,7})(?:\.(?P<rest>[^.\s]+))?"
)
_LINK = re.compile(
    r"https?://[^/\s]+/(?:[^?#\s]*/)?01/(?P<gtin>\d{8}|\d{12,14})(?:/10/(?P<lot>[^/?#\s]+))?(?:[/?#].*)?"
)
_DIGITS = 13


class Product(NamedTuple):
    """What kind of goods an identifier names."""

    gtin: str
    """Fourteen digits."""
    lot: str | None


def product(identifier: str) -> Product | None:
    """The product that an EPC, a class of EPCs or a Digital Link names; None: it names none."""
    found = _URN.fullmatch(identifier)
    if found is not None and len(found["prefix"]) + len(found["ref"]) == _DIGITS:
        digits = found["ref"][0] + found["prefix"] + found["ref"][1:]
        lot = found["rest"] if identifier.startswith("urn:epc:class:lgtin:") else None
        return Product(digits + _check_digit(digits), lot)
    linked = _LINK.fullmatch(identifier)
    return None if linked is None else Product(linked["gtin"].zfill(_DIGITS + 1), linked["lot"])


def _check_digit(digits: str) -> str:
    """GS1's check digit: weights of three and one from the right."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def local_number(identifier: str) -> str:
    """The number by which its issuer calls a document: the end of `urn:epcglobal:cbv:bt:GLN:number` or of a URL's path.

    An identifier of any other form is its own number.
    """
    if identifier.startswith("urn:epcglobal:cbv:bt:"):
        return identifier.rpartition(":")[2]
    if identifier.startswith(("http://", "https://")):
        return identifier.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
    return identifier
