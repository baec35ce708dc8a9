"""One rule, looked at once: what is true, what that makes of its alerts, and all of it written in one transaction.

Looking takes no lock. Deciding takes the rule's turn; if anybody decided since the look, it looks again while it holds
the turn, so that no decision rests on a state that is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from automations.alerts import fingerprint
from automations.announcing import Announce, announcement
from automations.conditions import Compiled
from automations.episodes import (
    Change,
    Episode,
    Stamp,
    new_episode,
    open_episodes,
    past_episodes,
    write_changes,
)
from automations.evidence import Witness, as_json, subjects
from automations.findings import Finding, Look, standing, true_entities
from automations.lifecycle import Condition, Policy, State, Verdict, begin, numbered, policy_of, step
from automations.progress import Progress, decided, largest_gap, progress_of, take_turn
from automations.reminders import Occurrence, occurrences, verdict_of_occurrence


@dataclass(frozen=True)
class Task:
    """One rule to be evaluated.

    Attributes:
        rule: its version, checked.
        look: through which eyes.
        tells: whether anybody is told; a rule in shadow tells nobody.
        announce: takes what is to be told.
        marks: the watermarks that the evidence cites.
    """

    rule: Compiled
    look: Look
    tells: bool
    announce: Announce
    marks: Mapping[str, int]

    @property
    def stamp(self) -> Stamp:
        """What all its alerts have in common."""
        rule, look = self.rule, self.look
        return Stamp(look.timeline, rule.vertical, rule.rule.id, rule.version, rule.rule.entity, look.at)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the look at the facts gave, before anything is decided.

    Attributes:
        true: the entities for which an alert may begin.
        standing: how the rule stands for entities that have an open alert; one that is left out does not exist.
        revision: of the rule's progress when it was looked at.
        ids: the only entities that were looked at; None: all.
    """

    true: tuple[Finding, ...]
    standing: Mapping[int, Finding]
    revision: int
    ids: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one evaluation of one rule did.

    Attributes:
        changes: every episode that began, moved or was seen again.
        unknown: how many open episodes have a condition that is not known.
        enqueued: how many messages went to the outbox.
    """

    changes: tuple[Change, ...] = ()
    unknown: int = 0
    enqueued: int = 0

    def arrived(self, state: State) -> list[Change]:
        """The episodes that came to a state in this evaluation."""
        return [
            change
            for change in self.changes
            if change.decision.next.state is state and (change.is_new or change.episode.condition.state is not state)
        ]


@dataclass
class _Draft:
    changes: list[Change] = field(default_factory=list)
    findings: dict[int, Finding] = field(default_factory=dict)


def look_at(connection: Connection, task: Task) -> Seen:
    """Ask the facts about every entity."""
    rule, look = task.rule, task.look
    revision = progress_of(connection, rule.rule.id, look.timeline).revision
    asked = {episode.entity_id for episode in open_episodes(connection, look.timeline, rule.rule.id)}
    true = tuple(true_entities(connection, rule, look))
    # A reminder that is due says nothing of the entity's other, open ones.
    known = {} if rule.field else {finding.entity_id: finding for finding in true if finding.entity_id in asked}
    return Seen(true, known | standing(connection, rule, look, asked - known.keys()), revision)


def settle(connection: Connection, task: Task, seen: Seen, progress: Progress) -> Outcome:
    """Decide on what was seen, and write the decisions, their trail and their messages.

    Args:
        connection: a write transaction that holds the rule's turn.
        task: the rule.
        seen: what was seen of its entities.
        progress: how far the rule is, as the turn told.
    """
    policy = policy_of(task.rule.rule, largest_gap(task.rule.rule, progress), tells=task.tells)
    timeline, rule_id = task.look.timeline, task.rule.rule.id
    episodes = open_episodes(connection, timeline, rule_id, ids=seen.ids, hold=True)
    draft = _Draft()
    for episode in episodes:
        _continue(task, policy, episode, seen, draft)
    first = progress.reminded_until is None
    for change, finding in _begun(connection, task, policy, seen, episodes, first=first):
        draft.changes.append(change)
        draft.findings[change.episode.id] = finding
    return _write(connection, task, draft)


def decide(connection: Connection, task: Task, seen: Seen, again: Callable[[Connection], Seen]) -> Outcome:
    """Take the rule's turn and settle what was seen; look again first if anybody decided since.

    Args:
        connection: a write transaction.
        task: the rule.
        seen: what was seen of its entities.
        again: looks again.
    """
    progress = take_turn(connection, task.rule.rule.id, task.look.timeline)
    fresh = seen if seen.revision == progress.revision else again(connection)
    outcome = settle(connection, task, fresh, progress)
    decided(connection, task.rule.rule.id, task.look.timeline, progress)
    return outcome


def _continue(task: Task, policy: Policy, episode: Episode, seen: Seen, draft: _Draft) -> None:
    finding = seen.standing.get(episode.entity_id)
    verdict = Verdict.MISSING if finding is None else finding.verdict
    if task.rule.field is not None:
        occurrence = episode.labels.get("occurrence")
        verdict = verdict_of_occurrence(finding, occurrence, episode.lapses_at, task.look.at)
    severity = episode.condition.severity if finding is None else finding.severity
    decision = step(policy, episode.condition, verdict, severity, task.look.at)
    draft.changes.append(Change(episode, numbered(decision), None))
    if finding is not None:
        draft.findings[episode.id] = finding


def _begun(
    connection: Connection, task: Task, policy: Policy, seen: Seen, episodes: list[Episode], *, first: bool
) -> Iterable[tuple[Change, Finding]]:
    if task.rule.rule.remind is not None:
        due = occurrences(task.rule.rule.remind, seen.true, task.look.at, first=first)
        return _begun_reminders(connection, task, policy, due)
    taken = {episode.entity_id for episode in episodes}
    fresh = [finding for finding in seen.true if finding.entity_id not in taken]
    past = _past(connection, task, fresh)
    stamp = task.stamp
    return [(_new(stamp, policy, finding, past), finding) for finding in fresh]


def _begun_reminders(
    connection: Connection, task: Task, policy: Policy, due: list[Occurrence]
) -> list[tuple[Change, Finding]]:
    stamp = task.stamp
    past = _past(connection, task, [one.finding for one in due])
    key = (stamp.vertical, stamp.rule_id, stamp.entity_kind)
    fresh = [one for one in due if fingerprint(*key, one.finding.entity_id, one.labels) not in past]
    return [(_new(stamp, policy, one.finding, past, one), one.finding) for one in fresh]


def _past(connection: Connection, task: Task, findings: list[Finding]) -> dict[str, int]:
    ids = [finding.entity_id for finding in findings]
    return past_episodes(connection, task.look.timeline, task.rule.rule.id, ids) if ids else {}


def _new(
    stamp: Stamp, policy: Policy, finding: Finding, past: Mapping[str, int], one: Occurrence | None = None
) -> Change:
    decision = numbered(begin(policy, finding.severity, stamp.at))
    labels, lapses_at = (one.labels, one.lapses_at) if one else (None, None)
    begun: Condition = decision.next
    episode = new_episode(stamp, finding.entity_id, finding.site, begun, past, labels=labels, lapses_at=lapses_at)
    return Change(episode, decision, None, is_new=True)


def _write(connection: Connection, task: Task, draft: _Draft) -> Outcome:
    accounts = _accounts(connection, task, draft)
    changes, told = [], []
    for change in draft.changes:
        account = accounts.get(change.episode.id)
        kept = change if account is None else replace(change, evidence=as_json(account))
        changes.append(kept)
        message = announcement(task.rule.rule, task.stamp, kept, account or {})
        if message is not None:
            told.append(message)
    write_changes(connection, task.stamp, changes)
    enqueued = task.announce(connection, told) if told else 0
    unknown = sum(change.decision.next.unknown_since is not None for change in changes)
    return Outcome(tuple(changes), unknown, enqueued)


def _accounts(connection: Connection, task: Task, draft: _Draft) -> dict[int, dict[str, Any]]:
    """The evidence of every episode to which something happened, by its id."""
    moved = [change.episode for change in draft.changes if change.decision.actions]
    if not moved:
        return {}
    record = task.look.facts.paths.record(task.rule.rule.entity)
    named = subjects(connection, record, {episode.entity_id for episode in moved})
    witness = Witness(task.rule, task.look, task.marks)
    return {
        episode.id: witness.account(draft.findings[episode.id], named.get(episode.entity_id))
        for episode in moved
        if episode.id in draft.findings
    }
