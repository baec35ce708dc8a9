"""The page on an alert, or on its absence, that somebody reads at three in the morning: the point first.

It holds protected values; a door shows it to readers who are cleared for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automations.alerts import alert_code
from automations.explained import Explained, ExplainedAlert, Told, Turn
from automations.lifecycle import Action, Send, State, Verdict
from automations.looked_at import at_a_glance, looked_at, moment_said, true_as_of
from automations.rules import Lifecycle
from automations.templating import ENDINGS
from automations.wall import Wall, opened
from substrate.clock import duration_text

_COMMAND = 46


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    heading: str
    lines: tuple[str, ...]


def alert_page(found: ExplainedAlert, zone: str, now: int) -> list[Section]:
    """What an alert says, why, on what grounds, who knows of it, and what to do next.

    Args:
        found: the explanation.
        zone: IANA zone in which the reader reads times.
        now: the moment of reading.
    """
    seen, today = Wall(zone, found.at), Wall(zone, now)
    evidence = found.evidence
    grade = evidence.get("grade")
    sections = [
        Section(
            f"{found.severity.upper()}: {found.rule.title}",
            (_subject(found), *_glance(found, seen), *_standing(found, today)),
        ),
        Section(f"Why, as of {today.both(found.at)}", _points(evidence.get("because"), seen)),
        Section(f"Why it is {grade['severity']}", _points(grade["because"], seen)) if grade else None,
        Section("Also checked", _points(evidence.get("also_checked"), seen)),
        Section(_looked(found, seen), tuple(looked_at(found, seen))),
        Section("What happened since", tuple(_trail(found.trail, today))),
        Section("Who was told", tuple(_told(found.told, today)) or ("Nobody.",)),
        Section("What to do next", _next(found)),
        Section("The rule", (_rule(found),)),
    ]
    return [section for section in sections if section is not None and section.lines]


def why_not_page(found: Explained, zone: str) -> list[Section]:
    """What a rule said of something at a time, the verdict first; ages count back from that time."""
    wall = Wall(zone, found.at)
    evidence = found.evidence
    sections = [
        Section(f"{found.rule.title}: why not at {wall.time(found.at)}?", (_subject(found), *_glance(found, wall))),
        Section(_verdict(found, wall), _points(evidence.get("because"), wall)),
        Section("Also checked", _points(evidence.get("also_checked"), wall)),
        Section(_looked(found, wall), tuple(looked_at(found, wall))),
        Section("The rule", (_rule(found),)),
    ]
    return [section for section in sections if section.lines]


def text_of(sections: Iterable[Section]) -> str:
    """A page as plain text."""
    return "\n\n".join("\n".join([section.heading, *(f"  {line}" for line in section.lines)]) for section in sections)


def _subject(found: Explained) -> str:
    subject = found.evidence.get("subject", {})
    kind, name = str(subject.get("kind", "")).replace("_", " "), str(subject.get("name", ""))
    own = name if name.startswith(f"{kind} ") else f"{kind} {name}"
    return opened(", ".join([own, *(f"{one.label} {one.name}" for one in found.about if one.name != name)]))


def _glance(found: Explained, wall: Wall) -> tuple[str, ...]:
    line = at_a_glance(found, wall)
    return (line,) if line else ()


def _looked(found: Explained, wall: Wall) -> str:
    as_of = true_as_of(found)
    return f"What was looked at{'' if as_of is None else f', true as of {moment_said(as_of, wall)}'}"


def _standing(found: ExplainedAlert, today: Wall) -> list[str]:
    """Since when it stands, who has it, and what waiting costs."""
    clocks = found.clocks
    lines = [_since(found, today)]
    if found.state == State.RESOLVED:
        return lines
    if clocks.get("nodata_since"):
        lines.append(f"Its data has been missing since {today.both(clocks['nodata_since'])}")
    if found.acked_by:
        lines.append(f"Taken on by {found.acked_by}, {today.both(clocks['acked_at'])}")
    else:
        lines.append("Nobody has taken it on yet")
    if clocks.get("snoozed_until", 0) > today.now:
        lines.append(f"Quiet until {today.both(clocks['snoozed_until'])}")
    return [*lines, f"Risk of waiting: {found.rule.cost_of_delay}"]


def _since(found: ExplainedAlert, today: Wall) -> str:
    clocks = found.clocks
    opened_at = clocks["opened_at"]
    if found.state == State.RESOLVED:
        ending = ENDINGS.get(found.resolve_reason or "", "")
        lasted = duration_text(clocks["resolved_at"] - opened_at)
        return f"Over since {today.both(clocks['resolved_at'])}, after {lasted}{': ' if ending else ''}{ending}"
    if found.state == State.PENDING:
        wait = duration_text(found.rule.for_)
        return f"So since {today.both(opened_at)}; nobody is told before it has lasted {wait}"
    if found.state == State.RECOVERING:
        return f"Clear since {today.both(clocks['recovering_since'])}, but not yet for long enough to be sure"
    fired = clocks.get("fired_at", opened_at)
    before = f"; first seen {today.time(opened_at)}" if opened_at != fired else ""
    return f"Firing since {today.both(fired)}{before}"


def _points(parts: Sequence[Mapping[str, Any]] | None, wall: Wall) -> tuple[str, ...]:
    return tuple(f"- {wall.sentence(part)}" for part in parts or ())


def _trail(trail: Sequence[Turn], today: Wall) -> list[str]:
    """What happened, but not that it was opened in the moment in which it fired."""
    fired = {turn.at for turn in trail if turn.action == Action.FIRED}
    told = [turn for turn in trail if turn.action != Action.OPENED or turn.at not in fired]
    return [_turn(turn, today) for turn in told] if len(told) > 1 else []


def _turn(turn: Turn, today: Wall) -> str:
    reason = f" ({turn.reason.replace('_', ' ')})" if turn.reason else ""
    comment = f": {turn.comment}" if turn.comment else ""
    return f"{today.time(turn.at)}  {turn.action.replace('_', ' ')}{reason} by {turn.actor}{comment}"


def _told(told: Sequence[Told], today: Wall) -> list[str]:
    """The messages, those that say the same in one line: whom they reached, and by which channels."""
    ways: dict[tuple[str, str, str, str], list[str]] = {}
    for one in told:
        when = "" if one.at is None else f" {today.time(one.at)}"
        channels = ways.setdefault((one.recipient, one.reason, one.state, when), [])
        channels += [] if one.channel in channels else [one.channel]
    alike: dict[tuple[str, str, str, str], list[str]] = {}
    for (recipient, reason, state, when), channels in ways.items():
        alike.setdefault((" and ".join(sorted(channels)), reason, state, when), []).append(recipient)
    return [
        f"{', '.join(names)} by {channels}{_unless_first(reason)}: {state}{when}"
        for (channels, reason, state, when), names in alike.items()
    ]


def _unless_first(reason: str) -> str:
    return "" if reason == Send.FIRED else f", {reason.replace('_', ' ')}"


def _next(found: ExplainedAlert) -> tuple[str, ...]:
    if found.state == State.RESOLVED:
        return ()
    code = alert_code(found.alert_id)
    steps = [
        (f"plumbline alerts ack {code}", "you see to it; nobody else is called"),
        (f"plumbline alerts snooze {code} --until 2h", "be left in peace for two hours"),
        (f"plumbline alerts resolve {code}", "end it by hand; it comes back if it is still so"),
    ]
    shown = steps[1:] if found.acked_by else steps
    return tuple(f"{command:<{_COMMAND}}  {what}" for command, what in shown)


def _rule(found: Explained) -> str:
    if found.version == 0:
        return f"{found.rule.id}, which Plumbline brings with it; {found.rule.owner} looks after it"
    return f"{found.rule.id}, version {found.version}; {found.rule.owner} looks after it"


def _verdict(found: Explained, wall: Wall) -> str:
    if found.verdict is not Verdict.TRUE:
        return _VERDICTS[found.verdict]
    reminder = found.evidence.get("reminder")
    if reminder is not None and reminder["due"] > found.at:
        return f"It did not remind, because it was not due before {wall.both(reminder['due'])}. What held"
    if found.lifecycle not in (Lifecycle.ACTIVE, Lifecycle.SHADOW):
        return f"It held, but the rule is not evaluated now: it is {found.lifecycle}. What held"
    if found.rule.for_:
        return f"It held at that time, and fires once it has held for {duration_text(found.rule.for_)}. What held"
    return "It held at that time, and fires as soon as it is evaluated. What held"


_VERDICTS = {
    Verdict.HOLD: "It did not fire, because its condition did not hold, though it was not clear either",
    Verdict.FALSE: "It did not fire, because",
    Verdict.OVER: "It did not fire, because its time was over",
    Verdict.UNKNOWN: "It could not fire, because something is not known",
    Verdict.MISSING: "It did not fire, because the record was gone",
}
