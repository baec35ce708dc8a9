"""`plumbline rules preview`: what people would read of a rule, about a real record, on the channel of your choice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from automations.channels import channels
from automations.channels.channel import Rendered
from automations.conditions import Compiled, compile_rule
from automations.review import Review
from automations.rule_check import Problem
from automations.rule_files import read_rule, read_rules
from automations.rulebook import rule as stored_rule
from automations.rules import Rule
from automations.samples import Sample, Sampler
from automations.shipping import ship_rules
from automations.templating import REASONS, Templates
from console.answers import JSON, VERTICAL
from console.terminal import print_json, screen
from console.workspace import Workspace, workspace
from flows.workbench import template_folders
from substrate.catalog import Vertical
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError, NotFoundError
from substrate.facts import Facts
from substrate.lookup import find_entity

_READER = "preview"


@dataclass(frozen=True)
class Shown:
    """A message that nobody gets.

    Attributes:
        rule: the rule's id.
        sample: what it is about.
        channel: on which it would be sent.
        clearance: what that channel may carry at most.
        message: as it would be sent.
        problems: what is wrong with the rule and its templates.
    """

    rule: str
    sample: Sample
    channel: str
    clearance: Sensitivity
    message: Rendered
    problems: list[Problem]


def preview(
    rule_id: Annotated[str, typer.Argument(metavar="RULE", help="The rule's id, or a rule file.")],
    entity: Annotated[
        str | None, typer.Option(help="Key or id of the record to show; default: the newest, else a made-up one.")
    ] = None,
    channel: Annotated[
        str, typer.Option(help="inbox, file, smtp, webhook: what it may not carry is masked.")
    ] = "inbox",
    reason: Annotated[str, typer.Option(help="Why it is told: fired, resolved, worse, nodata …")] = "fired",
    vertical: VERTICAL = None,
    as_json: JSON = False,
) -> None:
    """Show the message that a rule would send about a record, as a channel would carry it. Nothing is sent.

    Example: plumbline rules preview critical-result-unacknowledged --channel smtp
    """
    with workspace() as ws:
        with ws.database.write() as connection:
            for each in ws.verticals.values():
                ship_rules(connection, each.name, read_rules(each.rules), ws.clock.now())
        with ws.database.read() as connection:
            shown = _shown(ws, connection, _asked(ws, connection, rule_id, vertical), entity, channel, _known(reason))
    if as_json:
        print_json(_facts(shown))
        return
    _print(shown)


def _asked(ws: Workspace, connection: Connection, said: str, vertical: str | None) -> tuple[Rule, Vertical, int]:
    """The rule that is meant, whose it is, and its version; a file's has none yet."""
    if Path(said).suffix in (".yaml", ".yml"):
        try:
            rule = read_rule(Path(said).read_text("utf-8"), Path(said).name)
            return (
                rule,
                ws.vertical(
                    vertical, has=lambda each: rule.entity in each.kinds, what=f"records of kind {rule.entity!r}"
                ),
                0,
            )
        except (OSError, UnicodeDecodeError) as error:
            hint = "Give a rule's id, or the path of a rule file."
            raise ConfigurationError(f"{said} cannot be read: {error}", hint=hint) from None
    stored = stored_rule(connection, said)
    return stored.rule, ws.vertical(stored.vertical), stored.version


def _known(reason: str) -> str:
    if reason not in REASONS:
        raise ConfigurationError(f"nobody is told for the reason {reason!r}", hint=f"Choose of: {', '.join(REASONS)}.")
    return reason


def _shown(
    ws: Workspace,
    connection: Connection,
    asked: tuple[Rule, Vertical, int],
    entity: str | None,
    channel: str,
    reason: str,
) -> Shown:
    spec, vertical, version = asked
    facts, now = Facts(vertical.records, vertical.views), ws.clock.now()
    folders = template_folders(ws.settings, vertical)
    compiled = compile_rule(spec, facts, vertical=vertical.name, version=version)
    sample = _sample(connection, compiled, Sampler(compiled, facts, now), vertical, entity, reason)
    clearance = _clearance(ws, channel)
    message = Templates(folders, zone=ws.settings.time_zone).render(
        sample.context, clearance, reason=reason, recipient=_READER, address=None,
        severity=sample.context["severity"], created_at=sample.created_at,
    )  # fmt: skip
    problems = Review(vertical, folders, now, connection).rules([spec])
    return Shown(spec.id, sample, channel, clearance, message, problems)


def _sample(
    connection: Connection, rule: Compiled, sampler: Sampler, vertical: Vertical, entity: str | None, reason: str
) -> Sample:
    if entity is not None:
        number: int | None = find_entity(connection, vertical, rule.rule.entity, entity)[0]
    else:
        number = sampler.newest(connection)
    seen = sampler.made_up() if number is None else sampler.recorded(connection, number)
    return sampler.sample(seen, reason)


def _clearance(ws: Workspace, name: str) -> Sensitivity:
    """What a channel may carry; one that is not set up carries what it would by its usual settings."""
    known = channels(ws.settings, ws.database)
    usual = {"smtp": ws.settings.smtp_clearance}
    if name in known:
        return known[name].clearance
    if name in usual:
        return Sensitivity[usual[name].upper()]
    raise NotFoundError(f"no channel is called {name!r}", hint=f"There are: {', '.join([*known, *usual])}.")


def _facts(shown: Shown) -> dict[str, Any]:
    message = shown.message
    problems = [{"key": each.key, "message": each.message, "hint": each.hint} for each in shown.problems]
    return {
        "rule": shown.rule, "about": shown.sample.what, "reason": shown.sample.reason, "channel": shown.channel,
        "clearance": shown.clearance.name.lower(), "subject": message.subject, "text": message.text,
        "html": message.html, "problems": problems,
    }  # fmt: skip


def _print(shown: Shown) -> None:
    """The message between two lines that say how it came about."""
    told = f"Preview of {shown.rule} about {shown.sample.what}: {shown.sample.reason}, by {shown.channel}"
    screen.print(f"[dim]{told}, which carries up to {shown.clearance.name}. Nothing is sent.[/]", soft_wrap=True)
    screen.print(f"Subject: {shown.message.subject}\n", style="bold", markup=False, soft_wrap=True)
    screen.print(shown.message.text.rstrip(), markup=False, soft_wrap=True)
    for each in shown.problems:
        screen.print(str(each), style="red" if each.grave else "yellow", markup=False, soft_wrap=True)
