"""What a source did not read, and why: shown to people, so that nothing is left out in silence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """Why something at the origin was not read."""

    HIDDEN = "hidden"
    UNFINISHED = "unfinished"
    SETTLING = "settling"
    NO_DONE_MARK = "no_done_mark"
    EXPORT_LEFTOVER = "export_leftover"
    NOT_A_FORMAT = "not_a_format"
    KIND_NOT_WANTED = "kind_not_wanted"
    CHANGED_WHILE_READ = "changed_while_read"
    UNREADABLE = "unreadable"
    NO_FINAL_NEWLINE = "no_final_newline"
    NOT_SUPPORTED = "not_supported"
    FORBIDDEN = "forbidden"
    EXPORT_ERROR = "export_error"
    INCOMPLETE = "incomplete"
    REFUSED = "refused"
    WAITING = "waiting"
    SUPERSEDED = "superseded"
    DUPLICATE_KEYS = "duplicate_keys"
    NO_TABLE = "no_table"


WILL_COME = frozenset(
    {Why.UNFINISHED, Why.SETTLING, Why.NO_DONE_MARK, Why.CHANGED_WHILE_READ, Why.UNREADABLE},
)
"""The reasons for which a file's rows exist but are not yet known: a bulk folder is not whole without them."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that was not read, and why."""

    place: str
    why: Why
    kind: str = ""
    detail: str = ""
