"""Templates before they are used: what is not there, not allowed, not told or not seen is found on samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from automations.rule_check import Problem
from automations.samples import Sample
from automations.template_check import check_folder, check_templates, faults_of
from substrate.clock import HOUR
from substrate.facts import Facts
from tests.automations.sample_alert import NOW, context
from tests.automations.world import RECORDS, Bay, World, minutes, rule_of

FACTS = Facts(RECORDS)
SAMPLES = [Sample("a result", context(), "fired", NOW)]


def problems(folder: Path, files: dict[str, str], **said: object) -> list[Problem]:
    """What is wrong with the templates of a rule about bays."""
    for name, source in files.items():
        (folder / f"{name}.jinja").write_text(source)
    rule = rule_of(template="own", values=["name"], **said)
    return check_templates(rule, FACTS, [folder], NOW)


def test_a_rule_without_templates_has_nothing_to_check() -> None:
    assert check_templates(rule_of(), FACTS, [], NOW) == []


def test_a_sound_template_has_no_problem(tmp_path: Path) -> None:
    files = {"own.text": "{{ title }}: {{ fact.name }} has {{ fact['occupied'] }}", "own.subject": "{{ title }}"}
    assert problems(tmp_path, files) == []


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, ["there is no own.text.jinja", "Add own.text.jinja"]),
        ({"own.html": "{{ title }}"}, ["there is no own.text.jinja"]),
        ({"own.text": "{{ title }}\n{{ titel }}"}, ["own.text.jinja, line 2: 'titel' is undefined"]),
        ({"own.text": "{% if"}, ["own.text.jinja, line 1: "]),
        ({"own.text": "{% set a = 1 %}{{ title }}"}, ["line 1: a template may not hold assignments"]),
        ({"own.text": "{{ title|shout }}"}, ["line 1: No filter named 'shout'."]),
        ({"own.text": "{{ title }}\n\n{{ fact.occupid }}"}, ["line 3: ", "no 'occupid'", "did you mean 'occupied'?"]),
        ({"own.text": "{{ title }} {{ fact['beds.x'] }}"}, ["the rule tells no 'beds.x'", "`values`"]),
        ({"own.text": "{{ title }} {{ values[0].said }}"}, ["no such entry here", "a record that is gone"]),
        ({"own.text": "{{ title }} {{ resolved_at + 1 }}"}, ["line 1: ", "fired"]),
        ({"own.text": "{{ title }}", "own.subject": "{{ nme }}"}, ["own.subject.jinja, line 1: 'nme' is undefined"]),
        ({"own.text": "{{ title }}", "own.html": "{{ nme }}"}, ["own.html.jinja, line 1: 'nme' is undefined"]),
        ({"own.text": "{% if over %}{{ title }}{% endif %}"}, ["it says nothing"]),
    ],
)
def test_a_problem_names_its_file_its_line_and_the_next_step(
    tmp_path: Path, files: dict[str, str], told: list[str]
) -> None:
    (problem,) = problems(tmp_path, files)
    assert (problem.key, problem.grave, bool(problem.hint)) == ("template", True, True)
    assert [part for part in told if part not in str(problem)] == []


def test_a_message_that_is_hidden_from_most_is_a_warning() -> None:
    faults = faults_of("{{ subject.name }}: {{ fact['value'] }}", "text", SAMPLES)
    assert [(fault.grave, fault.message.partition(" (")[0]) for fault in faults] == [
        (False, "line 1: all that it tells is hidden")
    ]


def test_a_template_that_works_only_for_the_cleared_is_found() -> None:
    (fault,) = faults_of("{{ title }} {{ values[2].said }}", "text", SAMPLES)
    assert fault.message.startswith(
        "line 1: there is no such entry here (fired, a result, told to readers who may see no"
    )


def test_a_title_alone_needs_its_subject(tmp_path: Path) -> None:
    (tmp_path / "short.text.jinja").write_text("{{ title }}")
    (problem,) = check_templates(rule_of(title_template="short"), FACTS, [tmp_path], NOW)
    assert (problem.key, "there is no short.subject.jinja" in problem.message) == ("title_template", True)


def test_what_is_wrong_with_a_rule_itself_is_not_said_twice(tmp_path: Path) -> None:
    assert problems(tmp_path, {}, when="nope > 1") == []


def test_a_folder_is_checked_file_by_file(tmp_path: Path) -> None:
    for name in (
        "README.md",
        "own.text.jinja",
        "other.text.jinja",
        "broken.html.jinja",
        "odd.jinja",
        "message.text.jinja",
    ):
        (tmp_path / name).write_text("{{ nope }}" if "broken" in name else "{{ title }}")
    found = check_folder(tmp_path, [rule_of(template="own")], FACTS, NOW)
    said = [(problem.key, problem.grave, problem.message.partition(" (")[0]) for problem in found]
    assert said == [
        ("broken.html.jinja", True, "line 1: 'nope' is undefined"),
        ("broken.html.jinja", False, "no rule names it"),
        ("odd.jinja", True, "no template has such a file"),
        ("other.text.jinja", False, "no rule names it"),
    ]


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert check_folder(tmp_path / "none", [], FACTS, NOW) == []


def test_a_template_is_tried_on_a_real_record_too(world: World, tmp_path: Path) -> None:
    (tmp_path / "own.text.jinja").write_text("{{ title }} {{ fact.name|round }}")
    world.put(Bay, "b1", name="Bay 1", beds=4, occupied=6)
    world.rule(template="own", values=["name"])
    world.run(minutes(0))
    rule = rule_of(template="own", values=["name"])
    with world.database.read() as connection:
        (problem,) = check_templates(rule, FACTS, [tmp_path], minutes(0) + HOUR, connection)
    assert "a filter or sum does not fit its value (TypeError)" in problem.message
    assert "Bay 1" not in str(problem)
