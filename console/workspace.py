"""What a command works on: settings, the database brought up to date, the vertical that is meant."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from substrate.catalog import Vertical, vertical, verticals
from substrate.clock import Clock, SystemClock
from substrate.database import Database, open_database
from substrate.errors import ConfigurationError
from substrate.migrate import is_current, upgrade
from substrate.settings import Settings


@dataclass
class Workspace:
    """An opened installation.

    Attributes:
        settings: as the environment has them.
        database: opened; its tables are there.
        clock: says what time it is.
    """

    settings: Settings
    database: Database
    clock: Clock

    @cached_property
    def verticals(self) -> dict[str, Vertical]:
        """What is installed."""
        return verticals()

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


def load_settings() -> Settings:
    """The settings from the environment and `.env`.

    Raises:
        ConfigurationError: one of them is wrong; its value is not repeated, since it may be a secret.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = error.errors()[0]
        name = "PLUMBLINE_" + "_".join(str(part) for part in wrong["loc"]).upper()
        hint = "`docs/settings.md` says what each setting may be."
        raise ConfigurationError(f"{name} is wrong: {wrong['msg']}", hint=hint) from None


@contextmanager
def workspace() -> Iterator[Workspace]:
    """Open the installation that the environment names, bring its tables up to date, and close it afterwards."""
    settings = load_settings()
    _make_home(settings.home)
    database = open_database(settings.resolved_database_url)
    try:
        opened = Workspace(settings, database, SystemClock())
        if not is_current(database):
            upgrade(database, opened.verticals.values())
        yield opened
    finally:
        database.close()


def _make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        hint = "Set PLUMBLINE_HOME to a folder that you may write to."
        raise ConfigurationError(f"the folder {home} cannot be made: {error.strerror}", hint=hint) from error
