"""What can be wrong with what a vertical declares, seen without running it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from automations.review import Review
from automations.rule_check import check_rule
from automations.rule_files import read_rules
from rag.copilot_files import brought
from rag.told.story import Story
from rag.told.telling import TellingError, read_sheet
from substrate.catalog import Vertical
from substrate.clock import parse_duration
from substrate.facts import Facts
from substrate.features.checked import feature_operands
from substrate.gate import Gate
from substrate.mapping import Mapper
from substrate.mappings.choice import mapping_file, shipped
from substrate.operands import column_operands
from substrate.records import Record, content_columns, mapped_columns, meanings, table_of
from substrate.records import references as references_of
from substrate.series.checked import checked

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SHORTEST = 4
_MORNING = 1_559_397_900_000_000


def names(vertical: Vertical) -> Iterator[str]:
    """Names of the vertical, its kinds and its tables."""
    if not _NAME.fullmatch(vertical.name):
        yield f"the vertical is called {vertical.name!r}; use lower-case letters, digits and underscores"
    yield from _twice("the kind", [record.kind for record in vertical.records])
    for record in vertical.records:
        if table_of(record).name != f"{vertical.name}_{record.kind}":
            yield f"{record.kind} is kept in {table_of(record).name}; call it {vertical.name}_{record.kind}"
    for kind, age in vertical.stale_after.items():
        if kind not in vertical.kinds:
            yield f"stale_after names {kind!r}, which is no kind of the vertical"
        parse_duration(age, what=f"stale_after of {kind}")


def columns(vertical: Vertical) -> Iterator[str]:
    """What columns say of themselves."""
    for record in vertical.records:
        known = meanings(record)
        for name in content_columns(record):
            meaning = known[name]
            if len(meaning.text) < _SHORTEST:
                yield f"{record.kind}.{name} does not say what it is"
            if meaning.known_at is not None and not (meaning.known_at in known and known[meaning.known_at].instant):
                yield f"{record.kind}.{name} became known at {meaning.known_at!r}, which is no instant of the record"
        column_operands(record)


def references(vertical: Vertical) -> Iterator[str]:
    """Where references lead, and what is taken over from there."""
    seen: set[str] = set()
    for record in vertical.records:
        for name, kind in references_of(record).items():
            if kind not in vertical.kinds:
                yield f"{record.kind}.{name} refers to {kind!r}, which is no kind of the vertical"
            elif kind not in seen and kind != record.kind:
                yield f"{record.kind} refers to {kind}, which comes later in `records`"
        seen.add(record.kind)
        yield from _inherited(vertical, record)


def beginnings(vertical: Vertical) -> Iterator[str]:
    """From when on records exist, and what names them."""
    for record in vertical.records:
        known, table = meanings(record), table_of(record)
        if record.title not in known:
            yield f"{record.kind} is named by {record.title!r}, which is no column of it"
        if record.occurs is None:
            continue
        if record.occurs not in known or not known[record.occurs].instant:
            yield f"{record.kind} begins at {record.occurs!r}, which is no instant of it"
        elif table.c[record.occurs].nullable:
            yield f"{record.kind} begins at {record.occurs}, which may be without a value"
    facts = Facts(vertical.records, vertical.views)
    for record in vertical.records:
        schema = facts.schema(record.kind)
        for path in record.about:
            if schema.resolve(tuple(path.split("."))) is None:
                yield f"{record.kind} tells of {path!r}, which leads nowhere"


def mappers(vertical: Vertical) -> Iterator[str]:
    """What rows become."""
    spoken: dict[str, tuple[Mapper, ...]] = {"mappers": vertical.mappers}
    spoken |= {f"dialect {name}": chosen for name, chosen in vertical.dialects.items()}
    spoken |= {f"mapping {name}": mapping_file(vertical, name).mappers for name in shipped(vertical)}
    for name, chosen in spoken.items():
        yield from _twice(f"{name}: the resource", [mapper.resource for mapper in chosen])
        for mapper in chosen:
            for record in mapper.given:
                if record not in vertical.records:
                    yield f"{name}: {mapper.resource} gives {record.kind}, which is no record of the vertical"
            for part, owner in mapper.parts.items():
                if owner not in mapped_columns(part):
                    yield f"{name}: {part.kind} has no column {owner!r} that could name its owner"


def checks(vertical: Vertical) -> Iterator[str]:
    """What rows must satisfy."""
    Gate(vertical.checks)
    yield from _twice("the check", [check.name for check in vertical.checks])
    for check in vertical.checks:
        if len(check.text) < _SHORTEST:
            yield f"check {check.name} does not say what is wrong"
        for name in check.values:
            if name not in mapped_columns(check.record) or not table_of(check.record).c[name].nullable:
                yield f"check {check.name} discards {check.record.kind}.{name}, which cannot be without a value"


def features(vertical: Vertical) -> Iterator[str]:
    """What is computed of one entity."""
    yield from _twice("the view of", [view.entity.kind for view in vertical.views])
    for view in vertical.views:
        feature_operands(view)
        yield from _mute(f"{view.entity.kind}.{feature.name}" for feature in view.features if not feature.text.strip())


def series(vertical: Vertical) -> Iterator[str]:
    """What is counted a bucket of time."""
    yield from _twice("the series", [each.name for each in vertical.series])
    for each in vertical.series:
        checked(each)
        yield from _mute([each.name] if not each.text.strip() else [])


def rules(vertical: Vertical) -> Iterator[str]:
    """What is watched for."""
    facts, found = Facts(vertical.records, vertical.views), read_rules(vertical.rules)
    for rule in found:
        yield from map(str, check_rule(rule, facts))
    files = {Path(file.name).stem for file in vertical.rules.iterdir() if file.name.endswith((".yaml", ".yml"))}
    yield from (f"no file is called {rule.id}.yaml, after its rule" for rule in found if rule.id not in files)


def examples(vertical: Vertical) -> Iterator[str]:
    """What rules show of themselves."""
    for rule in read_rules(vertical.rules):
        shown = {example.expect for example in rule.examples}
        for wanted, words in ((True, "that fires"), (False, "that does not fire"), ("unknown", "that nobody can tell")):
            if wanted not in shown:
                yield f"{rule.id} has no example {words} (`expect: {str(wanted).lower()}`)"


def templates(vertical: Vertical) -> Iterator[str]:
    """How messages read."""
    found, review = read_rules(vertical.rules), Review(vertical, [vertical.templates], _MORNING)
    yield from map(str, review.rules(found))
    yield from map(str, review.templates(found))


def documents(vertical: Vertical) -> Iterator[str]:
    """How records are told as text: what templates speak of, and what they promise."""
    if vertical.documents is None:
        return
    for file in sorted(vertical.documents.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".md"):
            yield f"documents/{file.name}: a template is called NAME.md"
            continue
        try:
            Story(read_sheet(file.read_text(encoding="utf-8"), file.name), vertical.kinds)
        except TellingError as error:
            yield from (f"documents/{line}" for line in error.message.splitlines())


def copilots(vertical: Vertical) -> Iterator[str]:
    """The copilots that come with it: what they know is its own."""
    for copilot in brought({vertical.name: vertical}).values():
        for source in copilot.sources:
            if source.records is not None and vertical.documents is None:
                yield f"copilot {copilot.name} tells records, and the vertical has no templates of documents"
            for name in source.records.templates if source.records else ():
                if vertical.documents is not None and not (vertical.documents / f"{name}.md").is_file():
                    yield f"copilot {copilot.name} tells {name!r}, and documents/{name}.md is not there"


def _inherited(vertical: Vertical, record: type[Record]) -> Iterator[str]:
    known = meanings(record)
    for name, meaning in known.items():
        via, column = meaning.inherits or ("", "")
        kind = known[via].references if via in known else None
        if meaning.inherits and (kind not in vertical.kinds or column not in meanings(vertical.kinds[kind or ""])):
            yield f"{record.kind}.{name} repeats {via}.{column}, which leads nowhere"


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    return (f"{what} {name} is there {count} times" for name, count in Counter(names).items() if count > 1)


def _mute(names: Iterable[str]) -> Iterator[str]:
    return (f"{name} does not say what it is" for name in names)
