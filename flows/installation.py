"""An installation, opened: settings from the environment, the database brought up to date, what is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from flows.workbench import Workbench, workbench
from substrate.catalog import Vertical, vertical, verticals
from substrate.clock import Clock, SystemClock
from substrate.database import Database, open_database
from substrate.errors import ConfigurationError, NotFoundError
from substrate.migrate import is_current, upgrade
from substrate.settings import Settings
from substrate.sources.configured import SourceEntry, load_sources


@dataclass
class Installation:
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

    def bench(self, name: str) -> Workbench:
        """What the steps of one vertical work with.

        Raises:
            NotFoundError: no vertical has that name.
            ConfigurationError: the contacts or a channel's settings are wrong.
        """
        return workbench(self.settings, self.database, self.clock, vertical(name))

    def sources(self, name: str) -> list[SourceEntry]:
        """The sources of a vertical that `sources.yaml` lists."""
        return [entry for entry in load_sources(self.settings.resolved_sources_file) if entry.vertical == name]

    def source(self, vertical_name: str, name: str) -> SourceEntry:
        """One source of a vertical.

        Raises:
            NotFoundError: `sources.yaml` lists none of that name.
        """
        listed = {entry.name: entry for entry in self.sources(vertical_name)}
        if name not in listed:
            path = self.settings.resolved_sources_file
            hint = f"{path} lists for it: {', '.join(sorted(listed)) or 'none'}."
            raise NotFoundError(f"{vertical_name} has no source {name!r}", hint=hint)
        return listed[name]


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
def installation(settings: Settings | None = None) -> Iterator[Installation]:
    """Open an installation, bring its tables up to date, and close it afterwards.

    Args:
        settings: where it is; None: as the environment has them.
    """
    settings = settings or load_settings()
    _make_home(settings.home)
    database = open_database(settings.resolved_database_url)
    try:
        opened = Installation(settings, database, SystemClock())
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
