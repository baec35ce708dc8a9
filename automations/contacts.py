"""Who stands behind a role, and how they are reached: a YAML file; without it every role is a recipient of its name.

A role never resolves to nobody: where no person is found the fallback is told, and told that it is the fallback.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from automations.outbox import Route
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError

ADMIN = "admin"
"""Who is told when nobody else is found."""

USUAL = (Route("file"), Route("inbox"))
"""How a recipient without an entry is reached: both need no network and no address."""

_HINT = "docs/channels.md says what each key means, with an example."
_ENVIRONMENT = "env:"


class ContactsError(ConfigurationError):
    """The contacts file cannot be read as one."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who can be told.

    Attributes:
        id: the name in the file.
        name: what people call them.
        routes: how they are reached, the preferred way first.
        language: in which they read; None: the usual one.
        unresolved: why they are told instead of whom the rule meant; None: they were meant.
    """

    id: str
    name: str
    routes: tuple[Route, ...]
    language: str | None = None
    unresolved: str | None = None


def _sensitivity(value: Any) -> Any:
    names = [level.name.lower() for level in Sensitivity]
    if isinstance(value, str) and value.lower() in names:
        return Sensitivity[value.upper()]
    raise ValueError(f"write one of {', '.join(names)}")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Way(_Part):
    channel: Annotated[str, Field(min_length=1)]
    address: str | None = None


def _each_once(ways: tuple[_Way, ...]) -> tuple[_Way, ...]:
    # A message's key names recipient and channel, so a second address in one channel would never be written to.
    named = [way.channel for way in ways]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice} stands there twice; let the second address be a recipient of its own")
    return ways


class _Person(_Part):
    name: str | None = None
    channels: Annotated[tuple[_Way, ...], AfterValidator(_each_once), Field(min_length=1)]
    clearance: Annotated[Sensitivity, BeforeValidator(_sensitivity)] | None = None
    language: str | None = None


class _Member(_Part):
    recipient: str
    sites: tuple[str, ...] = ()


class _Book(_Part):
    roles: dict[str, Annotated[tuple[_Member, ...], Field(min_length=1)]] = Field(default_factory=dict)
    recipients: dict[str, _Person] = Field(default_factory=dict)
    fallback: str = ADMIN


@dataclass(frozen=True)
class Directory:
    """Answers who is told.

    Attributes:
        members: by role, each recipient's id with the sites that they answer for; no sites: all.
        recipients: by id.
        fallback: a role or a recipient.
        stands_in: a role without an entry is a recipient of its own name; so where there is no file.
    """

    members: Mapping[str, tuple[tuple[str, frozenset[str]], ...]] = field(default_factory=dict)
    known: Mapping[str, Recipient] = field(default_factory=dict)
    fallback: str = ADMIN
    stands_in: bool = True

    def recipients(self, role: str, site: str | None) -> tuple[Recipient, ...]:
        """Who is told when a role is; never nobody.

        Args:
            role: the role, or a recipient's id.
            site: where; None: not known, then everybody of the role.
        """
        if found := self._people(role, site):
            return found
        if self.stands_in and role not in self.members:
            return (Recipient(role, role, USUAL),)
        where = f" at {site}" if site is not None and role in self.members else ""
        why = f"nobody is found for the role {role!r}{where}"
        stands = self._people(self.fallback, site) or self._people(self.fallback, None) or (_admin(),)
        return tuple(replace(one, unresolved=why) for one in stands)

    def unresolved(self, roles: Iterable[str]) -> list[str]:
        """Which roles nobody answers for."""
        return sorted({role for role in roles if any(one.unresolved for one in self.recipients(role, None))})

    def _people(self, role: str, site: str | None) -> tuple[Recipient, ...]:
        if role not in self.members:
            return (self.known[role],) if role in self.known else ()
        named = self.members[role]
        return tuple(self.known[one] for one, sites in named if site is None or not sites or site in sites)


def load_directory(path: Path) -> Directory:
    """The directory that a file describes; the usual one, if there is no such file.

    Raises:
        ContactsError: the file cannot be read; the message has a line for every fault, and repeats no address.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Directory()
    except (OSError, UnicodeDecodeError) as error:
        hint = "Make it readable, as UTF-8, or set PLUMBLINE_CONTACTS_FILE to another file."
        raise ContactsError(f"{path}: cannot be read ({type(error).__name__})", hint=hint) from None
    return directory_from(text, path.name)


def directory_from(text: str, file: str) -> Directory:
    """The directory that the text of a file describes.

    Raises:
        ContactsError: the text is none.
    """
    try:
        book = _Book.model_validate(yaml.safe_load(text) or {})
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        line = f" in line {mark.line + 1}" if mark else ""
        raise ContactsError(f"{file}: not YAML{line}", hint="Mind the indentation, and quote special text.") from None
    except ValidationError as error:
        raise ContactsError("\n".join(_fault(file, fault) for fault in error.errors()), hint=_HINT) from None
    if faults := _strangers(book, file):
        raise ContactsError("\n".join(faults), hint=_HINT)
    return Directory(
        {role: tuple((one.recipient, frozenset(one.sites)) for one in found) for role, found in book.roles.items()},
        {key: _recipient(key, person) for key, person in book.recipients.items()},
        book.fallback,
        stands_in=False,
    )


def address_of(route: Route, environment: Mapping[str, str]) -> str | None:
    """The route's address, looked up where it is secret.

    Raises:
        ContactsError: the environment has no such variable.
    """
    if route.address is None or not route.address.startswith(_ENVIRONMENT):
        return route.address
    name = route.address.removeprefix(_ENVIRONMENT)
    found = environment.get(name)
    if not found:
        hint = f"Set {name} in the environment of whatever delivers messages."
        raise ContactsError(f"the {route.channel} address {route.address} is not set", hint=hint)
    return found


def _recipient(key: str, person: _Person) -> Recipient:
    routes = tuple(Route(way.channel, way.address, person.clearance) for way in person.channels)
    return Recipient(key, person.name or key, routes, person.language)


def _admin() -> Recipient:
    return Recipient(ADMIN, ADMIN, USUAL)


def _strangers(book: _Book, file: str) -> list[str]:
    """What names somebody whom the file does not know."""
    named = [
        (f"roles.{role}.{place}.recipient", member.recipient)
        for role, members in book.roles.items()
        for place, member in enumerate(members)
        if member.recipient not in book.recipients
    ]
    if book.fallback not in (ADMIN, *book.roles, *book.recipients):
        named.append(("fallback", book.fallback))
    return [f"{file}: {key}: {name!r} is not among `recipients`{_near(name, book.recipients)}" for key, name in named]


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else "; add it there"


def _fault(file: str, fault: Any) -> str:
    key = ".".join(str(part) for part in fault["loc"]) or "contacts"
    if fault["type"] == "extra_forbidden":
        return f"{file}: {key}: no such key; take it out or mend its spelling"
    if fault["type"] == "missing":
        return f"{file}: {key}: is missing; add it"
    return f"{file}: {key}: {fault['msg'].removeprefix('Value error, ')}"
