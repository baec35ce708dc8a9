"""Which copilots there are: those that verticals bring, those of `copilots.yaml`, and those made on the command line.

One of `copilots.yaml` takes the place of a vertical's of the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from rag.copilot import CheckoutOptions, Copilot, FolderOptions, Otherwise, RecordsOptions, SourceSpec
from rag.rebuild import Rebuild
from rag.recipe import Recipe
from rag.ticket_export import TicketColumns, TicketsOptions
from substrate.catalog import Vertical
from substrate.errors import ConfigurationError, NotFoundError
from substrate.expressions.errors import did_you_mean
from substrate.settings import Settings

_HINT = "docs/copilots.md says what each key means, with an example."
_MADE = "copilots"
_Model = TypeVar("_Model", bound=BaseModel)
_PARTS: dict[str, type[BaseModel]] = {
    "sources": SourceSpec,
    "folder": FolderOptions,
    "checkout": CheckoutOptions,
    "records": RecordsOptions,
    "tickets": TicketsOptions,
    "columns": TicketColumns,
    "paths": Otherwise,
    "recipe": Recipe,
    "rebuild": Rebuild,
}


class CopilotError(ConfigurationError):
    """A file of copilots cannot be read as one."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    copilots: tuple[Copilot, ...] = ()


def load_copilots(settings: Settings, verticals: Mapping[str, Vertical]) -> dict[str, Copilot]:
    """Every copilot by its name.

    Raises:
        CopilotError: a file is no YAML, a key of it is wrong, or two copilots have one name; each fault has its line.
    """
    found = brought(verticals)
    found |= _made(settings)
    found |= _declared(settings.resolved_copilots_file)
    for copilot in found.values():
        if copilot.vertical is not None and copilot.vertical not in verticals:
            fault = f"copilot {copilot.name}: vertical: {copilot.vertical!r} is not installed"
            raise CopilotError(f"{fault}{_near(copilot.vertical, verticals)}", hint=_HINT)
    return found


def copilot_named(name: str, copilots: Mapping[str, Copilot]) -> Copilot:
    """One of the copilots.

    Raises:
        NotFoundError: none has that name.
    """
    if name not in copilots:
        hint = f"There are: {', '.join(sorted(copilots)) or 'none'}. `plumbline index sync --from DIR` makes one."
        raise NotFoundError(f"no copilot is called {name!r}{_near(name, copilots)}", hint=hint)
    return copilots[name]


def make_copilot(settings: Settings, name: str, folder: Path, known: Mapping[str, Copilot]) -> Copilot:
    """The copilot of a folder, without a line in `copilots.yaml`; it is remembered in the home folder.

    Made again with another folder, it knows that folder instead.

    Args:
        settings: where the home folder is.
        name: what it shall be called.
        folder: where its documents are.
        known: the copilots that there are.

    Raises:
        CopilotError: the name is none, or is a copilot's that is declared elsewhere.
    """
    if name in known and known[name] != _made(settings).get(name):
        hint = "Choose another name, or leave --from out: its sources are read as they are declared."
        raise CopilotError(f"{name!r} is a copilot that is declared already", hint=hint)
    plain = {"name": name, "sources": [{"name": "files", "folder": {"path": str(folder.expanduser().resolve())}}]}
    copilot = _checked(Copilot, plain, f"copilot {name!r}")
    place = settings.home / _MADE / f"{name}.yaml"
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_suffix(".new")
    beside.write_text(yaml.safe_dump(plain, sort_keys=False), encoding="utf-8")
    beside.replace(place)
    return copilot


def unmake_copilot(settings: Settings, name: str) -> bool:
    """Remember a copilot that was made of a folder no more; whether it was one."""
    made = name in _made(settings)
    if made:
        (settings.home / _MADE / f"{name}.yaml").unlink(missing_ok=True)
    return made


