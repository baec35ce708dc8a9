"""Is a template right before anybody is told with it: there, harmless, and able to tell all that its rule may find.

It is tried on samples, for every reason and for readers who may see everything and next to nothing. What it finds names
the file, the line and the word, never a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Template, nodes
from sqlalchemy import Connection

from automations.conditions import Compiled, compile_rule
from automations.masking import HIDDEN, masked
from automations.rule_check import Problem
from automations.rules import Rule
from automations.samples import Sample, Sampler, samples
from automations.templating import (
    BUILT_IN,
    FOOTER,
    PARTS,
    REASONS,
    presented,
    sandbox,
    template_name,
    template_source,
)
from substrate.columns import Sensitivity
from substrate.errors import DeclarationError, NotFoundError
from substrate.expressions.errors import did_you_mean
from substrate.facts import Facts
from substrate.sandbox import Sandbox, TemplateFault, produce

CLEARANCES = (Sensitivity.PHI, Sensitivity.INTERNAL)
"""Readers who may see everything, as in the inbox, and readers of mail."""

_FACT = "fact"
_GUIDE = 'docs/channels.md says what a template may use, under "Templates of your own".'


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with one file of a template.

    Attributes:
        message: what is wrong, with its line.
        hint: the next step.
        grave: messages would go out in the general words instead.
    """

    message: str
    hint: str = _GUIDE
    grave: bool = True


def check_templates(
    rule: Rule, facts: Facts, folders: Sequence[Traversable], at: int, connection: Connection | None = None
) -> list[Problem]:
    """What is wrong with the templates that a rule names; empty: nothing, or it names none.

    Args:
        rule: the rule; what is wrong with itself is `check_rule`'s to say.
        facts: what the rules of its vertical may speak of.
        folders: where templates lie.
        at: micros of the samples.
        connection: where a real record of the rule's kind is looked for; None: the samples are made up.
    """
    if rule.template is None and rule.title_template is None:
        return []
    compiled = _compiled(rule, facts)
    if compiled is None:
        return []
    tried = list(samples(Sampler(compiled, facts, at), REASONS, connection))
    found = [*_absent(rule, folders)]
    for key, name, parts in _named(rule):
        for part in parts:
            source = template_source(folders, f"{name}.{part}.jinja")
            faults = [] if source is None else faults_of(source, part, tried)
            found += [_problem(rule.id, key, f"{name}.{part}.jinja", fault) for fault in faults]
    return found


def check_folder(folder: Traversable, rules: Iterable[Rule], facts: Facts, at: int) -> list[Problem]:
    """What is wrong with the files of a folder of templates, apart from what its rules' own checks say.

    Args:
        folder: the templates' folder; one that is not there has no files.
        rules: the rules that may name them.
        facts: what the rules of the vertical may speak of.
        at: micros of the samples.
    """
    specs = list(rules)
    named = {name for spec in specs for name in (spec.template, spec.title_template)}
    tried = _general_samples(specs, facts, at)
    found = []
    for file in sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else ():
        name = template_name(file)
        if file.endswith(".jinja") and (name is None or name not in named):
            found += [_problem("templates", file, "", fault) for fault in _unnamed(folder, file, name, tried)]
    return found


def faults_of(source: str, part: str, tried: Sequence[Sample]) -> list[Fault]:
    """What is wrong with one file of a template.

    Args:
        source: the file's text.
        part: `subject`, `text` or `html`.
        tried: the samples that it must be able to tell.
    """
    maker = sandbox(autoescape=part == "html")
    broken = maker.faults(source)
    if broken:
        return [Fault(fault) for fault in broken]
    found = [*_unknown_facts(maker, source, _paths(tried))]
    template = maker.from_string(source)
    complaints: dict[str, Fault] = {}
    for sample in tried:
        for clearance in CLEARANCES:
            fault = _tried(template, part, sample, clearance)
            if fault is not None:
                complaints.setdefault(fault.message.partition(" (")[0], fault)
    return found + list(complaints.values())


def _paths(tried: Iterable[Sample]) -> list[str]:
    """The paths of the values that messages about these samples have."""
    leaves = [leaf for sample in tried for leaf in sample.context.get("values", ())]
    return list(dict.fromkeys(leaf["path"] for leaf in leaves))


