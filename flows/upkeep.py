"""What is done about the house itself, in numbers: what is forgotten, what is stuck, how large the database is."""

from __future__ import annotations

from automations.retention import forget_messages, stuck_messages
from flows.installation import Installation
from rag.upkeep import tidy
from substrate.clock import DAY, parse_duration
from substrate.retention import bit_by_bit, forget_events, forget_features
from substrate.upkeep import look_after

_KEEP_INDEX = 7 * DAY
"""How long a copilot's index can be taken back, and how long an owner that was away may follow row by row."""


def forget(opened: Installation) -> dict[str, int]:
    """Forget what the settings no longer ask for; alerts, audit, records and quarantine always stay."""
    settings, database, now = opened.settings, opened.database, opened.clock.now()
    messages = forget_messages(now - parse_duration(settings.keep_messages))
    events = forget_events(now - parse_duration(settings.push_keep))
    gone = {"messages": bit_by_bit(database, messages), "events": bit_by_bit(database, events)}
    if settings.keep_feature_history is not None:
        before = now - parse_duration(settings.keep_feature_history)
        gone["feature_history"] = sum(forget_features(database, each, before) for each in opened.verticals.values())
    index = tidy(database, now - _KEEP_INDEX, now)
    return gone | {f"index_{name}": count for name, count in index.items()}


def inspect(opened: Installation) -> dict[str, int]:
    """Look after the database, and count what is stuck."""
    with opened.database.read() as connection:
        stuck = stuck_messages(connection, opened.clock.now())
    return {"stuck_messages": stuck, **look_after(opened.database)}