def read_copilots(text: str, file: str) -> tuple[Copilot, ...]:
    """The copilots that a text like `copilots.yaml` lists; paths stay as they are written.

    Raises:
        CopilotError: it is none; the message has a line for every fault.
    """
    found = _checked(_File, _parsed(text, file), file).copilots
    names = [copilot.name for copilot in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise CopilotError(f"{file}: two copilots are called {twice!r}", hint="Give one of them another name.")
    return found


def brought(verticals: Mapping[str, Vertical]) -> dict[str, Copilot]:
    """The copilots that verticals bring, by name.

    Raises:
        CopilotError: a file is none, or two have one name.
    """
    found: dict[str, Copilot] = {}
    for vertical in verticals.values():
        for file in _files(vertical.copilots):
            name = f"{vertical.name}/{file.name}"
            plain = _parsed(file.read_text(encoding="utf-8"), name)
            copilot = _checked(Copilot, {"vertical": vertical.name, **plain}, name)
            if copilot.name in found:
                raise CopilotError(f"{name}: name: {copilot.name!r} is another file's copilot already", hint=_HINT)
            found[copilot.name] = _beside(copilot, Path(str(vertical.copilots)))
    return found


def _files(folder: Traversable | None) -> list[Traversable]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(
        (file for file in folder.iterdir() if file.name.endswith((".yaml", ".yml"))), key=lambda one: one.name
    )


def _made(settings: Settings) -> dict[str, Copilot]:
    files = sorted((settings.home / _MADE).glob("*.yaml"))
    found = [_checked(Copilot, _parsed(_text(file), str(file)), str(file)) for file in files]
    return {copilot.name: copilot for copilot in found}


def _declared(path: Path) -> dict[str, Copilot]:
    if not path.exists():
        return {}
    return {copilot.name: _beside(copilot, path.parent) for copilot in read_copilots(_text(path), path.name)}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        hint = "Make it readable, as UTF-8, or set PLUMBLINE_COPILOTS_FILE to another file."
        raise CopilotError(f"{path}: cannot be read ({type(error).__name__})", hint=hint) from None


def _parsed(text: str, file: str) -> dict[str, Any]:
    try:
        plain = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        line = f" in line {mark.line + 1}" if mark else ""
        raise CopilotError(f"{file}: not YAML{line}", hint="Mind the indentation, and quote special text.") from None
    if plain is not None and not isinstance(plain, dict):
        raise CopilotError(f"{file}: it holds no keys", hint=_HINT)
    return plain or {}


def _checked(model: type[_Model], plain: Any, file: str) -> _Model:
    try:
        return model.model_validate(plain)
    except ValidationError as error:
        faults = "\n".join(f"{file}: {_fault(fault)}" for fault in error.errors())
        raise CopilotError(faults, hint=_HINT) from None


def _fault(fault: Any) -> str:
    key = ".".join(str(part) for part in fault["loc"]) or "copilot"
    if fault["type"] == "extra_forbidden":
        return f"{key}: no such key{_near(str(fault['loc'][-1]), _keys(fault['loc']))}"
    if fault["type"] == "missing":
        return f"{key}: is missing; add it"
    message = fault["msg"].removeprefix("Value error, ")
    if isinstance(fault["input"], str | int | float):
        return f"{key}: {fault['input']!r}: {message}"
    return f"{key}: {message}"


def _near(name: str, known: Iterable[str]) -> str:
    near = did_you_mean(name, known)
    return f"; {near}" if near else ""


def _keys(place: tuple[str | int, ...]) -> list[str]:
    """The keys that could stand where one stands that is unknown."""
    if place == place[-1:] and isinstance(place[0], str):
        return [*Copilot.model_fields, *_File.model_fields]
    above = next((str(part) for part in reversed(place[:-1]) if part in _PARTS), "")
    return list(_PARTS.get(above, Copilot).model_fields)


def _beside(copilot: Copilot, folder: Path) -> Copilot:
    """The copilot with the paths of its sources, which are written from a file's folder, made whole."""
    return copilot.model_copy(update={"sources": tuple(_placed(source, folder) for source in copilot.sources)})


def _placed(source: SourceSpec, folder: Path) -> SourceSpec:
    for place in ("folder", "checkout", "tickets"):
        options = getattr(source, place)
        if options is not None:
            paths = {name: getattr(options, name, None) for name in ("path", "comments_path")}
            whole = {name: folder / path.expanduser() for name, path in paths.items() if path is not None}
            return source.model_copy(update={place: options.model_copy(update=whole)})
    return source
