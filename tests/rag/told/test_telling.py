"""A template on paper: what is wrong with it is said with file, key and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.told.telling import TellingError, read_sheet, read_sheets
from tests.rag.told.clinic import DOCTOR, VISIT, story

HEAD = "entity: doctor\ntitle: Doctor"


def sheet(front: str, body: str = "{{ doctor.name }}") -> str:
    return f"---\n{front}\n---\n{body}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no front matter", "it.md: it has no front matter"),
        (sheet("entity: doctor"), "it.md: title: is missing; add it"),
        (sheet("title: x: y"), "it.md: its front matter is not YAML"),
        (sheet(f"{HEAD}\nroels: [nurse]"), "it.md: roels: there is no such key"),
        (sheet(f"{HEAD}\nat_most: secret"), "it.md: at_most: use one of public, internal, pii, phi"),
        (sheet(f"{HEAD}\nlists: {{a: {{kind: visit, by: doctor_id, most: 900}}}}"), "lists.a.most"),
        (sheet(f"{HEAD}\nlists: {{a: {{kind: visit, by: doctor_id, within: soon}}}}"), "lists.a.within"),
        (sheet("entity: docter\ntitle: x"), "no records of kind 'docter'; did you mean 'doctor'?"),
        (sheet(f"{HEAD}\nonly: {{nam: x}}"), "only: doctor has no column 'nam'; did you mean 'name'?"),
        (sheet(f"{HEAD}\ndated: name"), "dated: doctor.name is no instant"),
        (sheet(f"{HEAD}\nreplaced_by: name"), "replaced_by: doctor.name is no reference to another doctor"),
        (sheet(f"{HEAD}\nsite_of: [visit]"), "site_of: doctor has no reference 'visit'"),
        (sheet(f"{HEAD}\nlists: {{a: {{kind: visit, by: fee}}}}"), "lists.a: visit.fee is no reference to doctor"),
        (sheet(f"{HEAD}\nlists: {{a: {{kind: visit, by: doctor_id, order: -begin}}}}"), "order: visit has no column"),
        (sheet(f"{HEAD}\nlists: {{doctor: {{kind: visit, by: doctor_id}}}}"), "choose another name for the list"),
        (sheet(HEAD, "a\n{{ doctor.nmae }}"), "line 2: doctor has no column 'nmae'; did you mean 'name'?"),
        (sheet(HEAD, "{{ patient.name }}"), "line 1: there is no 'patient' here"),
        (sheet(HEAD, "{{ range(9) }}"), "a template may not hold calls"),
        (sheet(HEAD, "{{ doctor[doctor.name] }}"), "a column is named as it is, and not computed"),
        (sheet(HEAD, "{{ (doctor or 1).name }}"), "it is not clear whose 'name' is meant"),
        (sheet(f"{HEAD}\nat_most: internal"), "at_most: it can say pii, and promises internal"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(TellingError) as caught:
        story(text)
    assert said in caught.value.message


def test_many_are_not_one() -> None:
    with pytest.raises(TellingError, match="visits are many; loop over them"):
        story(DOCTOR.replace("{{ doctor.name }} saw", "{{ visits.fee }} saw"))


def test_what_it_speaks_of_is_read_from_its_syntax() -> None:
    found = story(
        VISIT.replace("{{ visit.doctor.name or 'nobody' }}", "{{ steps|map(attribute='visit.doctor')|list }}")
    )
    assert found.follows("steps") == [("doctor",), ("visit",), ("visit", "doctor")]
    assert found.follows("visit") == []


def test_the_house_has_the_first_word(tmp_path: Path) -> None:
    for folder, title in (("own", "Ours"), ("theirs", "Theirs")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "doctor.md").write_text(sheet(f"entity: doctor\ntitle: {title}"), "utf-8")
    found = read_sheets([tmp_path / "own", tmp_path / "missing", tmp_path / "theirs"])
    assert [one.telling.title for one in found.values()] == ["Ours"]


def test_another_text_or_other_words_are_another_digest() -> None:
    digests = {story(DOCTOR).digest, story(DOCTOR, zone="Asia/Tokyo").digest, story(f"{DOCTOR}!").digest}
    assert len(digests) == 3


def test_a_body_may_hold_rules_of_its_own() -> None:
    assert read_sheet(sheet(HEAD, "a\n---\nb"), "it.md").body == "a\n---\nb\n"
