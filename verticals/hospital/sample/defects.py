"""Planted defects: further rows, each made from a good one and spoilt, so that the good rows remain complete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import orjson

from substrate.clock import DAY, HOUR, MINUTE
from substrate.quality import Reason
from verticals.hospital.sample.people import instant
from verticals.hospital.sample.wing import Flaw, Row, Wing
from verticals.hospital.sample.words import DIASTOLIC

Body: TypeAlias = dict[str, Any]
_HARMLESS = f'"{DIASTOLIC.code}"'.encode()
"""A measurement that no rule reads, for rows that change what is known."""
_ATTEMPTS = 500


@dataclass(frozen=True, slots=True)
class Defect:
    """A kind of defect, the resource it befalls, how a copy is spoilt, and the reason of its quarantine."""

    kind: str
    resource: str
    spoil: Callable[[Body, int], bytes | None]
    """Changes the body (the feed's "now" in micros is given); bytes when the line itself is spoilt."""
    reason: Reason


def spread(wing: Wing, share: float, first: int) -> int:
    """Add defects to a wing until they are this share of its rows, the kinds in turn; how many were added.

    `first` is the number of defects planted so far, so that the turn goes on from wing to wing.
    """
    good = sum(len(rows) for rows in wing.rows.values())
    wanted = round(good * share / (1 - share))
    made: list[tuple[str, Row]] = []
    for number in range(first, first + wanted):
        turn = number % (len(_SPOILT) + len(_REPEATED))
        if turn < len(_SPOILT):
            made += _spoilt(wing, _SPOILT[turn])
        else:
            made += _repeated(wing, _REPEATED[turn - len(_SPOILT)])
    for resource, row in made:
        wing.rows[resource].append(row)
    return wanted


def _spoilt(wing: Wing, defect: Defect) -> list[tuple[str, Row]]:
    rows = wing.rows[defect.resource]
    if not rows:
        return []
    at, line, _ = wing.dice.pick(rows)
    body = orjson.loads(line)
    body["id"] = wing.new_id("bad")
    spoilt = (defect.spoil(body, wing.now) or orjson.dumps(body)) + b"\n"
    flaw = Flaw(defect.kind, defect.resource, body.get("id"), "quarantined", defect.reason)
    return [(defect.resource, (at, spoilt, flaw))]


def _repeated(wing: Wing, kind: str) -> list[tuple[str, Row]]:
    origin = _harmless(wing)
    if origin is None:
        return []
    at, line = origin
    body = orjson.loads(line)
    if kind == "correction":
        at = min(at + 20 * MINUTE, wing.now)
        _rewrite(body, "2", at)
        body["status"] = "corrected"
    elif kind == "stale":
        _rewrite(body, "0", at - HOUR)
    expect = "accepted" if kind == "correction" else "unchanged"
    flaw = Flaw(kind, "Observation", body["id"], expect, _REASONS[kind])
    return [("Observation", (at, line if kind == "duplicate" else orjson.dumps(body) + b"\n", flaw))]


def _harmless(wing: Wing) -> tuple[int, bytes] | None:
    rows = wing.rows["Observation"]
    for _ in range(_ATTEMPTS if rows else 0):
        place = wing.dice.below(len(rows))
        at, line, _ = rows[place]
        if _HARMLESS in line and at < wing.now - HOUR and place not in wing.repeated:
            wing.repeated.add(place)
            return at, line
    return None


def _rewrite(body: Body, version: str, updated: int) -> None:
    body["meta"] = {"versionId": version, "lastUpdated": instant(updated)}
    body["valueQuantity"]["value"] += 3


def _ends_before_start(body: Body, _now: int) -> None:
    start = datetime.fromisoformat(body["period"]["start"])
    body["status"] = "finished"
    body["period"]["end"] = (start - timedelta(hours=2)).isoformat()


def _birth_in_future(body: Body, now: int) -> None:
    body["birthDate"] = instant(now + 400 * DAY).date().isoformat()


def _unit(body: Body, _now: int) -> None:
    wrong = "kg" if body["valueQuantity"]["code"] != "kg" else "Cel"
    body["valueQuantity"] |= {"unit": wrong, "code": wrong}


def _wrong_type(body: Body, _now: int) -> None:
    body["valueQuantity"]["value"] = "abc"


def _no_id(body: Body, _now: int) -> None:
    del body["id"]


def _reference(body: Body, _now: int) -> None:
    body["subject"] = {"reference": "pt#000123"}


def _truncated(body: Body, _now: int) -> bytes:
    line = orjson.dumps(body)
    return line[: len(line) * 2 // 3]


def _bad_date(body: Body, _now: int) -> None:
    body["authoredOn"] = "2024-02-31"


def _naive(body: Body, _now: int) -> None:
    body["effectiveDateTime"] = body["effectiveDateTime"][:19]


def _bad_bytes(body: Body, _now: int) -> bytes:
    return orjson.dumps(body).replace(b'"given":["', b'"given":["\xff\xfe')


def _status(body: Body, _now: int) -> None:
    body["status"] = "underway"


def _future(body: Body, now: int) -> None:
    body["effectiveDateTime"] = body["issued"] = instant(now + 3 * DAY)


_SPOILT = (
    Defect("ends_before_start", "Encounter", _ends_before_start, Reason.FAILED_CHECK),
    Defect("birth_in_future", "Patient", _birth_in_future, Reason.FAILED_CHECK),
    Defect("unit_mismatch", "Observation", _unit, Reason.FAILED_CHECK),
    Defect("wrong_type", "Observation", _wrong_type, Reason.WRONG_TYPE),
    Defect("missing_id", "Observation", _no_id, Reason.MISSING_KEY),
    Defect("bad_reference", "Observation", _reference, Reason.BAD_REFERENCE),
    Defect("bad_json", "Observation", _truncated, Reason.BAD_JSON),
    Defect("bad_date", "ServiceRequest", _bad_date, Reason.BAD_TIME),
    Defect("naive_time", "Observation", _naive, Reason.BAD_TIME),
    Defect("bad_encoding", "Patient", _bad_bytes, Reason.BAD_ENCODING),
    Defect("unknown_code", "Encounter", _status, Reason.UNKNOWN_CODE),
    Defect("future_result", "Observation", _future, Reason.FAILED_CHECK),
)
_REASONS = {"duplicate": "same_content", "correction": "newer_version", "stale": "older_version"}
_REPEATED = tuple(_REASONS)
DEFECT_KINDS = tuple(defect.kind for defect in _SPOILT) + _REPEATED
"""Every kind of defect that a feed of some size holds."""
