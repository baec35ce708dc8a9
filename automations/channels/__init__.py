"""How a message leaves the house: one module a channel, and the list of them.

Read `channel` (what a channel promises), then `inbox`, `file`, `smtp`, `webhook`; `signing` holds the key of webhooks.
A new channel is a module with an `opened` function, and its place in `OPENERS`.
"""

from __future__ import annotations

from collections.abc import Callable

from automations.channels import file, inbox, smtp, webhook
from automations.channels.channel import Channel
from automations.channels.signing import signing_key
from substrate.database import Database
from substrate.settings import Settings

__all__ = ["OPENERS", "channels", "signing_key"]

OPENERS: tuple[Callable[[Settings, Database], Channel | None], ...] = (
    inbox.opened,
    file.opened,
    smtp.opened,
    webhook.opened,
)
"""Each makes its channel from the settings; None: the settings do not ask for it."""


def channels(settings: Settings, database: Database) -> dict[str, Channel]:
    """The channels that the settings allow, by name; those without a network are always there.

    Raises:
        ConfigurationError: a channel's settings contradict themselves.
    """
    made = (opener(settings, database) for opener in OPENERS)
    return {channel.name: channel for channel in made if channel is not None}
