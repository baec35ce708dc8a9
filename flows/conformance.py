"""What every vertical must keep, whoever wrote it: the suite that the built-in ones and a stranger's package both pass.

A requirement is a function from a vertical to what is wrong with it, one sentence each. A package's own tests run them:

    @pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
    def test_it_conforms(requirement: Requirement, tmp_path: Path) -> None:
        assert requirement.broken_by(vertical, tmp_path) == []
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from flows import declared, rehearsal
from substrate.catalog import Vertical
from substrate.errors import PlumblineError

Look = Callable[[Vertical, Path], Iterable[str]]


@dataclass(frozen=True)
class Requirement:
    """One thing that a vertical must keep.

    Attributes:
        name: stable, in a few words.
        text: what must be so, as a sentence.
        look: finds what is wrong, with an empty folder to work in.
    """

    name: str
    text: str
    look: Look

    def __str__(self) -> str:
        return self.name

    def broken_by(self, vertical: Vertical, folder: Path) -> list[str]:
        """What is wrong with a vertical; empty: nothing is.

        Args:
            vertical: whose requirement it is.
            folder: an empty folder, which is written to.
        """
        try:
            return list(self.look(vertical, folder))
        except PlumblineError as error:
            return [str(error)]


def _still(look: Callable[[Vertical], Iterable[str]]) -> Look:
    return lambda vertical, _folder: look(vertical)


REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        "names", "The vertical, its tables and its kinds have names that fit each other.", _still(declared.names)
    ),
    Requirement("columns", "Every column says what it means, and when it became known.", _still(declared.columns)),
    Requirement("references", "References lead to kinds that exist; parents stand first.", _still(declared.references)),
    Requirement("beginnings", "A record begins at an instant that it always has.", _still(declared.beginnings)),
    Requirement(
        "mappers", "Mappers, dialects and mapping files give records of the vertical.", _still(declared.mappers)
    ),
    Requirement("checks", "Checks fit their records, and say what is wrong.", _still(declared.checks)),
    Requirement("features", "Features can be computed, and say what they are.", _still(declared.features)),
    Requirement("series", "Series can be computed, and say what they are.", _still(declared.series)),
    Requirement("rules", "Rules fit the facts, and their files bear their names.", _still(declared.rules)),
    Requirement("examples", "Rules show when they fire, when not, and when nobody knows.", _still(declared.examples)),
    Requirement("templates", "Messages can be told, and no file lies there for nothing.", _still(declared.templates)),
    Requirement(
        "documents", "Templates of documents fit the records, and keep their promises.", _still(declared.documents)
    ),
    Requirement("copilots", "Its copilots know what it tells.", _still(declared.copilots)),
    Requirement("sample", "The same order of a sample gives the same bytes.", rehearsal.same_bytes),
    Requirement("rows", "Every row of the sample is accounted for, and read again it changes nothing.", rehearsal.rows),
    Requirement("telling", "Every record of the sample can be told as text, always the same.", rehearsal.told),
    Requirement("rehearsal", "The rules run on the sample, and again they find nothing new.", rehearsal.evaluated),
    Requirement("increments", "Features kept up to date are those computed anew.", rehearsal.increments),
)
"""In the order in which they are best mended."""
