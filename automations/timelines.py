"""Which line of alerts a run belongs to: what is really happening, or one of the walks through an earlier time.

A walk only goes forward. A run as of a day continues the walk that got nearest to that day; a day before all of them
begins a new walk. So looking at the past again and again changes nothing, and never touches what is live.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from automations.alerts import LIVE, rule_progress

_WALK = "replay-"


def timeline_for(connection: Connection, as_of: int | None) -> str:
    """The timeline of a run.

    Args:
        connection: a transaction.
        as_of: the earlier instant that the run looks at; None: it is about now.
    """
    if as_of is None:
        return LIVE
    walks = _walks(connection)
    reached = {name: at for name, at in walks.items() if at <= as_of}
    if reached:
        return max(reached, key=lambda name: (reached[name], name))
    return f"{_WALK}{len(walks) + 1}"


def _walks(connection: Connection) -> dict[str, int]:
    """How far each walk got."""
    name = rule_progress.c.timeline
    got = func.max(rule_progress.c.evaluated_at)
    chosen = select(name, got).where(name.startswith(_WALK, autoescape=True)).group_by(name)
    return {walk: at or 0 for walk, at in connection.execute(chosen)}
