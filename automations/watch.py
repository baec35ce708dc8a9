"""The built-in rules that watch the rest: data older than promised, failing rules, work left undone, failed batches.

All are alerts like any other: one open episode a thing, told once, resolved when the thing is well again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from automations.alerts import rule_progress
from automations.announcing import Announce, Announcement, announcement
from automations.arrears import Arrears, Chore
from automations.contacts import ADMIN
from automations.episodes import Change, Episode, Stamp, new_episode, open_episodes, past_episodes, write_changes
from automations.evidence import as_json
from automations.lifecycle import Policy, Send, Verdict, begin, numbered, policy_of, step
from automations.outbox import SendReason
from automations.progress import decided, take_turn
from automations.rule_files import rule_from
from automations.rules import Notify, Rule
from substrate.database import Database
from substrate.freshness import Stale
from substrate.records import content_hash

FAILURES = 3
"""How many evaluations in a row must fail before the rule's owner is told."""

STEWARD = "data-steward"
"""The role that is told when data is older than its promise."""

DATA_STALE = rule_from(
    {
        "rule": "plumbline-data-stale",
        "title": "Data is older than promised",
        "description": "Rules that rest on this data are held still; answers that rest on it are marked stale.",
        "entity": "watermark",
        "when": "true",
        "severity": "high",
        "owner": STEWARD,
        "cost_of_delay": "Nobody is warned of what this data would show, and answers may be out of date.",
        "notify": [{"role": STEWARD}],
    },
    "built-in",
)
RULE_FAILING = rule_from(
    {
        "rule": "plumbline-rule-failing",
        "title": "A rule keeps failing",
        "description": "The rule could not be evaluated three times in a row; the other rules go on.",
        "entity": "rule",
        "when": "true",
        "severity": "high",
        "owner": "rule-owner",
        "cost_of_delay": "Nobody is warned of what this rule would find.",
        "notify": [{"role": "rule-owner"}],
    },
    "built-in",
)
WORK_OVERDUE = rule_from(
    {
        "rule": "plumbline-work-overdue",
        "title": "Plumbline is behind with its own work",
        "description": "What should have been done by now is not: look whether its processes run, and at their logs.",
        "entity": "chore",
        "when": "true",
        "severity": "high",
        "owner": ADMIN,
        "cost_of_delay": "Alerts and messages come late, or not at all.",
        "notify": [{"role": ADMIN}],
    },
    "built-in",
)
FLOW_FAILED = rule_from(
    {
        "rule": "plumbline-flow-failed",
        "title": "Batch work failed or did not run",
        "description": "What it should have done is not done; it is tried again at its next turn.",
        "entity": "flow",
        "when": "true",
        "severity": "high",
        "owner": STEWARD,
        "cost_of_delay": "Data, features and alerts grow old until it runs well again.",
        "notify": [{"role": STEWARD}],
    },
    "built-in",
)

BUILT_IN = (DATA_STALE, RULE_FAILING, WORK_OVERDUE, FLOW_FAILED)
"""The rules that are in no book."""

_REASONS = {
    DATA_STALE.id: SendReason.DATA_STALE,
    RULE_FAILING.id: SendReason.RULE_ERROR,
    WORK_OVERDUE.id: SendReason.OVERDUE,
    FLOW_FAILED.id: SendReason.FLOW_FAILED,
}


