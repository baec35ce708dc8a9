"""Alerts and their explanations as somebody who asks for them may see them.

Whose site and vertical an alert is decides whether it is there at all; what somebody is cleared for decides how much of
it can be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from automations.alerts import LIVE
from automations.explained import ExplainedAlert, Origin, Turn
from automations.listing import AlertLine, alert_lines, line_of
from automations.masking import HIDDEN, generic_name, level_of, masked
from automations.rules import Severity
from substrate.access import Caller, Label
from substrate.columns import Sensitivity
from substrate.errors import NotFoundError

_SENTENCE = "sensitivity"


@dataclass(frozen=True, slots=True)
class SeenAlert:
    """An alert as a caller may see it.

    Attributes:
        line: the alert. Its subject is replaced by what kind of thing it is where its name is not for the caller; what
            else is not for them is hidden.
        withheld: something in it was replaced.
    """

    line: AlertLine
    withheld: bool


def alerts_for(
    connection: Connection,
    caller: Caller,
    *,
    every: bool = False,
    severity: Severity | None = None,
    vertical: str | None = None,
    limit: int = 50,
) -> list[SeenAlert]:
    """The alerts that a caller may know of, worst first.

    Args:
        connection: a read transaction.
        caller: who asks.
        every: also those that are over.
        severity: only these.
        vertical: only this one's.
        limit: at most this many.
    """
    lines = alert_lines(connection, timeline=LIVE, every=every, severity=severity)
    known = (line for line in lines if vertical in (None, line.vertical) and _knows_of(caller, line))
    return [_seen(line, caller.clearance) for line in islice(known, limit)]


def alert_for(connection: Connection, caller: Caller, number: int) -> SeenAlert:
    """One alert that a caller may know of.

    Raises:
        NotFoundError: there is none, or none that they may know of; which of the two is not told.
    """
    line = line_of(connection, number)
    if line is None or line.timeline != LIVE or not _knows_of(caller, line):
        raise NotFoundError("there is no such alert", hint="Ask for the list of alerts first.")
    return _seen(line, caller.clearance)


def explanation_for(found: ExplainedAlert, caller: Caller) -> dict[str, Any]:
    """Why an alert is what it is, with all that is above the caller's clearance taken out."""
    level = caller.clearance
    evidence = masked({name: found.evidence.get(name) or [] for name in ("values", "because")}, level)
    inner = level >= Sensitivity.INTERNAL
    return {
        "because": [part["text"] for part in evidence["because"]],
        "also_checked": [_told(part, level) for part in found.evidence.get("also_checked", ())],
        "values": [_value(leaf) for leaf in evidence["values"]],
        "about": [_named(one.label, one.name, one.sensitivity, level) for one in found.about],
        "records": [_record(origin, level) for origin in found.origins],
        "clocks": dict(found.clocks) if inner else {},
        "trail": [_turn(turn, level) for turn in found.trail] if inner else [],
        "resolve_reason": found.resolve_reason if inner else None,
    }


def _knows_of(caller: Caller, line: AlertLine) -> bool:
    return caller.may_ask(line.vertical) and caller.may_see_site(Label(line.sensitivity, line.site))


def _seen(line: AlertLine, clearance: Sensitivity) -> SeenAlert:
    named, inner = line.sensitivity <= clearance, clearance >= Sensitivity.INTERNAL
    shown = line if named else replace(line, subject=generic_name(line.entity_kind))
    # An id leads to a person as surely as a name does.
    shown = shown if clearance >= max(line.sensitivity, Sensitivity.PII) else replace(shown, entity_id=0)
    if not inner:
        acked_by = None if line.acked_by is None else HIDDEN
        shown = replace(shown, title=HIDDEN, rule_id=HIDDEN, site=None, acked_by=acked_by)
    return SeenAlert(shown, not (named and inner))


def _told(part: Mapping[str, Any], clearance: Sensitivity) -> str:
    return str(part["text"]) if level_of(part.get(_SENTENCE)) <= clearance else HIDDEN


def _value(leaf: Mapping[str, Any]) -> dict[str, Any]:
    """One value that was looked at; its words give away as much as itself."""
    return {name: leaf.get(name) for name in ("label", "value", "unit", "as_of", "sensitivity")}


def _named(label: str, name: str, needs: Sensitivity, clearance: Sensitivity) -> dict[str, str]:
    return {"label": label, "name": name if needs <= clearance else HIDDEN}


def _record(origin: Origin, clearance: Sensitivity) -> dict[str, Any]:
    """A record that values came from; its key leads to a person as surely as a name does."""
    keyed = max(origin.sensitivity, Sensitivity.PII) <= clearance
    shown = origin.name if origin.sensitivity <= clearance else HIDDEN
    return {
        "kind": origin.kind, "source": origin.source, "source_key": origin.source_key if keyed else HIDDEN,
        "name": shown, "occurred_at": origin.occurred_at if clearance >= Sensitivity.PHI else None,
    }  # fmt: skip


def _turn(turn: Turn, clearance: Sensitivity) -> dict[str, Any]:
    """An entry of the trail; what people write may be about anybody."""
    comment = turn.comment if turn.comment is None or clearance >= Sensitivity.PHI else HIDDEN
    return {"at": turn.at, "actor": turn.actor, "action": turn.action, "state": turn.state, "comment": comment}
