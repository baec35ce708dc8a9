"""Quality gates: what a row must satisfy before it counts as a record, and why it did not.

A check is data: a condition over the record's own columns in the expression language. UNKNOWN passes: a missing value
is the business of a check that says `has(…)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from substrate.records import Record


class Reason(StrEnum):
    """Why a row lies in quarantine; stored, shown and counted."""

    BAD_JSON = "bad_json"
    BAD_ENCODING = "bad_encoding"
    BAD_COLUMNS = "bad_columns"
    NOT_AN_OBJECT = "not_an_object"
    NO_TYPE = "no_type"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    UNMAPPED = "unmapped"
    MISSING_KEY = "missing_key"
    MISSING_VALUE = "missing_value"
    WRONG_TYPE = "wrong_type"
    BAD_TIME = "bad_time"
    UNKNOWN_CODE = "unknown_code"
    BAD_REFERENCE = "bad_reference"
    OUT_OF_RANGE = "out_of_range"
    FAILED_CHECK = "failed_check"
    ID_COLLISION = "id_collision"
    MAPPER_FAILED = "mapper_failed"


class OnFailure(StrEnum):
    """What happens to a row that fails a check (two of the four words of a data contract)."""

    QUARANTINE = "quarantine_row"
    DISCARD = "discard_value"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a record must satisfy.

    Attributes:
        name: stable name, shown with the quarantined row (`encounter_ends_after_start`).
        record: the kind that is checked.
        condition: an expression over the record's columns, and `now`, that a sound row meets.
        text: what is wrong when it fails, in the words of staff, without values.
        on_failure: keep the row out, or only drop `values` from it.
        values: the columns that DISCARD drops.
    """

    name: str
    record: type[Record]
    condition: str
    text: str
    on_failure: OnFailure = OnFailure.QUARANTINE
    values: tuple[str, ...] = ()


class RowRefused(Exception):
    """A row cannot become a record; raised by mappers, caught by ingest, which quarantines the row.

    Args:
        reason: the coded reason.
        detail: which field, and what was expected; never a protected value.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
