"""A round at the bedside: the vital signs and the early warning score that follows from them."""

from __future__ import annotations

from substrate.clock import MINUTE
from verticals.hospital.sample.results import Reading, draw_value, observe
from verticals.hospital.sample.visits import Visit
from verticals.hospital.sample.wing import Wing
from verticals.hospital.sample.words import (
    BREATHS,
    DIASTOLIC,
    NEWS2,
    PULSE,
    SATURATION,
    SYSTOLIC,
    TEMPERATURE,
    Analyte,
)

ROUND = (PULSE, BREATHS, SATURATION, TEMPERATURE, SYSTOLIC, DIASTOLIC)
UNWELL = {PULSE.code: 112.0, BREATHS.code: 23.0, SATURATION.code: 94.0, TEMPERATURE.code: 38.7}
"""A patient who may be septic: these alone score 6 or more."""
CALLS_FOR_ANTIBIOTIC = 5
_BANDS: dict[str, tuple[tuple[float, int], ...]] = {
    BREATHS.code: ((8, 3), (11, 1), (20, 0), (24, 2), (999, 3)),
    SATURATION.code: ((91, 3), (93, 2), (95, 1), (999, 0)),
    SYSTOLIC.code: ((90, 3), (100, 2), (110, 1), (219, 0), (999, 3)),
    PULSE.code: ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (999, 3)),
    TEMPERATURE.code: ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (999, 2)),
}


def score(values: dict[str, float]) -> int:
    """NEWS2 of an alert patient breathing room air, from values by analyte code."""
    total = 0
    for code, bands in _BANDS.items():
        if code in values:
            total += next(points for top, points in bands if values[code] <= top)
    return total


def draw_round(wing: Wing, given: dict[str, float] | None = None) -> dict[str, float]:
    """Values by analyte code: those given, and ordinary ones for the rest."""
    values = {analyte.code: draw_value(wing.dice, analyte) for analyte in ROUND}
    return values | (given or {})


def chart_round(wing: Wing, visit: Visit, at: int, values: dict[str, float]) -> str:
    """Keep a round's vital signs and its score; the score's id is returned."""
    for analyte in ROUND:
        chart(wing, visit, analyte, values[analyte.code], at)
    total = score(values)
    reading = Reading(NEWS2, total, at, at + 2 * MINUTE, "survey")
    return observe(wing, visit, reading)


def chart(wing: Wing, visit: Visit, analyte: Analyte, value: float, at: int) -> None:
    """Keep one vital sign, entered a minute after it was taken."""
    observe(wing, visit, Reading(analyte, value, at, at + MINUTE))
