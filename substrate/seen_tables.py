"""The tables of somebody else's database as they were found, by which mappings are drafted."""

from __future__ import annotations

import re
from dataclasses import dataclass

COUNTED = 10_000
"""Rows are counted up to here."""

PERSONAL = re.compile(
    r"name|first|last|sur|given|family|birth|dob|mail|phone|mobile|fax|street|address|addr|zip|postal|city|ssn|iban"
    r"|passport|licen[cs]e|insur|tax|vat|bank|card|login|user|pass|token|secret|gender|sex|religion|ethnic|race|diagnos"
    r"|note|comment|remark|photo|image|contact|person|guardian|parent",
    re.IGNORECASE,
)
"""Names of columns that sound as if they held what is nobody's business."""


@dataclass(frozen=True, slots=True)
class SeenColumn:
    """A column, by what some rows of it hold.

    Attributes:
        name: its name.
        form: `number`, `integer`, `yesno`, `instant`, `date`, `text`, or `unknown` where no row has a value.
        blank: the share of rows without a value.
        codes: its distinct values, where it holds codes; none where they might be personal.
    """

    name: str
    form: str
    blank: float
    codes: tuple[str, ...] = ()

    @property
    def is_personal(self) -> bool:
        """Whether its name sounds as if it held what is nobody's business."""
        return PERSONAL.search(self.name) is not None


@dataclass(frozen=True, slots=True)
class SeenTable:
    """A table: its columns by name, its primary key, which column refers to which table, and about how many rows."""

    name: str
    columns: dict[str, SeenColumn]
    key: tuple[str, ...]
    references: dict[str, str]
    rows: int

    @property
    def size(self) -> str:
        """About how many rows it has."""
        return f"more than {COUNTED:,}" if self.rows > COUNTED else f"{self.rows:,}"
