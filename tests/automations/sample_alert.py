"""The context of one alert as an announcement holds it, with protected words that are easy to find again."""

from __future__ import annotations

from typing import Any

from substrate.clock import MINUTE

NOW = 1_559_397_900_000_000
"""Saturday 1 June 2019, 14:05 UTC."""
NAME = "Potassium of Anna Silva"
PROTECTED = (NAME, "6.9", "MRN-4711", "silva-free-text", "15:23", "13:23")
"""What only readers cleared for PHI may see."""


def context(**said: Any) -> dict[str, Any]:
    """A critical result that nobody acknowledged, with some keys said otherwise."""
    return {
        "vertical": "hospital",
        "timeline": "live",
        "rule": "critical-result-unacknowledged",
        "rule_version": 3,
        "title": "Critical result that nobody acknowledged",
        "description": "A critical result was released, and nobody has acknowledged it.",
        "cost_of_delay": "Harm to the patient",
        "owner": "medical-director",
        "labels": {"area": "laboratory"},
        "title_template": None,
        "template": None,
        "send": "fired",
        "alert_id": 8001,
        "alert_code": "00001f41",
        "episode": 1,
        "state": "firing",
        "severity": "high",
        "site": "North wing",
        "pending_since": None,
        "fired_at": NOW - 12 * MINUTE,
        "resolved_at": None,
        "resolve_reason": None,
        "subject": {
            "kind": "result", "id": 77, "source": "his", "source_key": "MRN-4711", "site": "North wing",
            "name": NAME, "sensitivity": "PHI",
        },
        "values": [
            _value("Value", 6.9, "double", "PHI", unit="mmol/L"),
            _value("Released at", NOW - 42 * MINUTE, "timestamp", "PHI"),
            _value("Patients on the ward", 20, "int", "INTERNAL"),
        ],
        "because": [
            {"text": "value 6.9 mmol/L is above 6.0", "sensitivity": "PHI"},
            {"text": "age of released at 42 min is at least 30 min", "sensitivity": "INTERNAL"},
        ],
        "note": "silva-free-text",
        **said,
    }  # fmt: skip


def _value(label: str, value: Any, kind: str, sensitivity: str, unit: str | None = None) -> dict[str, Any]:
    return {
        "path": label.lower().replace(" ", "_"), "label": label, "type": kind, "unit": unit,
        "sensitivity": sensitivity, "as_of": NOW - MINUTE, "watermarks": ["result"], "value": value,
    }  # fmt: skip
