"""Which mapping a name in sources.yaml stands for: one that ships with the vertical, or a file somewhere."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from pathlib import Path

from substrate.catalog import Vertical
from substrate.mappings.mapping_file import MappingError, MappingFile, read_mapping

_SUFFIXES = (".yaml", ".yml")


def is_path(name: str) -> bool:
    """Whether the name of a mapping is the path of a file."""
    return Path(name).suffix in _SUFFIXES


def shipped(vertical: Vertical) -> dict[str, Traversable]:
    """The mapping files that ship with a vertical, by the name by which sources.yaml asks for them."""
    if vertical.mappings is None:
        return {}
    found = sorted(vertical.mappings.iterdir(), key=lambda file: file.name)
    return {Path(file.name).stem: file for file in found if is_path(file.name)}


def mapping_file(vertical: Vertical, name: str) -> MappingFile:
    """The mapping file of a name or a path.

    Raises:
        MappingError: there is none, or it does not fit the vertical.
    """
    file = shipped(vertical).get(name)
    if file is not None:
        return read_mapping(text_of(file, name), f"{vertical.name}'s {file.name}", vertical)
    if is_path(name):
        return read_mapping(text_of(Path(name), name), name, vertical)
    known = ", ".join(sorted([*vertical.dialects, *shipped(vertical)])) or "none by name"
    hint = f"{vertical.title} knows {known}; or give the path of a mapping file, which ends in .yaml."
    raise MappingError(f"there is no mapping {name!r}", hint=hint)


def text_of(file: Traversable, name: str) -> str:
    """The text of a mapping file.

    Raises:
        MappingError: it cannot be read.
    """
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise MappingError(f"the mapping file {name} cannot be read: {why}", hint="Correct its path.") from None
