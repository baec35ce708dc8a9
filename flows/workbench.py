"""What a cycle works with, opened once: the database, one vertical, and the ways by which messages leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from automations.channels import channels
from automations.channels.channel import Channel
from automations.contacts import Directory, load_directory
from automations.templating import Templates
from substrate.catalog import Vertical
from substrate.clock import Clock
from substrate.database import Database
from substrate.settings import Settings

LOCAL_CHANNELS = ("inbox", "file")
"""The channels that stay on this machine; a walk through the past uses no others."""


@dataclass(frozen=True)
class Workbench:
    """Everything that the steps of a cycle share.

    Attributes:
        settings: as the environment has them.
        database: migrated.
        clock: says what time it is.
        vertical: whose cycle it is.
        channels: the ways by which messages leave.
        directory: who stands behind a role.
        templates: how messages read.
    """

    settings: Settings
    database: Database
    clock: Clock
    vertical: Vertical
    channels: Mapping[str, Channel]
    directory: Directory
    templates: Templates

    def local(self) -> Mapping[str, Channel]:
        """The channels that stay on this machine."""
        return {name: channel for name, channel in self.channels.items() if name in LOCAL_CHANNELS}


def workbench(settings: Settings, database: Database, clock: Clock, vertical: Vertical) -> Workbench:
    """Lay out what a cycle of a vertical needs.

    Raises:
        ConfigurationError: the contacts or a channel's settings are wrong.
    """
    directory = load_directory(settings.resolved_contacts_file)
    templates = Templates(template_folders(settings, vertical), zone=settings.time_zone)
    return Workbench(settings, database, clock, vertical, channels(settings, database), directory, templates)


def template_folders(settings: Settings, vertical: Vertical) -> list[Traversable]:
    """Where the templates of a vertical's messages lie: first the house's own, then those that came with it."""
    return [settings.home / "templates", vertical.templates]
