"""Rules on paper: a YAML file in, a checked `Rule` out, and back; errors name file, key, value and next step."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import orjson
import yaml
from pydantic import BaseModel, ValidationError

from automations.rules import Example, Missing, Notify, Remind, Rule
from substrate.errors import DeclarationError

_PARTS: dict[str, type[BaseModel]] = {
    "remind": Remind,
    "missing": Missing,
    "notify": Notify,
    "examples": Example,
}


class RuleError(DeclarationError):
    """A rule file cannot be read as a rule."""


def read_rule(text: str, file: str) -> Rule:
    """One rule from the text of its file.

    Args:
        text: the YAML.
        file: the file's name, for the message.

    Raises:
        RuleError: the text is no rule; the message has a line for every fault.
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        hint = "Mind the indentation, and quote text that contains ': ' or begins with a special character."
        raise RuleError(f"{file}: not YAML: {_yaml_fault(error)}", hint=hint) from None
    if not isinstance(raw, dict):
        raise RuleError(f"{file}: not a rule", hint="A rule file is a YAML mapping; see docs/rules.md for its keys.")
    return rule_from(raw, file)


def rule_from(raw: dict[str, Any], file: str) -> Rule:
    """One rule from a mapping, such as a stored version's specification.

    Raises:
        RuleError: the mapping is no rule.
    """
    try:
        return Rule.model_validate(raw)
    except ValidationError as error:
        faults = "\n".join(f"{file}: {_fault(fault)}" for fault in error.errors(include_url=False))
        raise RuleError(faults, hint="docs/rules.md says what each key means, with an example.") from None


def read_rules(folder: Traversable) -> list[Rule]:
    """All rules of a folder, in the order of their ids.

    Raises:
        RuleError: a file is no rule, or two files hold one id.
    """
    rules: dict[str, Rule] = {}
    for file in sorted(folder.iterdir(), key=lambda found: found.name):
        if Path(file.name).suffix not in (".yaml", ".yml"):
            continue
        rule = read_rule(file.read_text(encoding="utf-8"), file.name)
        if rule.id in rules:
            raise RuleError(f"{file.name}: rule: {rule.id!r} is already the id of another file's rule")
        rules[rule.id] = rule
    return [rules[key] for key in sorted(rules)]


def write_rule(rule: Rule) -> str:
    """The rule as a YAML file; reading it again gives an equal rule."""
    return yaml.safe_dump(specification(rule), sort_keys=False, allow_unicode=True, width=100)


def specification(rule: Rule) -> dict[str, Any]:
    """The rule as a mapping of plain values, without what is left at its default."""
    plain: dict[str, Any] = orjson.loads(rule.model_dump_json(by_alias=True, exclude_defaults=True))
    return plain


def _yaml_fault(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{error.problem} in line {error.problem_mark.line + 1}"
    return "unreadable"


def _fault(fault: Any) -> str:
    key = ".".join(str(part) for part in fault["loc"]) or "rule"
    if fault["type"] == "extra_forbidden":
        return f"{key}: no such key{_instead(fault['loc'])}"
    if fault["type"] == "missing":
        return f"{key}: is missing; add it"
    message = fault["msg"].removeprefix("Value error, ")
    if isinstance(fault["input"], dict | list | tuple | Rule):
        return f"{key}: {message}"
    return f"{key}: {fault['input']!r}: {message}"


def _instead(place: tuple[str | int, ...]) -> str:
    names = [part for part in place if isinstance(part, str)]
    model = _PARTS.get(names[-2], Rule) if len(names) > 1 else Rule
    near = get_close_matches(names[-1], _keys(model), n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(_keys(model))}"


def _keys(model: type[BaseModel]) -> Iterable[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