def _tried(template: Template, part: str, sample: Sample, clearance: Sensitivity) -> Fault | None:
    shown = presented(
        masked(sample.context, clearance), sample.reason, str(sample.context["severity"]), sample.created_at
    )
    reader = "may see everything" if clearance is Sensitivity.PHI else "may see no value of a person"
    case = f"({sample.reason}, {sample.what}, told to readers who {reader})"
    try:
        said = produce(template, shown, part)
    except TemplateFault as fault:
        return Fault(f"{fault.message.removeprefix(f'{part}, ')} {case}", fault.hint)
    if not said.strip():
        return Fault(f"line 1: it says nothing {case}", "Say at least {{ title }}.")
    if part == "text" and clearance is Sensitivity.INTERNAL and not _tells(said, shown):
        hint = "Keep {{ title }}, {{ site }}, or the number of the alert, outside of what is hidden."
        return Fault(f"line 1: all that it tells is hidden {case}", hint, grave=False)
    return None


def _tells(said: str, shown: Mapping[str, Any]) -> bool:
    """Whether a reader learns from it what happened, or where to read that."""
    values = [leaf["said"] for leaf in shown["values"] if leaf["value"] is not None]
    words = [shown["title"], shown["rule"], str(shown["alert_id"]), *shown["because"], *values]
    return any(word in said for word in words if word != HIDDEN)


def _unknown_facts(maker: Sandbox, source: str, known: Sequence[str]) -> Iterator[Fault]:
    """A path that the rule does not read is an empty text for ever, so it is a slip of the pen."""
    asked: tuple[type[nodes.Getitem | nodes.Getattr], ...] = (nodes.Getitem, nodes.Getattr)
    for node in maker.parse(source).find_all(asked):
        if not isinstance(node.node, nodes.Name) or node.node.name != _FACT:
            continue
        path = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
        if isinstance(path, str) and path not in known:
            hint = f"{did_you_mean(path, known)} Add it to the rule's `values`.".strip()
            yield Fault(f"line {node.lineno}: the rule tells no {path!r}", hint)


def _absent(rule: Rule, folders: Sequence[Traversable]) -> Iterator[Problem]:
    """Names without the one file that makes them a template."""
    for key, name, parts in _named(rule):
        needed = f"{name}.{parts[-1]}.jinja"
        if template_source(folders, needed) is None:
            hint = f"Add {needed} to the templates, or take {key} out of the rule."
            yield Problem(rule.id, key, f"there is no {needed}, so that the general words are used", hint)


def _named(rule: Rule) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The templates that a rule names: the key, the name, and the files that are used of it, the needed one last."""
    if rule.template is not None:
        others = ("subject", "html") if rule.title_template in (None, rule.template) else ("html",)
        yield "template", rule.template, (*others, "text")
    if rule.title_template is not None and rule.title_template != rule.template:
        yield "title_template", rule.title_template, ("subject",)


def _unnamed(folder: Traversable, file: str, name: str | None, tried: Sequence[Sample]) -> Iterator[Fault]:
    if name is None:
        yield Fault("no template has such a file", f"Call it NAME.PART.jinja, with {', '.join(PARTS)} as PART.")
        return
    part = file.removesuffix(".jinja").rpartition(".")[2]
    yield from faults_of((folder / file).read_text(encoding="utf-8"), part, tried)
    if name not in (BUILT_IN, FOOTER):
        yield Fault("no rule names it", f"Name it in a rule: `template: {name}`, or delete it.", grave=False)


def _general_samples(specs: Sequence[Rule], facts: Facts, at: int) -> list[Sample]:
    """Samples of all rules, for a template that belongs to none of them."""
    compiled = (_compiled(spec, facts) for spec in specs)
    return [sample for rule in compiled if rule for sample in samples(Sampler(rule, facts, at), ("fired", "resolved"))]


def _compiled(rule: Rule, facts: Facts) -> Compiled | None:
    try:
        return compile_rule(rule, facts)
    except (DeclarationError, NotFoundError):
        return None


def _problem(rule: str, key: str, file: str, fault: Fault) -> Problem:
    message = f"{file}, {fault.message}" if file else fault.message
    return Problem(rule, key, message, fault.hint, fault.grave)
