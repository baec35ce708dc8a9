"""`plumbline rules`: what is watched for, in which version, and whether a rule is right before it is let loose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from automations.review import Review, grave
from automations.rule_check import Problem
from automations.rule_files import read_rule, read_rules, specification
from automations.rulebook import StoredRule, activate, export_rule, import_rules, pause, rule, rules, versions
from automations.rules import Rule
from automations.shipping import ship_rules
from console.answers import JSON, VERTICAL, app
from console.exits import ATTENTION
from console.preview import preview
from console.terminal import SEVERITY_STYLES, print_json, print_table, screen
from console.workspace import Workspace, workspace
from flows.workbench import template_folders
from substrate.catalog import Vertical
from substrate.clock import isoformat
from substrate.errors import ConfigurationError, ConflictError

commands = app("Rules: what is watched for. A rule is a YAML file; docs/rules.md says what it may contain.")

RULE = Annotated[str, typer.Argument(metavar="RULE", help="The rule's id.")]


@commands.command("list")
def list_all(vertical: VERTICAL = None, as_json: JSON = False) -> None:
    """List the rules, where each stands, and who owns it.

    Example: plumbline rules list
    """
    with workspace() as ws:
        meant = ws.meant(vertical)
        with ws.database.write() as connection:
            found = [stored for chosen in meant for stored in _book(ws, connection, chosen)]
    if as_json:
        print_json([_facts(stored) for stored in found])
        return
    cells = [
        (
            stored.rule.id, _severity(stored.rule), stored.lifecycle.value, f"v{stored.version}",
            stored.rule.owner, stored.rule.title,
        )
        for stored in found
    ]  # fmt: skip
    print_table(
        "Rules",
        ("rule", "severity", "stands", "version", "owner", "what"),
        cells,
        empty="No rules.",
        spare=("version", "owner"),
    )


@commands.command()
def show(rule_id: RULE, as_json: JSON = False) -> None:
    """Show one rule as its file, with its versions.

    Example: plumbline rules show discharge-overdue
    """
    with workspace() as ws, ws.database.write() as connection:
        _ship_all(ws, connection)
        stored, text, past = rule(connection, rule_id), export_rule(connection, rule_id), versions(connection, rule_id)
    if as_json:
        history = [{"version": each.version, "author": each.author, "at": isoformat(each.at)} for each in past]
        print_json(_facts(stored) | {"spec": specification(stored.rule), "versions": history})
        return
    screen.print(text, markup=False, soft_wrap=True)
    for each in past:
        screen.print(f"[dim]v{each.version} by {each.author} at {isoformat(each.at)}[/]")


@commands.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Rule files; none: the vertical's own.")] = None,
    vertical: VERTICAL = None,
    as_json: JSON = False,
) -> None:
    """Check rule files against the records and features, run their examples, and try their templates.

    Exit code 1 if something is wrong; a warning alone is none.

    Example: plumbline rules check my-rule.yaml
    """
    with workspace() as ws, ws.database.read() as connection:
        specs = _read(files) if files else []
        problems = _review(ws, connection, _whose(ws, vertical, specs)).rules(specs) if files else []
        for chosen in () if files else ws.meant(vertical):
            shipped = read_rules(chosen.rules)
            review = _review(ws, connection, chosen)
            booked = [stored.rule for stored in rules(connection, chosen.name)]
            problems += [*review.rules(shipped), *review.templates([*shipped, *booked])]
            specs += shipped
    if as_json:
        print_json({"checked": len(specs), "problems": [_problem(each) for each in problems]})
    else:
        _say(problems)
        examples = sum(len(spec.examples) for spec in specs)
        screen.print(f"{len(specs)} rules and {examples} examples checked, {len(grave(problems))} problems.")
    if grave(problems):
        raise typer.Exit(ATTENTION)


@commands.command("import")
def bring_in(
    files: Annotated[list[Path], typer.Argument(help="Rule files.")],
    vertical: VERTICAL = None,
    as_json: JSON = False,
) -> None:
    """Check rule files and bring them into the book: new rules begin, changed ones get a new version.

    Example: plumbline rules import my-rule.yaml
    """
    with workspace() as ws, ws.database.write() as connection:
        specs = _read(files)
        chosen = _whose(ws, vertical, specs)
        problems = _review(ws, connection, chosen).rules(specs)
        for problem in grave(problems)[:1]:
            raise ConfigurationError(str(problem), hint="Nothing was imported.")
        _ship_all(ws, connection)
        done = import_rules(connection, chosen.name, specs, ws.actor, ws.clock.now())
    if as_json:
        print_json({"added": done.added, "changed": done.changed, "unchanged": done.unchanged})
        return
    _say(problems)
    screen.print(f"{len(done.added)} added, {len(done.changed)} changed, {len(done.unchanged)} as they were.")


@commands.command("export")
def write_out(
    rule_id: RULE,
    out: Annotated[Path | None, typer.Option(help="File to write; default: standard output.")] = None,
    as_json: JSON = False,
) -> None:
    """Write a rule's version in force as a YAML file, to edit and import again.

    Example: plumbline rules export discharge-overdue --out my-rule.yaml
    """
    with workspace() as ws, ws.database.write() as connection:
        _ship_all(ws, connection)
        text = export_rule(connection, rule_id)
    if out is not None:
        out.write_text(text, "utf-8")
    if as_json:
        print_json({"rule": rule_id, "file": str(out) if out else None, "yaml": text})
    elif out is None:
        screen.out(text, highlight=False)
    else:
        screen.print(f"{rule_id} is in {out}.", soft_wrap=True)


@commands.command("activate")
def let_loose(
    rule_id: RULE,
    shadow: Annotated[bool, typer.Option(help="Evaluate and record it, but tell nobody.")] = False,
    as_json: JSON = False,
) -> None:
    """Evaluate a rule from now on. It must pass its check first.

    Example: plumbline rules activate discharge-overdue --shadow
    """
    with workspace() as ws, ws.database.write() as connection:
        _ship_all(ws, connection)
        stored = rule(connection, rule_id)
        problems = _review(ws, connection, ws.vertical(stored.vertical)).rules([stored.rule])
        for problem in grave(problems)[:1]:
            raise ConflictError(f"{rule_id} does not pass its check", hint=str(problem))
        activate(connection, rule_id, ws.actor, ws.clock.now(), shadow=shadow)
    _said(rule_id, "in shadow" if shadow else "active", as_json=as_json)


@commands.command("pause")
def hold(rule_id: RULE, as_json: JSON = False) -> None:
    """Stop evaluating a rule; its open alerts stay as they are.

    Example: plumbline rules pause discharge-overdue
    """
    with workspace() as ws, ws.database.write() as connection:
        _ship_all(ws, connection)
        pause(connection, rule_id, ws.actor, ws.clock.now())
    _said(rule_id, "paused", as_json=as_json)


commands.command("preview")(preview)


def _book(ws: Workspace, connection: Connection, vertical: Vertical) -> list[StoredRule]:
    _ship_all(ws, connection)
    return rules(connection, vertical.name)


def _ship_all(ws: Workspace, connection: Connection) -> None:
    """The rules that come with a vertical are in the book before anybody looks, also before the first run."""
    for vertical in ws.verticals.values():
        ship_rules(connection, vertical.name, read_rules(vertical.rules), ws.clock.now())


def _read(files: list[Path]) -> list[Rule]:
    specs = []
    for path in files:
        try:
            specs.append(read_rule(path.read_text("utf-8"), path.name))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path} cannot be read: {error}", hint="Give the path of a rule file.") from None
    return specs


def _review(ws: Workspace, connection: Connection, vertical: Vertical) -> Review:
    return Review(vertical, template_folders(ws.settings, vertical), ws.clock.now(), connection)


def _say(problems: list[Problem]) -> None:
    for each in problems:
        text = str(each) if each.grave else f"warning: {each}"
        screen.print(text, style="red" if each.grave else "yellow", markup=False, soft_wrap=True)


def _severity(spec: Rule) -> str:
    return f"[{SEVERITY_STYLES[spec.severity.value]}]{spec.severity.value}[/]"


def _whose(ws: Workspace, vertical: str | None, specs: Sequence[Rule]) -> Vertical:
    """The vertical that rules are for: the one that is named, or that has the kinds of record that they watch."""
    kinds = sorted({spec.entity for spec in specs})
    return ws.vertical(
        vertical,
        has=lambda each: all(kind in each.kinds for kind in kinds),
        what=f"records of kind {' and '.join(kinds)}",
    )


def _facts(stored: StoredRule) -> dict[str, Any]:
    spec = stored.rule
    return {
        "rule": spec.id, "title": spec.title, "vertical": stored.vertical, "entity": spec.entity,
        "severity": spec.severity.value, "lifecycle": stored.lifecycle.value, "version": stored.version,
        "owner": spec.owner, "author": stored.author, "at": isoformat(stored.at),
    }  # fmt: skip


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "rule": problem.rule, "key": problem.key, "message": problem.message, "hint": problem.hint,
        "grave": problem.grave,
    }  # fmt: skip


def _said(rule_id: str, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"rule": rule_id, "stands": what})
    else:
        screen.print(f"{rule_id} is {what}.")
