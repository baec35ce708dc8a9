"""`plumbline alerts`: what was found, why, and who has taken it on."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import Annotated, Any

import typer
from rich.text import Text
from sqlalchemy import Connection

from automations.actions import acknowledge, resolve, snooze
from automations.alerts import LIVE, alert_code
from automations.explain import ExplainedAlert, explain_alert, why_not
from automations.lifecycle import State
from automations.listing import AlertLine, find_alert, list_alerts, timelines, vertical_of
from automations.page import Section, alert_page, why_not_page
from automations.rulebook import rule as stored_rule
from automations.rules import Severity
from automations.whereabouts import Whereabout, whereabouts
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
        about = _whereabouts(ws, connection, lines, now)
    if as_json:
        print_json([_facts(line, about[line.id]) for line in lines])
        return
    narrow = screen.width < _WIDE
    cells = _narrow_cells if narrow else _cells
    columns = _NARROW_COLUMNS if narrow else _COLUMNS
    print_table("Alerts", columns, [cells(line, about[line.id], now) for line in lines], empty="No open alerts.")
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
        zone, now = ws.settings.time_zone, ws.clock.now()
    if as_json:
        print_json(_explained_facts(found))
        return
    print_sections(alert_page(found, zone, now))


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
    print_sections(why_not_page(found, zone))


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


_INDENT = "  "
_WIDE = 120
_COLUMNS = ("id", "severity", "what", "about", "since", "state")
_NARROW_COLUMNS = ("id", "severity", "what and about whom", "since")

Abouts = dict[int, tuple[Whereabout, ...]]


def _whereabouts(ws: Workspace, connection: Connection, lines: list[AlertLine], now: int) -> Abouts:
    """What leads people to what each alert is about, by the alert's number."""
    found: Abouts = {}
    for key in {(line.vertical, line.entity_kind) for line in lines}:
        alike = [line for line in lines if (line.vertical, line.entity_kind) == key]
        told = whereabouts(connection, _known(ws, key[0]), key[1], {line.entity_id for line in alike}, now)
        found |= {line.id: told.get(line.entity_id, ()) for line in alike}
    return found


def _cells(line: AlertLine, about: tuple[Whereabout, ...], now: int) -> tuple[object, ...]:
    return (line.code, _severity(line), Text(line.title), Text(_subject(line, about)), _age(line, now), _state(line))


def _narrow_cells(line: AlertLine, about: tuple[Whereabout, ...], now: int) -> tuple[object, ...]:
    """On a narrow screen what, about whom and how it stands share a cell, so that titles stay whole."""
    state = _state(line)
    standing = "" if state == State.FIRING else f"; {state}"
    told = Text(line.title).append(f"\n{_subject(line, about)}{standing}", style="dim")
    return line.code, _severity(line), told, _age(line, now)


def _subject(line: AlertLine, about: tuple[Whereabout, ...]) -> str:
    """Whom or what it is about, then whose it is and where."""
    names = dict.fromkeys([line.subject, *(one.name for one in about)])
    return ", ".join(names)


def _severity(line: AlertLine) -> Text:
    return Text(line.severity, style=SEVERITY_STYLES[line.severity])


def _age(line: AlertLine, now: int) -> str:
    return age_text(now - line.opened_at) if line.timeline == LIVE else isoformat(line.opened_at)


def _state(line: AlertLine) -> str:
    return f"{line.state}, {line.acked_by} has it" if line.acked_by else line.state


def _facts(line: AlertLine, about: tuple[Whereabout, ...]) -> dict[str, Any]:
    facts = {name: getattr(line, name) for name in line.__dataclass_fields__}
    until = isoformat(line.snoozed_until) if line.snoozed_until else None
    return facts | {
        "id": str(line.id), "sensitivity": line.sensitivity.name.lower(),
        "opened_at": isoformat(line.opened_at), "snoozed_until": until,
        "about": [_about(one) for one in about],
    }  # fmt: skip


def _about(one: Whereabout) -> dict[str, str]:
    return {"label": one.label, "name": one.name, "sensitivity": one.sensitivity.name.lower()}


def _explained(ws: Workspace, said: str) -> ExplainedAlert:
    with ws.database.read() as connection:
        number = find_alert(connection, said)
        return explain_alert(connection, _known(ws, vertical_of(connection, number)), number)


def _known(ws: Workspace, vertical: str | None) -> Facts:
    """What there is to know of a vertical; nothing where it is not installed, or the alert is of Plumbline itself."""
    found = ws.verticals.get(vertical or "")
    return Facts(found.records, found.views) if found else Facts(())


def _explained_facts(found: ExplainedAlert) -> dict[str, Any]:
    return {
        "id": str(found.alert_id), "rule": found.rule.id, "title": found.rule.title, "rule_version": found.version,
        "severity": found.severity, "state": found.state, "acked_by": found.acked_by,
        "clocks": {name: isoformat(at) for name, at in found.clocks.items()},
        "resolve_reason": found.resolve_reason, "about": [_about(one) for one in found.about],
        "because": found.because, "also_checked": found.also_checked, "evidence": found.evidence,
        "records": [_fields(origin) | {"sensitivity": origin.sensitivity.name.lower()} for origin in found.origins],
        "trail": [_fields(turn) | {"at": isoformat(turn.at)} for turn in found.trail],
    }  # fmt: skip


def print_sections(sections: Iterable[Section]) -> None:
    """A page: headings in bold, lines wrapped where the terminal ends."""
    for section in sections:
        screen.print(Text(section.heading, style="bold"))
        for line in section.lines:
            screen.print(Text("\n".join(_wrapped(line))))
        screen.print()


def _wrapped(line: str) -> list[str]:
    """A line under its heading; where it goes on, it goes on below its own beginning."""
    indent = " " * (len(line) - len(line.lstrip()) + len(_INDENT))
    hanging = indent + (_INDENT if line.lstrip().startswith("- ") or len(indent) > len(_INDENT) else "")
    return wrap(_INDENT + line, screen.width, subsequent_indent=hanging, break_long_words=False) or [""]


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
