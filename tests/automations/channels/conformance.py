"""What every channel must keep to, as one suite: a new channel joins by giving a `Harness` to `harnesses.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from automations.channels.channel import Channel, Failure, Refused, Rendered, Retry
from automations.templating import Templates
from tests.automations.sample_alert import NOW, context

Outcome = tuple[type[Retry] | type[Refused], Failure]


class Harness(Protocol):
    """A channel, and the receiver at its other end."""

    channel: Channel
    address: str | None
    secrets: tuple[str, ...]
    troubles: Mapping[str, Outcome]
    """What can go wrong at the receiver, and how the channel must class it."""

    def arrived(self) -> int:
        """How many messages a receiver has that honours what the channel gives it to tell repetitions."""

    def left(self) -> str:
        """All that left through the channel, decoded."""

    def break_it(self, trouble: str) -> None:
        """Let the receiver fail in one of the ways of `troubles`."""

    def mend(self) -> None:
        """Let the receiver work again."""


def rendered(harness: Harness, **said: object) -> Rendered:
    """The sample alert as this channel may tell it."""
    return Templates(zone="Europe/Berlin").render(
        context(**said),
        harness.channel.clearance,
        reason="fired",
        recipient="anna",
        address=harness.address,
        severity="high",
        created_at=NOW,
    )
