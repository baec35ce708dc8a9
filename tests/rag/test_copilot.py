"""Copilots as they are declared: where they come from, who may see what, and what a wrong file is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rag.copilot import Copilot, SourceSpec
from rag.copilot_files import CopilotError, copilot_named, load_copilots, make_copilot, read_copilots
from substrate.access import Caller, Label
from substrate.catalog import Vertical
from substrate.clock import HOUR
from substrate.columns import Sensitivity
from substrate.errors import NotFoundError
from substrate.settings import Settings

WARDS = """
copilots:
  - name: wards
    vertical: clinic
    roles: [nurse]
    sources:
      - name: guides
        folder: {path: docs}
        paths:
          "hr/**": {roles: [manager], sensitivity: pii}
          "hr/public/*": {roles: []}
          "**/*.pdf": {kind: form}
      - name: told
        records: {templates: [patient]}
        stale_after: 1h
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def clinic(tmp_path: Path) -> Vertical:
    folder = tmp_path / "clinic" / "copilots"
    folder.mkdir(parents=True)
    return Vertical("clinic", "Clinic", (), (), rules=folder, templates=folder, copilots=folder)


def source(**options: Any) -> SourceSpec:
    return SourceSpec.model_validate({"name": "files", "folder": {"path": "docs"}, **options})


def wards() -> Copilot:
    return read_copilots(WARDS, "copilots.yaml")[0]


def test_without_any_file_there_are_no_copilots(settings: Settings) -> None:
    assert load_copilots(settings, {}) == {}


def test_paths_are_written_from_the_files_folder(settings: Settings, clinic: Vertical) -> None:
    settings.resolved_copilots_file.write_text(WARDS)
    folder = load_copilots(settings, {"clinic": clinic})["wards"].sources[0].folder
    assert folder is not None
    assert folder.path == settings.home / "docs"


def test_exports_of_tickets_are_written_from_the_files_folder_and_name_people(settings: Settings) -> None:
    settings.resolved_copilots_file.write_text(
        "copilots: [{name: desk, sources: [{name: t, tickets: {path: 'a/*.csv', comments_path: /b.csv}}]}]\n"
    )
    (source,) = load_copilots(settings, {})["desk"].sources
    assert source.tickets is not None
    assert (source.tickets.path, source.tickets.comments_path) == (settings.home / "a/*.csv", Path("/b.csv"))
    assert (source.kind, source.label_of("4711")) == ("ticket", Label(Sensitivity.PII))


def test_a_vertical_brings_copilots_and_copilots_yaml_takes_their_place(settings: Settings, clinic: Vertical) -> None:
    brought = Path(str(clinic.copilots)) / "wards.yaml"
    brought.write_text("name: wards\ntitle: Brought\nsources: [{name: told, records: {}}]\n")
    assert load_copilots(settings, {"clinic": clinic})["wards"].vertical == "clinic"
    settings.resolved_copilots_file.write_text(WARDS)
    assert load_copilots(settings, {"clinic": clinic})["wards"].title == ""


def test_two_files_of_a_vertical_cannot_bring_one_copilot(settings: Settings, clinic: Vertical) -> None:
    for file in ("one.yaml", "two.yaml"):
        (Path(str(clinic.copilots)) / file).write_text("name: wards\nsources: [{name: told, records: {}}]\n")
    with pytest.raises(CopilotError, match=r"clinic/two\.yaml: name: 'wards'"):
        load_copilots(settings, {"clinic": clinic})


def test_a_vertical_that_is_not_installed_is_named(settings: Settings, clinic: Vertical) -> None:
    settings.resolved_copilots_file.write_text(WARDS.replace("clinic", "clinics"))
    with pytest.raises(CopilotError, match="vertical: 'clinics' is not installed; did you mean 'clinic'"):
        load_copilots(settings, {"clinic": clinic})


def test_the_last_pattern_that_fits_a_file_decides() -> None:
    guides = wards().sources[0]
    assert guides.label_of("beds.md") == Label(Sensitivity.INTERNAL)
    assert guides.label_of("hr/pay.md") == Label(Sensitivity.PII, None, frozenset({"manager"}))
    assert guides.label_of("hr/public/pay.md") == Label(Sensitivity.PII)
    assert (guides.kind_of("hr/pay.md"), guides.kind_of("hr/leave.pdf")) == ("guide", "form")


