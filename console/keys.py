"""`plumbline keys`: what programs show to be let in, and what each lets them see."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.answers import JSON, app
from console.terminal import age_text, print_json, print_table, screen
from console.workspace import workspace
from substrate.access import Caller
from substrate.clock import duration_text, isoformat, parse_duration
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError
from substrate.keys import Key, list_keys, new_key, revoke_key
from substrate.settings import Clearance

commands = app("Keys: what programs show to be let in, and what each lets them see.")

_INSTANTS = ("created_at", "expires_at", "revoked_at", "last_used_at")


@commands.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What the program is called; it stands in the audit.")],
    role: Annotated[str, typer.Option(help="What it works as, such as nurse; documents may be for some roles only.")],
    clearance: Annotated[Clearance, typer.Option(help="The most sensitive thing that it may see.")] = "internal",
    site: Annotated[list[str] | None, typer.Option(help="A site whose data it may see; none: of no site.")] = None,
    all_sites: Annotated[bool, typer.Option("--all-sites", help="Let it see the data of every site.")] = False,
    vertical: Annotated[list[str] | None, typer.Option(help="A vertical that it may ask; none: all of them.")] = None,
    expires: Annotated[
        str | None, typer.Option(help="How long it is good for, such as 90d; default: for ever.")
    ] = None,
    as_json: JSON = False,
) -> None:
    """Make a key and show it, once: it cannot be shown again.

    Example: plumbline keys add ward-copilot --role nurse --clearance phi --site north --vertical hospital --expires 90d
    """
    if all_sites and site:
        raise ConfigurationError("--all-sites and --site contradict each other", hint="Leave one of them out.")
    sites = None if all_sites else frozenset(site or ())
    with workspace() as ws, ws.database.write() as connection:
        now = ws.clock.now()
        known = frozenset(ws.verticals)
        if unknown := sorted(set(vertical or ()) - known):
            hint = f"Installed: {', '.join(sorted(known))}."
            raise ConfigurationError(f"no vertical is called {unknown[0]!r}", hint=hint)
        asks = frozenset(vertical) if vertical else None
        caller = Caller(name, role, Sensitivity[clearance.upper()], sites, asks)
        until = now + parse_duration(expires, what="--expires") if expires else None
        key, shown = new_key(connection, caller, now, ws.actor, until)
    if as_json:
        print_json({**_facts(key), "key": shown.get_secret_value()})
        return
    screen.print(f"[bold]{shown.get_secret_value()}[/]", soft_wrap=True)
    screen.print(f"[dim]Keep it now, it is not shown again. {_says(key)}[/]")


@commands.command("list")
def list_all(as_json: JSON = False) -> None:
    """List every key: what it lets its holder see, whether it is still good, and when it was last used.

    Example: plumbline keys list
    """
    with workspace() as ws, ws.database.read() as connection:
        keys, now = list_keys(connection), ws.clock.now()
    if as_json:
        print_json([{**_facts(key), "good": key.is_good(now)} for key in keys])
        return
    columns = ("id", "name", "role", "clearance", "sites", "verticals", "state", "used")
    cells = [
        (
            key.id, key.name, key.caller.role, key.caller.clearance.name.lower(), _names(key.caller.sites),
            _names(key.caller.verticals), _state(key, now), _used(key, now),
        )
        for key in keys
    ]  # fmt: skip
    empty = "There are no keys. `plumbline keys add` makes one."
    print_table("Keys", columns, cells, empty=empty, spare=("verticals", "used", "role"))


@commands.command("revoke")
def revoke(
    said: Annotated[str, typer.Argument(metavar="NAME", help="The key's name, or its id.")], as_json: JSON = False
) -> None:
    """Take a key back. Whoever shows it is refused within seconds; that it was there stays in the audit.

    Example: plumbline keys revoke ward-copilot
    """
    with workspace() as ws, ws.database.write() as connection:
        key = revoke_key(connection, said, ws.clock.now(), ws.actor)
    if as_json:
        print_json(_facts(key))
        return
    screen.print(f"{key.name} ({key.id}) is taken back.")


def _facts(key: Key) -> dict[str, Any]:
    caller = key.caller
    instants = {name: getattr(key, name) for name in _INSTANTS}
    return {
        "id": key.id, "name": key.name, "role": caller.role, "clearance": caller.clearance.name.lower(),
        "sites": None if caller.sites is None else sorted(caller.sites),
        "verticals": None if caller.verticals is None else sorted(caller.verticals),
        **{name: None if at is None else isoformat(at) for name, at in instants.items()},
    }  # fmt: skip


def _says(key: Key) -> str:
    caller = key.caller
    sites = "of every site" if caller.sites is None else f"of sites: {_names(caller.sites)}"
    return f"{key.name} sees what a {caller.role} may, up to {caller.clearance.name.lower()}, {sites}."


def _names(names: frozenset[str] | None) -> str:
    return "all" if names is None else ", ".join(sorted(names)) or "none"


def _state(key: Key, now: int) -> str:
    if key.revoked_at is not None:
        return "taken back"
    if not key.is_good(now):
        return "expired"
    return "good" if key.expires_at is None else f"good for {duration_text(key.expires_at - now)}"


def _used(key: Key, now: int) -> str:
    return "never" if key.last_used_at is None else f"{age_text(now - key.last_used_at)} ago"
