"""How a cycle's report looks: a page for people, a document with stable keys for programs."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.table import Table
from rich.text import Text

from automations.engine import RuleReport
from console.terminal import SEVERITY_STYLES, Parts, screen
from flows.cycle import CycleReport
from substrate.clock import SECOND, isoformat, local_text
from substrate.ingest import IngestReport


def cycle_facts(report: CycleReport) -> dict[str, Any]:
    """The report for a program. Keys are only ever added."""
    total = merged(report)
    rules = report.rules
    return {
        "at": isoformat(report.at),
        "timeline": report.timeline,
        "rows": {
            "in": total.rows_in,
            "accepted": total.accepted,
            "unchanged": total.unchanged,
            "quarantined": total.quarantined,
            "reasons": dict(total.reasons),
        },
        "records": dict(total.records),
        "gone": {kind: count for kind, count in total.gone.items() if count},
        "held_deletes": total.held_deletes,
        "discarded_values": dict(total.discarded),
        "ignored": [{"place": place, "why": why} for place, why in total.ignored],
        "features": {
            each.view: {"mode": each.mode, "entities": each.entities, "changed": each.changed}
            for each in report.refreshes
        },
        "series": {
            each.series: {"mode": each.mode, "computed": each.points, "points": each.stored} for each in report.series
        },
        "rules": {
            "evaluated": rules.evaluated,
            "held_still": {rule: [each.name for each in old] for rule, old in rules.stale.items()},
            "errors": rules.errors,
        },
        "alerts": {
            "opened": sum(rules.opened.values()),
            "by_severity": {severity.value: count for severity, count in rules.opened.items()},
            "resolved": rules.resolved,
            "pending": rules.pending,
            "enqueued": rules.enqueued,
        },
        "deliveries": {
            "sent": report.deliveries.sent,
            "retried": report.deliveries.retried,
            "postponed": report.deliveries.postponed,
            "dead": report.deliveries.dead,
            "suppressed": dict(report.deliveries.suppressed),
            "by_channel": dict(report.deliveries.by_channel),
        },
        "seconds": {step: round(seconds, 3) for step, seconds in report.seconds.items()},
    }


def merged(report: CycleReport) -> IngestReport:
    """The accounts of all sources in one."""
    total = IngestReport()
    for each in report.ingests.values():
        total.rows_in += each.rows_in
        total.accepted += each.accepted
        total.unchanged += each.unchanged
        total.quarantined += each.quarantined
        for name in ("reasons", "records", "gone", "discarded"):
            getattr(total, name).update(getattr(each, name))
        total.held_deletes.update(each.held_deletes)
        total.ignored += each.ignored
    return total


def show_cycle(report: CycleReport, zone: str) -> None:
    """Print the report for people."""
    total = merged(report)
    page = Table.grid(padding=(0, 2))
    page.add_column(style="bold", no_wrap=True)
    page.add_column(overflow="fold")
    page.add_column(justify="right", style="dim", no_wrap=True)
    seconds = {step: f"{taken:.1f} s" for step, taken in report.seconds.items()}
    page.add_row("Rows", _rows(total), seconds.get("ingest", ""))
    for line in _trouble(total):
        page.add_row("", line, "")
    page.add_row("Records", _counts(total.records) if total.records else Text("none written", style="dim"), "")
    page.add_row("Features", _features(report), seconds.get("features", ""))
    page.add_row("Rules", _rules(report.rules), seconds.get("rules", ""))
    page.add_row("Alerts", _alerts(report.rules), "")
    page.add_row("Messages", _messages(report), seconds.get("deliver", ""))
    screen.print()
    title = "Cycle" if report.timeline == "live" else "Cycle as it was"
    screen.rule(f"[bold]{title}[/] · {local_text(report.at, zone)} {zone}", style="dim", align="left")
    screen.print(page)


def _rows(total: IngestReport) -> Text:
    return Text.assemble(
        (f"{total.rows_in:,}", "bold"), " in  =  ",
        (f"{total.accepted:,}", "green"), " accepted  +  ",
        f"{total.unchanged:,} unchanged  +  ",
        (f"{total.quarantined:,}", "yellow" if total.quarantined else ""), " quarantined",
    )  # fmt: skip


def _trouble(total: IngestReport) -> list[Parts | Text]:
    lines: list[Parts | Text] = []
    if total.reasons:
        lines.append(_counts(total.reasons, Text("quarantined: ", "yellow")))
    if total.discarded:
        lines.append(_counts(total.discarded, Text("values dropped: ", "yellow")))
    if total.held_deletes:
        lines.append(_counts(Counter(total.held_deletes), Text("too many would be deleted, none was: ", "bold red")))
        lines.append(Text("Look, then run again with --allow-mass-delete."))
    return lines


def _counts(counts: Counter[str], head: Text | None = None) -> Parts:
    parts = [Text(f"{name} {count:,}") for name, count in counts.most_common()]
    return Parts([Text.assemble(head or "", parts[0]), *parts[1:]] if parts else [])


def _features(report: CycleReport) -> Parts:
    parts = [Text(f"{each.view} {each.changed:,}") for each in report.refreshes if each.changed]
    newest = min((each.as_of for each in report.refreshes), default=report.at)
    head = Text.assemble("changed for ", parts[0]) if parts else Text("nothing to change")
    return Parts([head, *parts[1:], Text(f"true as of {isoformat(newest // SECOND * SECOND)}", "dim")])


def _rules(rules: RuleReport) -> Text:
    text = Text(f"{rules.evaluated} evaluated")
    if rules.stale:
        text.append(f", {len(rules.stale)} held still on stale data", style="yellow")
    for rule, why in rules.errors.items():
        text.append(f"\n{rule} failed: {why}", style="red")
    return text


def _alerts(rules: RuleReport) -> Parts:
    parts = [Text(f"{sum(rules.opened.values())} opened")]
    parts += [Text(f"{count} {each.value}", SEVERITY_STYLES[each.value]) for each, count in rules.opened.items()]
    ends = (f"{rules.resolved} resolved", f"{rules.pending} waiting to be sure")
    return Parts([*parts, *(Text(end, "dim") for end in ends)], between="  ")


def _messages(report: CycleReport) -> Parts:
    sent = report.deliveries
    parts = [Text(f"{sent.sent} delivered")]
    parts += [Text(f"{count} to {name}") for name, count in sorted(sent.by_channel.items())]
    if sent.retried:
        parts.append(Text(f"{sent.retried} to be tried again", "yellow"))
    if sent.postponed:
        parts.append(Text(f"{sent.postponed} wait for their channel", "yellow"))
    if sent.dead:
        parts.append(Text(f"{sent.dead} dead (plumbline outbox list)", "bold red"))
    parts += [Text(f"{count} not sent: {why}", "dim") for why, count in sent.suppressed.items()]
    return Parts(parts)
