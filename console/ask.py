"""`plumbline ask`: a copilot's answer in the terminal, with what it rests on, how old that is, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer

from console.answers import JSON
from console.ask_shown import print_answer, print_hits
from console.asked import MOST, AnswerAsked, SearchAsked
from console.remote import Remote, local_web
from console.terminal import print_json
from console.told import AnswerTold, SearchTold
from console.workspace import Workspace, workspace
from substrate.access import Caller
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError
from substrate.keyring import LOCAL
from substrate.settings import Clearance


def ask(
    copilot: Annotated[str, typer.Argument(help="The copilot's name.")],
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    k: Annotated[int, typer.Option("--k", min=1, max=MOST, help="How many passages are looked at.")] = 8,
    about: Annotated[
        str | None, typer.Option(help="Only what tells of one record: its kind and key, such as patient/4711.")
    ] = None,
    role: Annotated[str | None, typer.Option(help="Ask as somebody with this role.")] = None,
    clearance: Annotated[Clearance | None, typer.Option(help="See nothing above this.")] = None,
    site: Annotated[list[str] | None, typer.Option(help="See only this site's data.")] = None,
    search_only: Annotated[bool, typer.Option("--search-only", help="Show the passages; answer nothing.")] = False,
    as_json: JSON = False,
) -> None:
    """Ask a copilot. The answer cites its sources; if the documents do not say, it says so.

    The options --role, --clearance and --site show what somebody else would see. The exit code is 0 also where the
    documents do not say; --json tells that as `outcome`.

    Example: plumbline ask handbook "How is a discharge cancelled?"
    """
    less = _Less(role, clearance, tuple(site) if site else None)
    body = {"question": question, "k": k, "entity": _entity(about)}
    with workspace() as ws, _desk(ws, less) as desk:
        told = desk.search(copilot, body) if search_only else desk.answer(copilot, body)
    if as_json:
        print_json(told.model_dump())
    elif isinstance(told, SearchTold):
        print_hits(told)
    else:
        print_answer(told)


@dataclass(frozen=True)
class _Less:
    """As whom somebody at the keyboard asks, who might see everything."""

    role: str | None
    clearance: Clearance | None
    sites: tuple[str, ...] | None

    def caller(self) -> Caller:
        level = None if self.clearance is None else Sensitivity[self.clearance.upper()]
        caller = LOCAL.narrowed(level, None if self.sites is None else frozenset(self.sites))
        return caller if self.role is None else replace(caller, role=self.role)

    def headers(self) -> dict[str, str]:
        sites = None if self.sites is None else ",".join(self.sites)
        said = {"Plumbline-Role": self.role, "Plumbline-Clearance": self.clearance, "Plumbline-Sites": sites}
        return {name: value for name, value in said.items() if value is not None}


class _Here:
    """Asks in this process."""

    def __init__(self, ws: Workspace, less: _Less) -> None:
        from flows.desk import open_desk
        from flows.library import open_library

        self._library = open_library(ws.settings, ws.database, ws.clock)
        self._desk = open_desk(ws.settings, ws.database, ws.clock, ws.verticals, self._library)
        self._caller = less.caller()

    def search(self, copilot: str, body: Mapping[str, Any]) -> SearchTold:
        asked = SearchAsked.model_validate(body)
        found = self._desk.search(self._caller, copilot, asked.query, asked.about)
        return SearchTold.of(found, self._desk.clock.now())

    def answer(self, copilot: str, body: Mapping[str, Any]) -> AnswerTold:
        asked = AnswerAsked.model_validate(body)
        *_, last = self._desk.answer(self._caller, copilot, asked.query, asked.about)
        return AnswerTold.whole(last)

    def close(self) -> None:
        self._library.index.close()


class _There:
    """Asks the process that owns the index."""

    def __init__(self, remote: Remote, less: _Less) -> None:
        self._remote = remote
        self._headers = less.headers()

    def search(self, copilot: str, body: Mapping[str, Any]) -> SearchTold:
        return SearchTold.model_validate(self._remote.ask(f"/copilots/{copilot}/search", body, self._headers))

    def answer(self, copilot: str, body: Mapping[str, Any]) -> AnswerTold:
        return AnswerTold.model_validate(self._remote.ask(f"/copilots/{copilot}/answer", body, self._headers))

    def close(self) -> None:
        self._remote.close()


@contextmanager
def _desk(ws: Workspace, less: _Less) -> Iterator[_Here | _There]:
    from rag.lock import holder_of

    holder = holder_of(ws.settings.resolved_index_dir)
    address = None if holder is None else holder.address
    desk = _Here(ws, less) if address is None else _There(local_web(ws.settings, address), less)
    try:
        yield desk
    finally:
        desk.close()


def _entity(about: str | None) -> dict[str, str] | None:
    if about is None:
        return None
    kind, _, key = about.partition("/")
    if not kind or not key:
        raise ConfigurationError("--about is no record", hint="Write its kind and key, such as patient/4711.")
    return {"kind": kind, "key": key}