def test_who_may_ask() -> None:
    assert wards().answers(Caller("a", "nurse"))
    assert wards().answers(Caller("a", "nurse", verticals=frozenset({"clinic"})))
    assert not wards().answers(Caller("a", "porter"))
    assert not wards().answers(Caller("a", "nurse", verticals=frozenset({"school"})))


def test_a_copilot_of_no_vertical_is_not_for_callers_of_some() -> None:
    copilot = Copilot(name="help", sources=(source(),))
    assert copilot.answers(Caller("a", "nurse"))
    assert not copilot.answers(Caller("a", "nurse", verticals=frozenset({"clinic"})))


def test_how_old_it_may_be_is_said_by_source_or_copilot() -> None:
    assert [wards().stale_micros(name) for name in ("told", "guides")] == [HOUR, 24 * HOUR]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("name: wards", "nam: wards", r"copilots\.0\.nam: no such key; did you mean 'name'"),
        ("roles: [manager]", "role: [m]", r"sources\.0\.paths\.hr/\*\*\.role: no such key; did you mean 'roles'"),
        ("copilots:", "copilot:", r"copilots\.yaml: copilot: no such key; did you mean 'copilots'"),
        ("{path: docs}", "{pth: docs}", r"sources\.0\.folder\.path: is missing"),
        ("name: wards", "name: My Wards", r"copilots\.0\.name: 'My Wards'"),
        ("sensitivity: pii", "sensitivity: secret", "'secret': write one of public, internal, pii, phi"),
        ("stale_after: 1h", "stale_after: soon", r"sources\.1\.stale_after: 'soon'"),
        ("name: told", "name: guides", "two sources are called 'guides'"),
        ("vertical: clinic", "title: x", "records are told of a vertical"),
        ("stale_after: 1h", "kind: note", "records say themselves"),
        ("stale_after: 1h", "folder: {path: x}", "write one of folder, checkout, records, tickets"),
        ("folder: {path: docs}", "tickets: {path: t.csv}", "tickets have no paths"),
        ("folder: {path: docs}", "tickets: {path: x, columns: {titel: a}}", "no such key; did you mean 'title'"),
        ("folder: {path: docs}", "tickets: {path: x, zone: Mars}", "there is no such IANA zone"),
        ("folder: {path: docs}", "tickets: {path: x, preset: zamad}", "preset"),
        ("roles: [nurse]", "roles: [nurse", "not YAML in line"),
    ],
)
def test_a_wrong_file_says_where_and_what_instead(old: str, new: str, fault: str) -> None:
    with pytest.raises(CopilotError, match=fault):
        read_copilots(WARDS.replace(old, new, 1), "copilots.yaml")


def test_every_fault_of_a_file_has_its_line() -> None:
    text = WARDS.replace("name: wards", "nam: wards").replace("roles: [nurse]", "rolls: []")
    with pytest.raises(CopilotError) as caught:
        read_copilots(text, "copilots.yaml")
    assert len(caught.value.message.splitlines()) == 3


def test_one_is_made_of_a_folder_and_remembered(settings: Settings, tmp_path: Path) -> None:
    made = make_copilot(settings, "help", tmp_path / "docs", {})
    assert load_copilots(settings, {}) == {"help": made}
    again = make_copilot(settings, "help", tmp_path / "other", load_copilots(settings, {}))
    assert load_copilots(settings, {}) == {"help": again}
    assert again != made


def test_none_is_made_in_place_of_a_declared_one(settings: Settings, clinic: Vertical) -> None:
    make_copilot(settings, "wards", settings.home, {})
    settings.resolved_copilots_file.write_text(WARDS)
    with pytest.raises(CopilotError, match="declared already"):
        make_copilot(settings, "wards", settings.home, load_copilots(settings, {"clinic": clinic}))


@pytest.mark.parametrize("name", ["../up", "Big", "", "a b"])
def test_none_is_made_with_a_name_that_cannot_stand_in_an_address(settings: Settings, name: str) -> None:
    with pytest.raises(CopilotError, match="name"):
        make_copilot(settings, name, settings.home, {})


def test_a_name_that_is_none_is_answered_with_those_that_are() -> None:
    with pytest.raises(NotFoundError, match="did you mean 'wards'"):
        copilot_named("ward", {"wards": wards()})


def test_every_option_is_described() -> None:
    assert [
        name for name, field in {**Copilot.model_fields, **SourceSpec.model_fields}.items() if not field.description
    ] == []
