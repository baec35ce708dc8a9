"""Planted defects: further rows, each made from a good one and spoilt, so that the good rows remain complete."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass

from substrate.clock import DAY
from substrate.quality import Reason
from verticals.school.sample.school import Flaw, Line, School
from verticals.school.sample.sheets import SHEETS, date, line, stamp

Cells = dict[str, str]
_ATTEMPTS = 200


@dataclass(frozen=True, slots=True)
class Defect:
    """A kind of defect, the file it befalls, how a copy is spoilt, and the reason of its quarantine."""

    kind: str
    sheet: str
    spoil: Callable[[Cells, School], str | bytes | None]
    """Changes the cells; a line where it is spoilt itself."""
    reason: Reason


def spread(school: School, share: float, first: int) -> int:
    """Add defects to a school until they are this share of its rows, the kinds in turn; how many were added.

    `first` is the number of defects planted so far, so that the turn goes on from school to school.
    """
    good = sum(len(rows) for rows in school.rows.values())
    wanted = round(good * share / (1 - share))
    used: set[int] = set()
    for number in range(first, first + wanted):
        turn = number % (len(_SPOILT) + len(_REPEATED))
        place = _pick(school, used) if turn >= len(_SPOILT) else None
        # Where no mark can be repeated, since there is no earlier day, one is spoilt instead.
        defect = _SPOILT[turn % len(_SPOILT)]
        sheet, row = (
            (defect.sheet, _spoilt(school, defect))
            if place is None
            else ("attendance", _repeated(school, _REPEATED[turn - len(_SPOILT)], place))
        )
        school.rows[sheet].append(row)
    return wanted


def _spoilt(school: School, defect: Defect) -> Line:
    cells = _cells(defect.sheet, school.dice.choice(_sound(school, defect.sheet)))
    # A key of its own: of two bad rows with one key the quarantine keeps the later.
    own = next(key for key in ("sourcedId", "id", "student") if key in cells)
    cells[own] = school.new_id("bad")
    spoilt = defect.spoil(cells, school) or line(tuple(cells.values()))
    return spoilt, Flaw(defect.kind, defect.sheet, "quarantined", defect.reason)


def _repeated(school: School, kind: str, place: int) -> Line:
    """A mark of an earlier day once more: as it was, changed later, or as it was before it was made."""
    text, _ = school.rows["attendance"][place]
    cells = _cells("attendance", str(text))
    made = cells["marked_at"]
    if kind == "correction":
        later = made[:11] + "15:00:00Z"
        cells |= {"code": "late", "corrected_at": later, "revision": "1", "changed_at": later}
    elif kind == "stale":
        cells |= {"code": "late", "changed_at": made[:11] + "01:00:00Z"}
    expect = "accepted" if kind == "correction" else "unchanged"
    return line(tuple(cells.values())), Flaw(kind, "attendance", expect, _REASONS[kind])


def _pick(school: School, used: set[int]) -> int | None:
    """A mark that says present, of a day that is over, without a lesson, and not yet repeated; None: none is found."""
    rows = school.rows["attendance"]
    for _ in range(_ATTEMPTS):
        place = school.dice.randrange(len(rows))
        text, flaw = rows[place]
        told = _cells("attendance", text) if isinstance(text, str) and flaw is None else {}
        sound = told.get("code") == "present" and told["session"] == "" and told["date"] < date(school.today)
        if sound and place not in used:
            used.add(place)
            return place
    return None


def _sound(school: School, sheet: str) -> list[str]:
    found = [text for text, flaw in school.rows[sheet][: 2 * _ATTEMPTS] if flaw is None and isinstance(text, str)]
    return [text for text in found if sheet != "users" or ",student," in text]


def _cells(sheet: str, text: str) -> Cells:
    return dict(zip(SHEETS[sheet], next(csv.reader([text])), strict=True))


def _set(**changes: str) -> Callable[[Cells, School], None]:
    return lambda cells, _school: cells.update(changes)


def _future(cells: Cells, school: School) -> None:
    cells["date"] = date(school.today + 4 * DAY)
    cells["marked_at"] = stamp(school.now + 4 * DAY)


def _no_student(cells: Cells, school: School) -> None:
    cells |= {"student": "", "marked_by": school.new_id("nobody")}


def _no_id(cells: Cells, school: School) -> None:
    cells |= {"sourcedId": " ", "identifier": school.new_id("nobody")}


def _torn(cells: Cells, _school: School) -> str:
    return line(tuple(cells.values())[:-3])


def _bad_bytes(cells: Cells, _school: School) -> bytes:
    cells["givenName"] = "Andr"
    return line(tuple(cells.values())).encode().replace(b"Andr", b"An\x00dr")


def _backwards(cells: Cells, school: School) -> None:
    cells |= {"beginDate": date(school.today), "endDate": date(school.today - 9 * DAY)}


_SPOILT = (
    Defect("unknown_code", "attendance", _set(code="X"), Reason.UNKNOWN_CODE),
    Defect("bad_date", "attendance", _set(date="2026-02-31"), Reason.BAD_TIME),
    Defect("local_date", "attendance", _set(date="3/1/2026"), Reason.BAD_TIME),
    Defect("naive_time", "attendance", _set(marked_at="2026-01-12T08:55:00"), Reason.BAD_TIME),
    Defect("no_student", "attendance", _no_student, Reason.MISSING_VALUE),
    Defect("future_mark", "attendance", _future, Reason.FAILED_CHECK),
    Defect("wrong_width", "attendance", _torn, Reason.BAD_COLUMNS),
    Defect("bad_encoding", "users", _bad_bytes, Reason.BAD_ENCODING),
    Defect("unknown_role", "users", _set(role="wizard"), Reason.UNKNOWN_CODE),
    Defect("missing_id", "users", _no_id, Reason.MISSING_KEY),
    Defect("birth_in_future", "users", _set(**{"metadata.birthDate": "2199-01-01"}), Reason.FAILED_CHECK),
    Defect("ends_before_start", "enrollments", _backwards, Reason.FAILED_CHECK),
    Defect("wrong_type", "submissions", _set(score="A-"), Reason.WRONG_TYPE),
    Defect("too_much_owed", "fee_invoices", _set(outstanding="999.00", total="450.00"), Reason.FAILED_CHECK),
)
_REASONS = {"duplicate": "same_content", "correction": "newer_version", "stale": "older_version"}
_REPEATED = tuple(_REASONS)
DEFECT_KINDS = tuple(defect.kind for defect in _SPOILT) + _REPEATED
"""Every kind of defect that a feed of some size holds."""
