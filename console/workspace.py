"""What a command works on: settings, the database brought up to date, the vertical that is meant."""

from __future__ import annotations

import getpass
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from console.secrecy import known_secrets
from flows.installation import Installation, installation
from substrate.catalog import Vertical, vertical
from substrate.errors import ConfigurationError
from substrate.logs import configure_logging
from substrate.settings import Settings, load_settings

__all__ = ["Workspace", "load_settings", "workspace"]


class Workspace(Installation):
    """An opened installation, with somebody at the keyboard."""

    def vertical(self, name: str | None) -> Vertical:
        """The vertical that is meant; the only one, if none is named.

        Raises:
            NotFoundError: none has that name.
            ConfigurationError: none is named, and several are installed.
        """
        if name is not None:
            return vertical(name)
        if len(self.verticals) != 1:
            names = ", ".join(sorted(self.verticals))
            raise ConfigurationError("which vertical is meant?", hint=f"Add --vertical with one of: {names}.")
        return next(iter(self.verticals.values()))

    @property
    def actor(self) -> str:
        """Who is at the keyboard, for the audit."""
        try:
            return f"cli:{getpass.getuser()}"
        except (KeyError, OSError):  # a container's user may have no name
            return "cli"


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
