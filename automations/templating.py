"""From an announcement to the words that a person reads: masked to what the channel may carry, then rendered.

A template is three files, `NAME.subject.jinja`, `NAME.text.jinja` and `NAME.html.jinja`, in a vertical's folder; what
it leaves out, or cannot say, the general ones in `automations/templates` say. How every message ends is the business of
`footer.text.jinja`: what to do next, what is hidden, and whether it may come twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Template, pass_context
from jinja2.runtime import Context
from markupsafe import escape

from automations.channels.channel import Rendered
from automations.masking import HIDDEN, masked
from automations.wall import Wall
from substrate.clock import duration_text, local_text
from substrate.columns import Sensitivity
from substrate.expressions.said import say_number
from substrate.sandbox import Sandbox, TemplateFault, produce

BUILT_IN = "message"
"""The name of the general template."""

FOOTER = "footer"
"""The template with which every text ends."""

REASONS = {
    "fired": "It is new",
    "worse": "It has become worse",
    "nodata": "Its data has stopped coming, so nobody knows whether it is still so",
    "resolved": "It is over",
    "snooze_ended": "Its snooze has ended, and it is still so",
    "silence_ended": "A silence has ended, and it is still so",
    "repeat": "It is still so, and nobody has acknowledged it",
    "reminder": "Its time has come",
    "late_reminder": "Its time has come; this reminder is late",
    "data_stale": "Its data has become too old to judge it",
    "rule_error": "The rule itself fails, so nobody is warned by it",
    "overdue": "Plumbline itself is behind, so what it should tell comes late",
    "flow_failed": "Batch work failed or did not run, so what it should have done is not done",
    "retracted": "It was told in error, and is taken back",
    "escalated": "Nobody acknowledged it in time, so you are told too",
    "ack_expired": "It was acknowledged some time ago, and is still so",
    "manual": "Somebody asked for it to be sent again",
}
"""Why people are told, in words; an unknown reason is shown as it is spelt."""

ENDINGS = {
    "cleared": "what raised it is no longer so",
    "blip": "it did not last",
    "entity_missing": "its record is no longer there",
    "reminded": "its time has passed",
    "withdrawn": "what it was about was moved or cancelled",
    "nodata": "its data has stopped coming",
    "by_hand": "somebody closed it",
    "rule_archived": "its rule is no longer in use",
}
"""Why an alert ended, in words."""

PARTS = ("subject", "text", "html")
"""The files of a template, by what they make."""

_NAME = re.compile(r"[a-z][a-z0-9]*([-_.][a-z0-9]+)*")
_SUBJECT_LIMIT = 200
_UNITS = {"Cel": "°C", "mm[Hg]": "mmHg", "[degF]": "°F", "1": "", "h": "h", "d": "days", "a": "years"}


class Templates:
    """Templates by name, each read and checked once.

    Args:
        folders: where to look, in this order, before the general ones.
        zone: IANA zone in which readers read times.
    """

    def __init__(self, folders: Sequence[Traversable] = (), *, zone: str = "UTC") -> None:
        self._folders = tuple(folders)
        self._zone = zone
        self._plain = sandbox(autoescape=False)
        self._html = sandbox(autoescape=True)
        self._known: dict[tuple[str, str], Template | None] = {}

    def render(
        self,
        context: Mapping[str, Any],
        clearance: Sensitivity,
        *,
        reason: str,
        recipient: str,
        address: str | None,
        severity: str,
        created_at: int,
        template: str | None = None,
    ) -> Rendered:
        """The message of an announcement, for one recipient in one channel.

        A template that fails does not stop the message: it goes out in the general words, and `body` says under
        `template_fault` what is wrong.

        Args:
            context: the announcement's.
            clearance: the channel's.
            reason: why now.
            template: its name; None: the one that the rule names, else the general one.
            created_at: micros of the announcement, from which ages are told.

        Raises:
            TemplateFault: the general template fails too, because the context is not an announcement's.
        """
        body = masked(context, clearance)
        shown = presented(body, reason, severity, created_at, self._zone)
        chosen = template or _named(context, "template") or BUILT_IN
        try:
            subject, text, html = self._said(chosen, _named(context, "title_template") or chosen, shown)
        except TemplateFault as fault:
            if chosen == BUILT_IN and _named(context, "title_template") is None:
                raise
            subject, text, html = self._said(BUILT_IN, BUILT_IN, shown)
            body = {**body, "template_fault": fault.message}
        return Rendered(subject, text, html, body, recipient, address, severity, reason, created_at)

    def _said(self, name: str, title: str, shown: Mapping[str, Any]) -> tuple[str, str, str | None]:
        """Subject, text and HTML; a template with a text of its own has no HTML but its own."""
        for wanted in (name, title):
            if self._part(wanted, "text") is None and self._part(wanted, "subject") is None:
                raise TemplateFault(f"no template is called {wanted!r}", hint=f"Add {wanted}.text.jinja.")
        heading = title if self._part(title, "subject") else BUILT_IN
        main = name if self._part(name, "text") else BUILT_IN
        line, words = self._produced(heading, "subject", shown), self._produced(main, "text", shown)
        footer, html = self._produced(FOOTER, "text", shown) or "", self._produced(main, "html", shown)
        if html is not None and main != BUILT_IN:
            html = with_footer(html, footer)
        return one_line(line or ""), f"{(words or '').strip()}\n\n{footer.strip()}".strip(), html

    def _produced(self, name: str, part: str, shown: Mapping[str, Any]) -> str | None:
        template = self._part(name, part)
        return None if template is None else produce(template, shown, f"{name}.{part}")

    def _part(self, name: str, part: str) -> Template | None:
        """One of a template's three files, or None where it has none."""
        key = name, part
        if key not in self._known:
            source = self._source(f"{name}.{part}.jinja") if _NAME.fullmatch(name) else None
            maker = self._html if part == "html" else self._plain
            self._known[key] = None if source is None else maker.compiled(source, f"{name}.{part}")
        return self._known[key]

    def _source(self, file: str) -> str | None:
        return template_source((*self._folders, files("automations") / "templates"), file)