@dataclass(frozen=True, slots=True)
class Watch:
    """Where, when and for whom the built-in rules look."""

    database: Database
    vertical: str
    announce: Announce
    at: int
    timeline: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is not well.

    Attributes:
        name: the watermark or the rule.
        owner: the role that is told.
        values: what is known of it, for the evidence.
    """

    name: str
    owner: str
    values: tuple[dict[str, Any], ...]


def note_stale(watch: Watch, held: Mapping[str, Iterable[Stale]], checked: Collection[str]) -> None:
    """Keep one alert for each watermark that holds rules still.

    Args:
        watch: where and when.
        held: what was too old, by the rule that it held still.
        checked: the watermarks that were looked at; alerts of others are left alone.
    """
    found = {one.name: one for stale in held.values() for one in stale}
    rules = {name: [rule for rule, old in held.items() if any(one.name == name for one in old)] for name in found}
    troubles = [Trouble(name, STEWARD, _staleness(one, rules[name])) for name, one in found.items()]
    _reconcile(watch, DATA_STALE, troubles, dict.fromkeys(checked, STEWARD))


def note_stale_collections(watch: Watch, found: Iterable[Stale], checked: Collection[str]) -> None:
    """Keep one alert for each copilot's index that is older than promised.

    Args:
        watch: where and when.
        found: what is too old.
        checked: the watermarks that were looked at; alerts of others are left alone.
    """
    troubles = [Trouble(one.name, STEWARD, _age(one)) for one in found]
    _reconcile(watch, DATA_STALE, troubles, dict.fromkeys(checked, STEWARD))


def note_failing(watch: Watch, owners: Mapping[str, str], evaluated: Collection[str]) -> None:
    """Keep one alert for each rule that keeps failing.

    Args:
        watch: where and when.
        owners: the role that owns each rule that this run answers for, by the rule's id.
        evaluated: those of them that were evaluated; one that no longer is has nothing to fail at.
    """
    table = rule_progress
    chosen = select(table.c.rule_id, table.c.failures, table.c.last_error).where(
        table.c.timeline == watch.timeline, table.c.failures >= FAILURES
    )
    with watch.database.read() as connection:
        rows = [row for row in connection.execute(chosen) if row.rule_id in owners and row.rule_id in evaluated]
    troubles = [
        Trouble(
            row.rule_id,
            owners[row.rule_id],
            (
                _value("failures", "failures in a row", "int", row.failures),
                _value("error", "why", "string", row.last_error),
            ),
        )
        for row in rows
    ]
    _reconcile(watch, RULE_FAILING, troubles, owners)


def note_overdue(watch: Watch, found: Iterable[Arrears]) -> None:
    """Keep one alert for each chore that is behind.

    Args:
        watch: where and when.
        found: all that is behind; a chore that is left out is well.
    """
    troubles = [Trouble(str(one.chore), ADMIN, _arrears(one, watch.at)) for one in found]
    _reconcile(watch, WORK_OVERDUE, troubles, {str(chore): ADMIN for chore in Chore})


def note_flow(watch: Watch, name: str, how: str, why: str) -> None:
    """Keep one alert for a piece of batch work that failed, crashed or did not run.

    Args:
        watch: where and when.
        name: the work, with what it works on, such as `ingest-source hospital/epr`.
        how: `failed`, `crashed`, `late`.
        why: fit for everybody's eyes.
    """
    values = (_value("how", "what happened", "string", how), _value("why", "why", "string", why))
    _reconcile(watch, FLOW_FAILED, [Trouble(name, STEWARD, values)], {})


def note_flow_well(watch: Watch, name: str) -> None:
    """Take back the alert of a piece of batch work that ran well."""
    _reconcile(watch, FLOW_FAILED, [], {name: STEWARD})


def failing(watch: Watch) -> list[str]:
    """The pieces of batch work whose alert is open."""
    with watch.database.read() as connection:
        return [str(one.labels["name"]) for one in open_episodes(connection, watch.timeline, FLOW_FAILED.id)]


def _reconcile(watch: Watch, rule: Rule, troubles: list[Trouble], owners: Mapping[str, str]) -> None:
    with watch.database.read() as connection:
        known = open_episodes(connection, watch.timeline, rule.id)
    if not troubles and not any(episode.labels["name"] in owners for episode in known):
        return
    stamp = Stamp(watch.timeline, watch.vertical, rule.id, 0, rule.entity, watch.at)
    policy = policy_of(rule, 0, tells=True)
    with watch.database.write() as connection:
        progress = take_turn(connection, rule.id, watch.timeline)
        episodes = open_episodes(connection, watch.timeline, rule.id, hold=True)
        past = past_episodes(connection, watch.timeline, rule.id, [_number(trouble.name) for trouble in troubles])
        changes = _changes(stamp, policy, troubles, owners, episodes, past)
        write_changes(connection, stamp, [change for change, _ in changes])
        told = [
            announcement(_owned(rule, trouble), stamp, change, _account(stamp, trouble)) for change, trouble in changes
        ]
        watch.announce(connection, [_reasoned(one) for one in told if one is not None])
        decided(connection, rule.id, watch.timeline, progress)


def _changes(
    stamp: Stamp,
    policy: Policy,
    troubles: list[Trouble],
    owners: Mapping[str, str],
    episodes: list[Episode],
    past: Mapping[str, int],
) -> list[tuple[Change, Trouble]]:
    by_name = {trouble.name: trouble for trouble in troubles}
    severity = DATA_STALE.severity
    changes = []
    for episode in episodes:
        name = str(episode.labels["name"])
        if name in by_name or name in owners:
            verdict = Verdict.TRUE if name in by_name else Verdict.FALSE
            decision = numbered(step(policy, episode.condition, verdict, severity, stamp.at))
            trouble = by_name.pop(name, None) or Trouble(name, owners[name], ())
            changes.append((Change(episode, decision, None), trouble))
    for trouble in by_name.values():
        decision = numbered(begin(policy, severity, stamp.at))
        labels = {"name": trouble.name}
        episode = new_episode(stamp, _number(trouble.name), None, decision.next, past, labels=labels)
        changes.append((Change(episode, decision, as_json(_account(stamp, trouble)), is_new=True), trouble))
    return changes


def _reasoned(one: Announcement) -> Announcement:
    """That something is not well is told as what it is, not as news of a record."""
    return replace(one, reason=_REASONS[one.context["rule"]]) if one.send is Send.FIRED else one


def _owned(rule: Rule, trouble: Trouble) -> Rule:
    return rule.model_copy(update={"owner": trouble.owner, "notify": (Notify(role=trouble.owner),)})


def _account(stamp: Stamp, trouble: Trouble) -> dict[str, Any]:
    subject = {"kind": stamp.entity_kind, "id": _number(trouble.name), "name": trouble.name, "sensitivity": "INTERNAL"}
    return {"at": stamp.at, "rule_version": 0, "subject": subject, "values": list(trouble.values)}


def _staleness(one: Stale, rules: list[str]) -> tuple[dict[str, Any], ...]:
    return (*_age(one), _value("rules", "rules held still", "string", ", ".join(rules)))


def _age(one: Stale) -> tuple[dict[str, Any], ...]:
    return (
        _value("as_of", "true as of", "timestamp", one.at),
        _value("age", "age", "duration", one.age),
        _value("budget", "promised age", "duration", one.budget),
    )


def _arrears(one: Arrears, at: int) -> tuple[dict[str, Any], ...]:
    return (
        _value("what", "what is behind", "string", one.said),
        _value("count", "how many", "int", one.count),
        _value("behind", "the oldest for", "duration", max(0, at - one.oldest)),
    )


def _value(path: str, label: str, kind: str, value: Any) -> dict[str, Any]:
    return {"path": path, "label": label, "type": kind, "unit": None, "sensitivity": "INTERNAL", "value": value}


def _number(name: str) -> int:
    return content_hash(name.encode())
