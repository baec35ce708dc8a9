"""What a command works on: settings, the database brought up to date, the vertical that is meant."""

from __future__ import annotations

import getpass
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from console.secrecy import known_secrets
from flows.installation import Installation, installation
from substrate.catalog import Vertical, vertical
from substrate.errors import ConfigurationError, NotFoundError
from substrate.freshness import records_name, watermarks
from substrate.logs import configure_logging
from substrate.settings import Settings, load_settings
from substrate.sources.configured import load_sources

__all__ = ["Workspace", "load_settings", "workspace"]


class Workspace(Installation):
    """An opened installation, with somebody at the keyboard."""

    def vertical(self, name: str | None, *, has: Callable[[Vertical], bool] | None = None, what: str = "") -> Vertical:
        """The vertical that is meant; if none is named, the only one in use that has what is asked for.

        Args:
            name: as somebody said it.
            has: whether a vertical has what is asked for; None: any will do.
            what: what that is, for people.

        Raises:
            NotFoundError: none has that name, or none of several has what is asked for.
            ConfigurationError: none is named, and several may be meant.
        """
        meant = self.meant(name)
        if len(meant) == 1:
            return meant[0]
        names = ", ".join(each.name for each in meant)
        fitting = [each for each in meant if has is None or has(each)]
        if not fitting:
            raise NotFoundError(f"no vertical has {what}", hint=f"Looked in: {names}.")
        if len(fitting) > 1:
            names = ", ".join(each.name for each in fitting)
            raise ConfigurationError("which vertical is meant?", hint=f"Add --vertical with one of: {names}.")
        return fitting[0]

    def meant(self, name: str | None) -> list[Vertical]:
        """The vertical of a name; without one, all that are in use, or all that are installed where none is yet.

        Raises:
            NotFoundError: none has that name.
        """
        if name is not None:
            return [vertical(name)]
        installed = [each for _, each in sorted(self.verticals.items())]
        listed = {entry.vertical for entry in load_sources(self.settings.resolved_sources_file)}
        with self.database.read() as connection:
            read = watermarks(connection).keys()
        used = [each for each in installed if each.name in listed or _was_read(each, read)]
        return used or installed

    @property
    def actor(self) -> str:
        """Who is at the keyboard, for the audit."""
        try:
            return f"cli:{getpass.getuser()}"
        except (KeyError, OSError):  # a container's user may have no name
            return "cli"


def _was_read(vertical: Vertical, read: Collection[str]) -> bool:
    return any(records_name(record) in read for record in vertical.records)


@contextmanager
def workspace() -> Iterator[Workspace]:
    """Open the installation that the environment names, bring its tables up to date, and close it afterwards."""
    with installation() as opened:
        _log(opened.settings)
        yield Workspace(opened.settings, opened.database, opened.clock)


def _log(settings: Settings) -> None:
    """Let what a command logs be seen, without its secrets; a process that serves has seen to that already."""
    if logging.getLogger().handlers:
        return
    level = settings.log_level if "log_level" in settings.model_fields_set else "warning"
    configure_logging("command", shape=settings.log_format, level=level, secrets=known_secrets(settings))
