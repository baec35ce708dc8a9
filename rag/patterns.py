"""What looks like a person's number, address or date of birth, whoever it belongs to.

Patterns take too much rather than too little: what they take is put back into the answer, so that a version number that
looks like a telephone number costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_DATE = (
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    r"|\d{1,2}(?:st|nd|rd|th)?\.? [a-z]{3,9}\.?,? \d{4}|[a-z]{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}"
)
_BIRTH = r"(?:\bborn\b|\bbirth\w*|\bdob\b|\bd\.o\.b\b|\bgeb(?:oren)?\b|\bnee?\b)"

PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"(?<![\w.+%-])(?P<it>[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+)")),
    ("date of birth", re.compile(rf"{_BIRTH}[^\n]{{0,24}}?(?<!\d)(?P<it>{_DATE})")),
    ("number", re.compile(r"(?<!\w)(?P<it>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?!\w)")),
    ("number", re.compile(r"(?<!\w)(?P<it>\d{3}-\d{2}-\d{4})(?!\w)")),
    ("phone", re.compile(r"(?<![\w./-])(?P<it>(?:\+|\(|0)\d[\d ()./-]{5,30}\d)(?!\w)")),
    ("phone", re.compile(r"(?<![\w./-])(?P<it>\d{3}[-. ]\d{3}[-. ]\d{4}|\d{3}-\d{4})(?!\w)")),
    # Eight digits, as in the north and in Asia; two years are none.
    ("phone", re.compile(r"(?<![\w./-])(?!(?:19|20)\d\d (?:19|20)\d\d)(?P<it>\d\d(?: \d\d){3}|\d{4} \d{4})(?![\w-])")),
    ("number", re.compile(r"(?<![\w./-])(?!\d{4}-\d\d-\d\d)(?P<it>\d(?:[ -]?\d){8,})(?!\w)")),
    ("number", re.compile(r"(?<!\w)(?P<it>(?:[a-z]{1,8}[-:#/ ]?)?\d{5,}[a-z]?)(?!\w)")),
    ("number", re.compile(r"(?<!\w)(?P<it>[a-z]{1,6}[-:#/]?\d{4,}[a-z]?)(?!\w)")),
    (
        "number",
        re.compile(r"\b(?:mrn|nhs|ssn|id|no|nr|number|passport|policy)\b[ .:#=-]{1,3}(?P<it>[a-z-]{0,6}\d{3,})"),
    ),
)
"""Each with what it takes; written for folded text."""


def looks_personal(folded: str) -> Iterator[tuple[str, int, int]]:
    """Stretches of a folded text that look like a person's data: what, from where, until before where."""
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(folded):
            yield kind, *match.span("it")
