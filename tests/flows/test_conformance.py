"""The suite of all verticals finds what is wrong with one, and names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

import pytest

from flows.conformance import REQUIREMENTS
from substrate.catalog import SampleOrder, SampleReceipt, Vertical
from substrate.columns import Sensitivity, column, instant, reference
from substrate.features.declare import Events, How, View
from substrate.mapping import Draft, Mapper, Reader
from substrate.quality import Check, OnFailure
from substrate.records import Record
from substrate.series.declare import Series

BY_NAME = {requirement.name: requirement for requirement in REQUIREMENTS}
PAGE = (Path(__file__).parents[2] / "docs/verticals.md").read_text("utf-8")


class Owner(Record, table=True):
    """Whose dog it is."""

    __tablename__ = "pound_owner"
    kind: ClassVar[str] = "owner"

    name: str | None = column("Name", Sensitivity.PII, default=None)


class Dog(Record, table=True):
    """A dog."""

    __tablename__ = "pound_dog"
    kind: ClassVar[str] = "dog"

    owner_id: int | None = reference("Owner", "owner")
    came: int | None = instant("When it came", default=None)


class Odd(Record, table=True):
    """Everything about it is wrong."""

    __tablename__ = "odd"
    kind: ClassVar[str] = "odd"
    title: ClassVar[str] = "nothing"
    occurs: ClassVar[str | None] = "began"
    about: ClassVar[tuple[str, ...]] = ("dog.owner.nothing",)

    dog_id: int | None = reference("Which dog", "dog")
    cat_id: int | None = reference("Which cat", "cat")
    began: int | None = instant("Begin", default=None)
    mute: str | None = column("", Sensitivity.PUBLIC, known_at="never", default=None)


def read_dog(payload: dict[str, Any], _reader: Reader) -> Draft:
    return Draft(Dog, str(payload["id"]), {"owner_id": None, "came": payload.get("came")})


DOGS = Mapper("Dog", Dog, read_dog, key=lambda payload: str(payload["id"]))
_dogs = Events(Dog, by="owner_id", at="came")
SOUND = Vertical(
    name="pound",
    title="Pound",
    records=(Owner, Dog),
    mappers=(DOGS,),
    views=(View(Owner, (_dogs.count("dogs", "Dogs"),)),),
    rules=files("tests") / "nowhere",
    templates=files("tests") / "nowhere",
)


@pytest.fixture
def pound(tmp_path: Path) -> Vertical:
    """A sound vertical with folders of its own."""
    for name in ("rules", "templates"):
        (tmp_path / "pound" / name).mkdir(parents=True)
    return replace(
        SOUND, rules=tmp_path / "pound/rules", templates=tmp_path / "pound/templates", sample=sampled('{"id": 1}')
    )


def sampled(*lines: str) -> Callable[..., SampleReceipt]:
    """A sample feed of some lines; an order for two is different bytes each time that it asks for them."""

    def sample(folder: Path, order: SampleOrder, progress: object) -> SampleReceipt:
        folder.mkdir(parents=True)
        (folder / "Dog.ndjson").write_text("\n".join(lines).replace("FOLDER", folder.name) + "\n", "utf-8")
        return SampleReceipt({"Dog": len(lines)}, {}, {}, 0, 0.0)

    return sample


def broken(vertical: Vertical, folder: Path) -> dict[str, list[str]]:
    """What each requirement says, those that are kept left out."""
    found = {name: each.broken_by(vertical, folder / name) for name, each in BY_NAME.items()}
    return {name: problems for name, problems in found.items() if problems}


def test_nothing_is_found_where_nothing_is_wrong(pound: Vertical, tmp_path: Path) -> None:
    assert broken(pound, tmp_path) == {}


def test_records_that_contradict_themselves_are_found(pound: Vertical, tmp_path: Path) -> None:
    found = broken(replace(pound, records=(Odd, Owner, Dog), sample=None, stale_after={"cat": "1h"}), tmp_path)
    assert found["names"] == [
        "odd is kept in odd; call it pound_odd", "stale_after names 'cat', which is no kind of the vertical"
    ]  # fmt: skip
    assert found["columns"] == [
        "odd.mute does not say what it is", "odd.mute became known at 'never', which is no instant of the record"
    ]  # fmt: skip
    assert found["references"] == [
        "odd refers to dog, which comes later in `records`",
        "odd.cat_id refers to 'cat', which is no kind of the vertical",
    ]
    assert found["beginnings"][:2] == [
        "odd is named by 'nothing', which is no column of it", "odd begins at began, which may be without a value"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("mappers", {"mappers": (DOGS, DOGS)}, "the resource Dog is there 2 times"),
        ("mappers", {"mappers": (replace(DOGS, also=(Odd,)),)}, "Dog gives odd, which is no record"),
        ("mappers", {"dialects": {"x": (replace(DOGS, parts={Owner: "dog_id"}),)}}, "owner has no column 'dog_id'"),
        ("checks", {"checks": (Check("a", Dog, "cam > 1", "is odd"),)}, "unknown field 'cam'"),
        ("checks", {"checks": (Check("a", Dog, "came > came", "", OnFailure.DISCARD, ("id",)),)}, "does not say what"),
        ("features", {"views": (View(Owner, (_dogs.count("dogs", " "),)),)}, "owner.dogs does not say what it is"),
        ("features", {"views": (View(Owner, (_dogs.sum("s", "Sum", "nme"),)),)}, "unknown field 'nme'"),
        ("series", {"series": (Series("a", "A", Dog, "came", how=How.LATEST),)}, "cannot be the latest of a bucket"),
        ("rows", {"sample": sampled("{")}, "1 rows of a sample without defects are refused as bad_json"),
        ("rows", {"sample": sampled('{"no": 1}')}, "no row of the sample became a record"),
        ("sample", {"sample": sampled('{"id": "FOLDER"}')}, "Dog.ndjson differs, though the order was the same"),
    ],
)  # fmt: skip
def test_a_fault_is_named(pound: Vertical, tmp_path: Path, name: str, changes: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in BY_NAME[name].broken_by(replace(pound, **changes), tmp_path / "work"))


def test_rules_and_templates_are_held_to_the_facts(pound: Vertical, tmp_path: Path) -> None:
    rule = "rule: lost\ntitle: Lost\ndescription: x\nentity: dog\nwhen: cme > now\nseverity: low\nowner: x\n"
    rule += "cost_of_delay: x\nnotify: [{role: x, when: fired}]\nvalues: [came]\n"
    (tmp_path / "pound/rules/found.yaml").write_text(rule, "utf-8")
    (tmp_path / "pound/templates/nobody.text.jinja").write_text("x", "utf-8")
    found = broken(replace(pound, sample=None), tmp_path)
    assert any("unknown field 'cme'" in problem for problem in found["rules"])
    assert "no file is called lost.yaml, after its rule" in found["rules"]
    assert len(found["examples"]) == 3
    assert any("nobody" in problem for problem in found["templates"])


def test_the_page_lists_every_requirement() -> None:
    assert [
        each.name
        for each in REQUIREMENTS
        if f"| `{each.name}` | {each.text}" not in PAGE.replace(" (`clinic_booking`)", "")
    ] == []
