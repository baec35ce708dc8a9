"""Batch work that fails, or whose turn passes without a good run, becomes an alert to the data's steward.

When a piece of work last ran well is a watermark like any other, `flow:…`, so whoever looks needs no Prefect server.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from automations.alerts import LIVE
from automations.announcer import Announcer
from automations.channels import channels
from automations.contacts import load_directory
from automations.watch import Watch, failing, note_flow, note_flow_well
from flows.timetable import Turn
from substrate.clock import Clock, duration_text
from substrate.database import Database
from substrate.freshness import advance, watermarks
from substrate.settings import Settings

_WHOSE = "plumbline"
_PREFIX = "flow:"
_LONGEST = 120


def went_wrong(settings: Settings, database: Database, clock: Clock, subject: str, how: str, why: str) -> None:
    """Tell the steward that a piece of work failed; while its alert is open, nobody is told again.

    Args:
        settings: say who stands behind the role.
        database: keeps the alert.
        clock: says when.
        subject: the work, such as `ingest-source hospital/epr`.
        how: `failed`, `crashed`, `late`.
        why: holds no protected value.
    """
    note_flow(_watch(settings, database, clock), subject, how, why)


def went_well(settings: Settings, database: Database, clock: Clock, subject: str) -> None:
    """Note a good run, and take back the alert of earlier ones."""
    with database.write() as connection:
        advance(connection, [mark_of(subject)], _WHOSE, clock.now())
    note_flow_well(_watch(settings, database, clock), subject)


def expect(database: Database, turns: Iterable[Turn], now: int) -> None:
    """Count the time until a first good run from now on, where there never was one."""
    with database.write() as connection:
        known = watermarks(connection)
        advance(connection, [name for turn in turns if (name := mark_of(turn.subject)) not in known], _WHOSE, now)


def overdue(database: Database, turns: Iterable[Turn], now: int) -> list[tuple[Turn, int]]:
    """The work whose last good run is too long ago, and how long; what nobody expects or ever ran is left out."""
    with database.read() as connection:
        known = watermarks(connection)
    ages = [(turn, now - known[mark_of(turn.subject)]) for turn in turns if mark_of(turn.subject) in known]
    return [(turn, age) for turn, age in ages if age > turn.patience]


def tell_overdue(settings: Settings, database: Database, clock: Clock, turns: Sequence[Turn]) -> list[str]:
    """Raise an alert for all work that is late, and name it. A good run takes it back.

    What is on nobody's list any more, such as a source that was taken out, has nothing to fail at: its alert ends.
    """
    watch, listed = _watch(settings, database, clock), {turn.subject for turn in turns}
    for subject in failing(watch):
        if subject not in listed:
            note_flow_well(watch, subject)
    late = overdue(database, turns, clock.now())
    for turn, age in late:
        why = f"its last good run was {duration_text(age)} ago; its turn is every {duration_text(turn.every)}"
        went_wrong(settings, database, clock, turn.subject, "late", why)
    return [turn.subject for turn, _ in late]


def mark_of(subject: str) -> str:
    """The watermark of a piece of work."""
    name = _PREFIX + subject
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 17]}#{blake2b(name.encode(), digest_size=8).hexdigest()}"


def _watch(settings: Settings, database: Database, clock: Clock) -> Watch:
    announcer = Announcer(
        load_directory(settings.resolved_contacts_file), channels(settings, database), perishable=True
    )
    return Watch(database, _WHOSE, announcer, clock.now(), LIVE)
