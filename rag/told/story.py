"""A template and the records that it speaks of, checked against each other and ready to tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any

from jinja2 import Template

from rag.document import Document, UnreadableError
from rag.told.paths import Hops, Shape, Trace, Tracer
from rag.told.rows import Notes, Raw, Row, Shelf, columns_of
from rag.told.telling import GUIDE, Choice, Listed, Sheet, Telling, TellingError
from rag.told.values import filters, finished
from substrate.columns import Meaning, Sensitivity
from substrate.expressions.errors import did_you_mean
from substrate.records import Record, meanings
from substrate.sandbox import Sandbox, TemplateFault, produce

_GAPS = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Told:
    """What one document is told from.

    Attributes:
        own: the record.
        lists: the records that are listed beside it, by the name in the template.
        counts: how many there are of each, listed or not.
    """

    own: Raw
    lists: Mapping[str, list[Raw]]
    counts: dict[str, int] = field(default_factory=dict)


class Story:
    """One template of one vertical.

    Args:
        sheet: the template's file.
        kinds: the vertical's kinds of record.
        zone: IANA zone of the house.

    Raises:
        TellingError: it does not fit the records; the message has a line for every fault.
    """

    def __init__(self, sheet: Sheet, kinds: Mapping[str, type[Record]], zone: str = "UTC") -> None:
        self.sheet = sheet
        self.kinds = kinds
        self.zone = zone
        faults = [f"{sheet.name}.md: {fault}" for fault in self._faults()]
        if faults:
            raise TellingError("\n".join(faults), hint=f"{GUIDE} says what a template may use.")

    @property
    def name(self) -> str:
        """The first part of its documents' keys."""
        return self.sheet.name

    @property
    def telling(self) -> Telling:
        """Its front matter."""
        return self.sheet.telling

    @property
    def record(self) -> type[Record]:
        """The kind of record that one document tells of."""
        return self.kinds[self.telling.entity]

    @cached_property
    def trace(self) -> Trace:
        """What its title and its body speak of."""
        telling = self.telling
        roots = {telling.entity: Shape(telling.entity, telling.entity)}
        roots |= {name: Shape(name, listed.kind, many=True) for name, listed in telling.lists.items()}
        tracer = Tracer(self.kinds, {**roots, **dict.fromkeys((f"{name}_count" for name in telling.lists), _NUMBER)})
        for source in (telling.title, self.sheet.body):
            tracer.look_at(self._sandbox.parse(source))
        if telling.site_of:
            tracer.trace.follows.setdefault(telling.entity, set()).update((name,) for name in telling.site_of)
        return tracer.trace

    def follows(self, root: str) -> list[Hops]:
        """The references that it follows from a root, those first that others begin with."""
        return sorted(self.trace.follows.get(root, ()), key=lambda hops: (len(hops), hops))

    @cached_property
    def floor(self) -> Sensitivity:
        """The highest sensitivity of the record's id and of what chooses what is told; a document says that much."""
        return max(meaning.sensitivity for meaning in self._choosing())

    @cached_property
    def ceiling(self) -> Sensitivity:
        """The highest sensitivity that one of its documents can have."""
        levels = [self.floor]
        for use in self.trace.uses:
            meaning = meanings(self.kinds[use.kind])[use.column]
            levels.append(max(meaning.sensitivity, meaning.through))
        return max(levels)

    @cached_property
    def digest(self) -> str:
        """Changes with whatever makes the same records another text."""
        spoken = sorted((use.kind, use.column) for use in self.trace.uses)
        words = [repr(_wording(meanings(self.kinds[kind])[column])) for kind, column in spoken]
        parts = (_RECIPE, self.sheet.name, self.sheet.source, self.zone, *words)
        return blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()

    def tell(self, told: Told, shelf: Shelf) -> Document:
        """The document of one record.

        Raises:
            UnreadableError: the template stumbles over the record, or would say more than it promises.
        """
        telling, notes = self.telling, Notes(self.floor)
        context: dict[str, Any] = {telling.entity: Row(self.record, told.own, shelf, notes)}
        for name, listed in telling.lists.items():
            record = self.kinds[listed.kind]
            context[name] = [Row(record, raw, shelf, notes) for raw in told.lists.get(name, ())]
            context[f"{name}_count"] = told.counts.get(name, 0)
        title, text = self._said(context)
        if telling.text is not None:
            notes.seen(meanings(self.record)[telling.text].sensitivity)
            text = f"{text}\n\n{str(told.own[telling.text] or '').strip()}".strip()
        if notes.sensitivity > telling.promised:
            raise UnreadableError("sensitivity", f"{self.name}.md says more than its `at_most` promises")
        return Document(
            key=f"{self.name}/{told.own['id']}",
            title=title,
            text=text,
            kind=telling.kind or telling.entity,
            label=notes.label(self._site(told.own, shelf), telling.roles),
            version=f"batch {notes.batch}",
            changed_at=told.own[telling.dated] if telling.dated else notes.changed_at,
            entity=(telling.entity, told.own["id"]),
        )

    def _site(self, own: Raw, shelf: Shelf) -> str | None:
        """The record's site, else that of the first record that has one of those that it is to be taken from."""
        led = [shelf.records[kind].get(own[column]) for column, kind in self._sites]
        found: list[str | None] = [own["site"], *(raw["site"] for raw in led if raw is not None)]
        return next((site for site in found if site is not None), None)

    @cached_property
    def _sites(self) -> list[tuple[str, str]]:
        hops = columns_of(self.record)[1]
        return [(f"{name}_id", hops[name]) for name in self.telling.site_of]

    def _said(self, context: Mapping[str, Any]) -> tuple[str, str]:
        title, body = self._templates
        try:
            named = " ".join(produce(title, context, f"{self.name}.md, title").split())
            text = produce(body, context, f"{self.name}.md")
        except TemplateFault as fault:
            raise UnreadableError("template", fault.message) from None
        return named, _GAPS.sub("\n\n", text).strip()

    @cached_property
    def _sandbox(self) -> Sandbox:
        made = Sandbox(autoescape=False, guide=GUIDE)
        made.filters.update(filters(self.zone))
        made.finalize = finished
        return made

    @cached_property
    def _templates(self) -> tuple[Template, Template]:
        compiled = self._sandbox.compiled
        return compiled(self.telling.title, f"{self.name}.md, title"), compiled(self.sheet.body, f"{self.name}.md")

    def _faults(self) -> Iterator[str]:
        """What is wrong; what rests on a thing that is wrong is not looked at."""
        front = [*self._front()]
        yield from front
        broken = [f"title: {fault}" for fault in self._sandbox.faults(self.telling.title)]
        broken += self._sandbox.faults(self.sheet.body)
        yield from broken
        if front or broken:
            return
        yield from self.trace.faults
        if not self.trace.faults and self.ceiling > self.telling.promised:
            yield f"at_most: it can say {self.ceiling.name.lower()}, and promises {self.telling.at_most}"

    def _front(self) -> Iterator[str]:
        telling = self.telling
        if telling.entity not in self.kinds:
            near = did_you_mean(telling.entity, self.kinds)
            yield f"entity: there are no records of kind {telling.entity!r}{f'; {near}' if near else ''}"
            return
        yield from _columns("only", telling.entity, self.record, telling.only)
        yield from _columns("skip", telling.entity, self.record, telling.skip)
        yield from _columns("text", telling.entity, self.record, [telling.text] if telling.text else [])
        for key in ("replaced_when", "replaced_by"):
            column = getattr(telling, key)
            if column is not None and _referred(self.record, column) != telling.entity:
                yield f"{key}: {telling.entity}.{column} is no reference to another {telling.entity}"
        if telling.dated is not None and not _is_instant(self.record, telling.dated):
            yield f"dated: {telling.entity}.{telling.dated} is no instant"
        for name in telling.site_of:
            if name not in columns_of(self.record)[1]:
                yield f"site_of: {telling.entity} has no reference {name!r}; write patient for patient_id"
        for name, listed in telling.lists.items():
            yield from (f"lists.{name}: {fault}" for fault in self._list_faults(name, listed))

    def _list_faults(self, name: str, listed: Listed) -> Iterator[str]:
        if listed.kind not in self.kinds:
            near = did_you_mean(listed.kind, self.kinds)
            yield f"there are no records of kind {listed.kind!r}{f'; {near}' if near else ''}"
            return
        if name == self.telling.entity or not name.isidentifier():
            yield "choose another name for the list"
        record = self.kinds[listed.kind]
        shared = self.telling.entity if listed.via is None else _referred(self.record, listed.via)
        if shared is None or _referred(record, listed.by) != shared:
            yield f"{listed.kind}.{listed.by} is no reference to {shared or f'what {listed.via} leads to'}"
        yield from _columns("order", listed.kind, record, [listed.ordered_by] if listed.order else [])
        yield from _columns("only", listed.kind, record, listed.only)
        yield from _columns("skip", listed.kind, record, listed.skip)
        if listed.replaced_by is not None and _referred(record, listed.replaced_by) != listed.kind:
            yield f"replaced_by: {listed.kind}.{listed.replaced_by} is no reference to another {listed.kind}"
        if listed.within and not _is_instant(record, listed.ordered_by):
            yield "within: needs an instant in `order`"
        if listed.during is not None:
            ends = (listed.during.start, listed.during.end or listed.during.start)
            if not _is_instant(record, listed.during.at) or not all(_is_instant(self.record, end) for end in ends):
                yield "during: `at` is an instant of what is listed, `from` and `to` of the record"

    def _choosing(self) -> Iterator[Meaning]:
        own = meanings(self.record)
        yield from (own[name] for name in ("id", *self.telling.only, *self.telling.skip))
        for listed in self.telling.lists.values():
            known = meanings(self.kinds[listed.kind])
            named = [listed.by, *listed.only, *listed.skip, *([listed.ordered_by] if listed.order else [])]
            yield from (known[name] for name in named)
            if listed.during is not None:
                yield known[listed.during.at]


_RECIPE = "told 1"
_NUMBER = Shape("", "")


def stories(sheets: Iterable[Sheet], kinds: Mapping[str, type[Record]], zone: str = "UTC") -> dict[str, Story]:
    """Templates made ready, by name.

    Raises:
        TellingError: one of them does not fit the records.
    """
    return {sheet.name: Story(sheet, kinds, zone) for sheet in sheets}


def _columns(key: str, kind: str, record: type[Record], names: Iterable[str] | Choice) -> Iterator[str]:
    known = meanings(record)
    for name in names:
        if name not in known:
            near = did_you_mean(name, known)
            yield f"{key}: {kind} has no column {name!r}{f'; {near}' if near else ''}"


def _referred(record: type[Record], column: str) -> str | None:
    meaning = meanings(record).get(column)
    return meaning.references if meaning else None


def _is_instant(record: type[Record], column: str) -> bool:
    meaning = meanings(record).get(column)
    return meaning is not None and meaning.instant


def _wording(meaning: Meaning) -> tuple[object, ...]:
    return tuple(sorted(meaning.codes.items())), meaning.unit, meaning.sensitivity, meaning.through
