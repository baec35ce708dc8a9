"""What is installed is found through entry points; what is wrong with one of them is said by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from substrate.catalog import Vertical, vertical, verticals
from substrate.errors import DeclarationError, NotFoundError
from tests.substrate.clinic import CLINIC, Visit

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a package with entry points where Python looks for packages, as a stranger's wheel would."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(package: str, **points: str) -> None:
        info = tmp_path / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = "".join(f"{name} = {value}\n" for name, value in points.items())
        (info / "entry_points.txt").write_text(f"[plumbline.verticals]\n{lines}")

    return write


def test_a_strangers_vertical_stands_beside_the_built_in_ones(install: Install) -> None:
    before = verticals()
    install("clinic", clinic="tests.substrate.clinic:CLINIC")
    assert verticals() == {**before, "clinic": CLINIC}
    assert vertical("clinic") is CLINIC


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("tests.substrate.clinic:Visit", "is no vertical"),
        ("tests.substrate.clinic:NOTHING", "cannot be loaded"),
        ("no_such_module:vertical", "cannot be loaded"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_named(install: Install, value: str, said: str) -> None:
    install("broken", broken=value)
    with pytest.raises(DeclarationError, match=f"entry point 'broken'.*{said}"):
        verticals()


def test_two_verticals_of_one_name_are_refused(install: Install) -> None:
    install("clinic", clinic="tests.substrate.clinic:CLINIC")
    install("another", clinic="tests.substrate.test_catalog:TWIN")
    with pytest.raises(DeclarationError, match="two installed verticals are called 'clinic'"):
        verticals()


def test_the_same_vertical_twice_is_one(install: Install) -> None:
    install("clinic", clinic="tests.substrate.clinic:CLINIC", praxis="tests.substrate.clinic:CLINIC")
    assert verticals()["clinic"] is CLINIC


def test_a_name_that_is_not_installed_is_told_with_those_that_are(install: Install) -> None:
    install("clinic", clinic="tests.substrate.clinic:CLINIC")
    with pytest.raises(NotFoundError, match="no vertical is called 'zoo'") as told:
        vertical("zoo")
    assert "clinic" in told.value.hint


def test_a_kind_that_a_vertical_lacks_is_told_with_those_it_has() -> None:
    assert CLINIC.record("visit") is Visit
    with pytest.raises(NotFoundError, match="no records of kind 'bed'") as told:
        CLINIC.record("bed")
    assert told.value.hint == "It has: place, doctor, visit, step."


TWIN = Vertical("clinic", "Another", (), (), CLINIC.rules, CLINIC.templates)
