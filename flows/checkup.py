"""Is everything in order? One function an examination, one finding each, with the next step where it is not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from automations.alerts import LIVE, rule_progress
from automations.channel_state import disabled_channels
from automations.channels import channels
from automations.contacts import load_directory
from automations.engine import budgets_of
from automations.outbox import Delivery, outbox
from automations.review import Review, grave
from automations.rule_files import read_rules
from automations.watch import FAILURES
from flows.checkup_finding import Finding
from flows.index_checkup import examine_copilots
from flows.timetable import all_turns
from flows.trouble import overdue
from flows.workbench import template_folders
from substrate.batches import counter
from substrate.catalog import Vertical
from substrate.clock import MINUTE, duration_text
from substrate.database import Database
from substrate.errors import PlumblineError
from substrate.features.checked import feature_operands
from substrate.freshness import stale, watermarks
from substrate.gate import Gate
from substrate.migrate import head, missing_tables, revision
from substrate.quarantine import QuarantineState, quarantine
from substrate.series.checked import checked
from substrate.settings import Settings

_LATE = 2 * MINUTE
_CLOCK_SLACK = MINUTE


def examine(settings: Settings, database: Database, verticals: Iterable[Vertical], now: int) -> list[Finding]:
    """Look at everything, in the order in which one thing rests on another."""
    listed = list(verticals)
    declared = list(_declarations(settings, listed, now))
    usable = [vertical for vertical, found in zip(listed, declared, strict=False) if found.sound]
    findings = [_home(settings.home), *declared, _contacts(settings, database)]
    with database.read() as connection:
        findings.append(_tables(connection, usable, settings.safe_database_url))
        findings += [_integrity(connection), _clock(connection, now), _quarantine(connection)]
        findings += [_freshness(connection, vertical, now) for vertical in usable]
        findings += [_rules(connection), *_outbox(connection, now), _switched_off(connection)]
    findings += examine_copilots(settings, database, usable, now)
    return [*findings, _batch_work(settings, database, usable, now)]


def _home(home: Path) -> Finding:
    if not os.access(home, os.W_OK):
        return Finding("home", False, f"{home} cannot be written to", "Set PLUMBLINE_HOME to a folder of your own.")
    return Finding("home", True, str(home))


def _declarations(settings: Settings, verticals: list[Vertical], now: int) -> Iterator[Finding]:
    if not verticals:
        yield Finding("verticals", False, "none is installed", "Install a package that brings one.")
    for vertical in verticals:
        yield _declaration(settings, vertical, now)


def _declaration(settings: Settings, vertical: Vertical, now: int) -> Finding:
    subject = f"vertical {vertical.name}"
    review = Review(vertical, template_folders(settings, vertical), now)
    try:
        Gate(vertical.checks)
        _computable(vertical)
        specs = read_rules(vertical.rules)
        problems = grave(review.rules(specs) + review.templates(specs))
    except PlumblineError as error:
        return Finding(subject, False, error.message, error.hint)
    if problems:
        return Finding(subject, False, str(problems[0]), f"plumbline rules check --vertical {vertical.name}")
    features = sum(len(view.features) for view in vertical.views)
    counts = (len(vertical.records), len(vertical.checks), features, len(vertical.series), len(specs))
    said = zip(counts, ("kinds", "checks", "features", "series", "rules"), strict=True)
    return Finding(subject, True, ", ".join(f"{count} {name}" for count, name in said))


def _computable(vertical: Vertical) -> None:
    """Read every feature and series as declared; what is wrong with one is an error that names it."""
    for view in vertical.views:
        feature_operands(view)
    for series in vertical.series:
        checked(series)


def _contacts(settings: Settings, database: Database) -> Finding:
    try:
        directory, installed = load_directory(settings.resolved_contacts_file), channels(settings, database)
    except PlumblineError as error:
        return Finding("contacts", False, error.message, error.hint)
    asked = {(route.channel, person.id) for person in directory.known.values() for route in person.routes}
    strange = sorted((channel, person) for channel, person in asked if channel not in installed)
    if strange:
        channel, person = strange[0]
        hint = f"Installed: {', '.join(installed)}. docs/channels.md says what each needs."
        return Finding("contacts", False, f"{person} is to be reached by {channel!r}, which is not there", hint)
    who = (
        f"{len(directory.known)} recipients" if directory.known else "no contacts file: every role is its own recipient"
    )
    return Finding("contacts", True, f"{who}; channels: {', '.join(installed)}")


def _switched_off(connection: Connection) -> Finding:
    off = disabled_channels(connection)
    if off:
        step = f"Mend its credentials, then plumbline outbox enable {off[0].channel}"
        return Finding("channels", False, f"{off[0].channel} is switched off: {off[0].why}", step)
    return Finding("channels", True, "none is switched off")


def _tables(connection: Connection, verticals: list[Vertical], url: str) -> Finding:
    found, missing = revision(connection), missing_tables(connection, verticals)
    if found != head() or missing:
        what = f"{url}: migration {found}, newest is {head()}; {len(missing)} tables are missing"
        return Finding("database", False, what, "plumbline db upgrade")
    return Finding("database", True, f"{url}, migration {found}")


def _integrity(connection: Connection) -> Finding:
    if connection.dialect.name != "sqlite":
        server = connection.scalar(text("SHOW server_version"))
        return Finding("integrity", True, f"PostgreSQL {server} looks after itself")
    said = connection.scalar(text("PRAGMA quick_check(1)"))
    if said != "ok":
        return Finding("integrity", False, f"SQLite says: {said}", "Stop writing and restore the newest backup.")
    return Finding("integrity", True, "SQLite's quick check is clean")


def _clock(connection: Connection, now: int) -> Finding:
    newest = connection.scalar(select(counter.c.recorded_at)) or 0
    if newest > now + _CLOCK_SLACK:
        behind = duration_text(newest - now)
        return Finding("clock", False, f"this machine's clock is {behind} behind the newest record", "Set the clock.")
    return Finding("clock", True, "not behind the newest record")


def _quarantine(connection: Connection) -> Finding:
    held = quarantine.c.state == QuarantineState.HELD
    count = connection.scalar(select(func.count()).select_from(quarantine).where(held)) or 0
    return Finding("quarantine", True, f"{count} rows are held", "plumbline quarantine list" if count else "")


def _freshness(connection: Connection, vertical: Vertical, now: int) -> Finding:
    subject = f"data of {vertical.name}"
    known = watermarks(connection)
    needs = {name: budget for name, budget in budgets_of(vertical).items() if name in known}
    old = stale(known, needs, now)
    if old:
        worst = max(old, key=lambda each: each.age or 0)
        what = f"{len(old)} are older than promised; {worst.name} by {duration_text((worst.age or 0) - worst.budget)}"
        return Finding(subject, False, what, f"plumbline run {vertical.name}")
    return Finding(subject, True, f"{len(needs)} watermarks are within their promise" if needs else "none was read yet")


def _rules(connection: Connection) -> Finding:
    progress = rule_progress.c
    failing = (progress.timeline == LIVE, progress.failures >= FAILURES)
    rows = connection.execute(select(progress.rule_id, progress.last_error).where(*failing)).all()
    if rows:
        return Finding(
            "rules", False, f"{rows[0].rule_id} keeps failing: {rows[0].last_error}", "plumbline rules check"
        )
    return Finding("rules", True, "none keeps failing")


def _batch_work(settings: Settings, database: Database, verticals: list[Vertical], now: int) -> Finding:
    try:
        due = all_turns(settings, {one.name: one for one in verticals})
    except PlumblineError as error:
        return Finding("batch work", False, error.message, error.hint)
    late = overdue(database, due, now)
    if late:
        turn, age = max(late, key=lambda each: each[1])
        what = f"{len(late)} pieces are late; the last good run of {turn.subject} was {duration_text(age)} ago"
        return Finding("batch work", False, what, "See the runs in Prefect; docs/prefect.md says what each does.")
    return Finding("batch work", True, "nothing that ran before is late")


def _outbox(connection: Connection, now: int) -> Iterator[Finding]:
    counts: dict[str, int] = dict(
        connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state)).tuples().all()
    )
    dead = counts.get(Delivery.DEAD, 0)
    step = "plumbline outbox list --state dead, then plumbline outbox redrive" if dead else ""
    yield Finding("outbox", not dead, f"{dead} messages could not be delivered", step)
    late = (outbox.c.state == Delivery.WAITING, outbox.c.due_at < now - _LATE)
    waiting = connection.scalar(select(func.count()).select_from(outbox).where(*late)) or 0
    yield Finding("delivery", not waiting, f"{waiting} messages are overdue", "plumbline run" if waiting else "")