class Said(dict[str, str]):
    """Values in words by their path; one that is not known, or not for this reader, is an empty text."""

    def __missing__(self, path: str) -> str:
        return ""


def template_source(folders: Iterable[Traversable], file: str) -> str | None:
    """The text of a template's file, from the first folder that has it."""
    for folder in folders:
        found = folder / file
        if found.is_file():
            return found.read_text(encoding="utf-8")
    return None


def template_name(file: str) -> str | None:
    """The template to which a file belongs; None: it is no template's."""
    name, _, part = file.removesuffix(".jinja").rpartition(".")
    return name if file.endswith(".jinja") and part in PARTS and _NAME.fullmatch(name) else None


def presented(
    seen: Mapping[str, Any], reason: str, severity: str, created_at: int, zone: str = "UTC"
) -> dict[str, Any]:
    """A masked context as templates see it: with values in words, and how much is hidden.

    Args:
        seen: the masked context.
        reason: why now.
        severity: the message's.
        created_at: micros, the "now" of ages.
        zone: IANA zone of times.
    """
    wall = Wall(zone, created_at)
    leaves = [{**leaf, "said": value_text(leaf, zone)} for leaf in seen.get("values") or ()]
    sentences = [HIDDEN if part["text"] == HIDDEN else wall.sentence(part) for part in seen.get("because") or ()]
    open_leaves = [leaf for leaf in leaves if leaf["said"] != HIDDEN]
    open_sentences = [text for text in sentences if text != HIDDEN]
    return {
        **dict.fromkeys(("reminder", "missing", "fired_at", "pending_since", "resolved_at", "resolve_reason", "site")),
        **dict.fromkeys(("unresolved", "maybe_duplicate", "alert_code")),
        **seen,
        "values": open_leaves,
        "fact": Said({str(leaf.get("path")): leaf["said"] for leaf in open_leaves if leaf.get("value") is not None}),
        "because": open_sentences,
        "hidden": len(leaves) - len(open_leaves) + len(sentences) - len(open_sentences),
        "severity": severity,
        "reason": reason,
        "why_now": why_now(reason, seen.get("resolve_reason")),
        "over": reason in ("resolved", "retracted"),
        "now": created_at,
        "zone": zone,
    }


def why_now(reason: str, ending: str | None = None) -> str:
    """Why people are told, as a sentence without its full stop; with why the alert ended, where that is it."""
    said = REASONS.get(reason, reason.replace("_", " ").capitalize())
    because = ENDINGS.get(ending or "") if reason == "resolved" else None
    return f"{said}: {because}" if because else said


def value_text(leaf: Mapping[str, Any], zone: str) -> str:
    """A value of the evidence as a person writes it."""
    value, kind = leaf.get("value"), leaf.get("type")
    if value is None:
        return "not known"
    if value == HIDDEN:
        return HIDDEN
    if leaf.get("words"):
        return str(leaf["words"])
    if kind == "timestamp":
        return local_text(int(value), zone)
    if kind == "duration":
        return duration_text(int(value))
    return with_unit(value, leaf.get("unit"))


def with_unit(value: Any, unit: str | None = None) -> str:
    """A value with its unit as staff write it: `6.8 mmol/L`, `38.4 °C`, `yes`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    number = say_number(value) if isinstance(value, float) else str(value)
    spelt = _UNITS.get(unit or "", re.sub(r"\{[^}]*\}", "", unit or ""))
    return number if value == HIDDEN or not spelt else f"{number}{'' if spelt == '%' else ' '}{spelt}"


def sandbox(*, autoescape: bool) -> Sandbox:
    """The environment of templates with the filters that speak of instants and values."""
    made = Sandbox(autoescape=autoescape)
    made.filters.update({"age": _age, "when": _when, "duration": _duration, "unit": with_unit})
    return made


def one_line(text: str) -> str:
    """Text without line breaks or control characters, as a subject is; cut where it is too long."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _SUBJECT_LIMIT else line[: _SUBJECT_LIMIT - 1] + "…"


def with_footer(html: str, footer: str) -> str:
    """A page with a text at its end, where it has one."""
    said = f'<p style="white-space: pre-line">{escape(footer.strip())}</p>\n'
    before, end, after = html.rpartition("</body>")
    return f"{before}{said}{end}{after}" if end else html + said


@pass_context
def _age(context: Context, instant: Any) -> str:
    """How long ago an instant was, when the message was made."""
    return duration_text(context["now"] - instant) if isinstance(instant, int) else HIDDEN


@pass_context
def _when(context: Context, instant: Any, zone: str | None = None) -> str:
    """An instant as people read it on the wall."""
    return local_text(instant, zone or context["zone"]) if isinstance(instant, int) else HIDDEN


def _duration(micros: Any) -> str:
    return duration_text(micros) if isinstance(micros, int) else HIDDEN


def _named(context: Mapping[str, Any], key: str) -> str | None:
    name = context.get(key)
    return name if isinstance(name, str) else None
