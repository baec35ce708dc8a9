"""`plumbline alerts`: what was found, why, and who has taken it on."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from automations.actions import acknowledge, resolve, snooze
from automations.alerts import LIVE
from automations.explain import ExplainedAlert, explain_alert, why_not
from automations.listing import AlertLine, alert_code, find_alert, list_alerts, timelines, vertical_of
from automations.rulebook import rule as stored_rule
from automations.rules import Severity
from console.answers import JSON, app
from console.terminal import SEVERITY_STYLES, age_text, print_json, print_table, screen
from console.workspace import Workspace, workspace
from substrate.clock import isoformat, local_text, parse_duration, parse_instant
from substrate.facts import Facts
from substrate.lookup import find_entity

commands = app("Alerts: see them, understand them, take them on.")

ALERT = Annotated[str, typer.Argument(metavar="ID", help="The alert's code, or the beginning of it.")]
COMMENT = Annotated[str, typer.Option(help="What the others should know; kept in the trail.")]


@commands.command("list")
def list_all(
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    severity: Annotated[Severity | None, typer.Option(help="Only alerts this bad.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only alerts of this rule.")] = None,
    timeline: Annotated[
        str | None, typer.Option(help="The alerts of a run with --as-of: replay-1, replay-2 …; default: live.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many.")] = 50,
    as_json: JSON = False,
) -> None:
    """List open alerts, worst first.

    Example: plumbline alerts list --severity critical
    """
    with workspace() as ws, ws.database.read() as connection:
        lines = list_alerts(
            connection, timeline=timeline or LIVE, every=every, severity=severity, rule_id=rule, limit=limit
        )
        others = [name for name in timelines(connection) if name != (timeline or LIVE)]
        now = ws.clock.now()
    if as_json:
        print_json([_facts(line) for line in lines])
        return
    print_table("Alerts", _COLUMNS, [_cells(line, now) for line in lines], empty="No open alerts.")
    if others:
        screen.print(f"[dim]Other timelines: {', '.join(others)} (--timeline NAME)[/]")


@commands.command()
def show(said: ALERT, as_json: JSON = False) -> None:
    """Show one alert in short: what, about whom, since when, who has it.

    Example: plumbline alerts show 3fa9c1
    """
    with workspace() as ws:
        found = _explained(ws, said)
    facts = _explained_facts(found)
    if as_json:
        print_json({key: facts[key] for key in ("id", "title", "severity", "state", "acked_by", "clocks", "because")})
        return
    screen.print(f"[bold]{found.rule.title}[/] ({found.severity}, {found.state})")
    for sentence in found.because:
        screen.print(f"  {sentence}", markup=False)


@commands.command()
def explain(
    said: ALERT,
    as_json: JSON = False,
) -> None:
    """Say in plain words why an alert is there: values, thresholds, how old each was, and where it came from.

    Example: plumbline alerts explain 3fa9c1
    """
    with workspace() as ws:
        found = _explained(ws, said)
        zone = ws.settings.time_zone
    if as_json:
        print_json(_explained_facts(found))
        return
    screen.print(found.plain_text(zone), markup=False, soft_wrap=True)


@commands.command("why-not")
def explain_silence(
    rule: Annotated[str, typer.Argument(help="The rule's id.")],
    key: Annotated[str, typer.Argument(help="The key of the entity that the rule watches, or its id.")],
    at: Annotated[str, typer.Option("--at", help="The time in question, such as 2026-03-02T03:00Z.")],
    as_json: JSON = False,
) -> None:
    """Say why a rule did not fire for something at a time, worked out again on the facts as they were.

    Example: plumbline alerts why-not discharge-overdue 3f1c… --at 2026-03-02T03:00Z
    """
    with workspace() as ws, ws.database.read() as connection:
        stored = stored_rule(connection, rule)
        vertical = ws.vertical(stored.vertical)
        number, _ = find_entity(connection, vertical, stored.rule.entity, key)
        facts = Facts(vertical.records, vertical.views)
        found = why_not(connection, facts, rule, number, parse_instant(at, what="--at"))
        zone = ws.settings.time_zone
    if as_json:
        print_json({"rule": rule, "version": found.version, "verdict": str(found.verdict), "evidence": found.evidence})
        return
    screen.print(found.plain_text(zone), markup=False, soft_wrap=True)


@commands.command("ack")
def take_on(said: ALERT, comment: COMMENT = "", as_json: JSON = False) -> None:
    """Say that you have taken an alert on, so that nobody else is called.

    Example: plumbline alerts ack 3fa9c1 --comment "I am with the patient"
    """
    with workspace() as ws, ws.database.write() as connection:
        number = find_alert(connection, said)
        acknowledge(connection, number, ws.actor, ws.clock.now(), comment)
        by = ws.actor
    _done(number, f"taken on by {by}", as_json=as_json)


@commands.command("snooze")
def leave_alone(
    said: ALERT,
    until: Annotated[str, typer.Option(help="How long (2h) or until when (2026-03-02T14:00Z).")],
    comment: COMMENT = "",
    as_json: JSON = False,
) -> None:
    """Be left in peace until a time, or until the alert is over or gets worse.

    Example: plumbline alerts snooze 3fa9c1 --until 2h
    """
    with workspace() as ws, ws.database.write() as connection:
        number, now = find_alert(connection, said), ws.clock.now()
        moment = _moment(until, now)
        snooze(connection, number, ws.actor, now, moment, comment)
        zone = ws.settings.time_zone
    _done(number, f"quiet until {local_text(moment, zone)} {zone}", as_json=as_json)


@commands.command("resolve")
def end(said: ALERT, comment: COMMENT = "", as_json: JSON = False) -> None:
    """End an alert by hand. It opens again if its condition becomes true anew.

    Example: plumbline alerts resolve 3fa9c1 --comment "was entered twice"
    """
    with workspace() as ws, ws.database.write() as connection:
        number = find_alert(connection, said)
        resolve(connection, number, ws.actor, ws.clock.now(), comment)
    _done(number, "resolved", as_json=as_json)


_COLUMNS = ("id", "severity", "what", "about", "since", "state", "taken by")


def _cells(line: AlertLine, now: int) -> tuple[object, ...]:
    style = SEVERITY_STYLES[line.severity]
    age = age_text(now - line.opened_at) if line.timeline == LIVE else isoformat(line.opened_at)
    return (
        line.code, f"[{style}]{line.severity}[/]", line.title, f"{line.entity_kind} {line.subject}", age,
        line.state, line.acked_by,
    )  # fmt: skip


def _facts(line: AlertLine) -> dict[str, Any]:
    facts = {name: getattr(line, name) for name in line.__dataclass_fields__}
    until = isoformat(line.snoozed_until) if line.snoozed_until else None
    return facts | {
        "id": str(line.id), "sensitivity": line.sensitivity.name.lower(),
        "opened_at": isoformat(line.opened_at), "snoozed_until": until,
    }  # fmt: skip


def _explained(ws: Workspace, said: str) -> ExplainedAlert:
    with ws.database.read() as connection:
        number = find_alert(connection, said)
        vertical = ws.vertical(vertical_of(connection, number))
        return explain_alert(connection, Facts(vertical.records, vertical.views), number)


def _explained_facts(found: ExplainedAlert) -> dict[str, Any]:
    return {
        "id": str(found.alert_id), "rule": found.rule.id, "title": found.rule.title, "rule_version": found.version,
        "severity": found.severity, "state": found.state, "acked_by": found.acked_by,
        "clocks": {name: isoformat(at) for name, at in found.clocks.items()},
        "because": found.because, "evidence": found.evidence,
        "records": [_fields(origin) for origin in found.origins],
        "trail": [_fields(turn) | {"at": isoformat(turn.at)} for turn in found.trail],
    }  # fmt: skip


def _fields(value: Any) -> dict[str, Any]:
    """A small value's fields by name."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _moment(text: str, now: int) -> int:
    return (
        now + parse_duration(text, what="--until") if text[-1:].isalpha() and text[-1] != "Z" else parse_instant(text)
    )


def _done(number: int, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": str(number), "done": what})
    else:
        screen.print(f"Alert {alert_code(number)} is {what}.")
