"""Servers that do not answer get a rest within a run, so that one that hangs does not hold up all other messages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from automations.channels.channel import Failure, Refused, Retry, Sent

PATIENCE = 3
"""After so many messages in a row that a server did not answer, it is left alone for the rest of the run."""

_SILENT = frozenset({Failure.NETWORK, Failure.TIMEOUT})


@dataclass
class Resting:
    """Who did not answer in this run.

    Attributes:
        silent: how many messages in a row went unanswered, by channel and endpoint.
    """

    silent: Counter[tuple[str, str]] = field(default_factory=Counter)

    def note(self, channel: str, endpoint: str, said: Sent | Retry | Refused) -> None:
        """Count one attempt's end; any answer, a refusal too, shows that the server is there."""
        if isinstance(said, Retry) and said.failure in _SILENT:
            self.silent[channel, endpoint] += 1
        else:
            self.silent[channel, endpoint] = 0

    def answers(self, channel: str, endpoint: str) -> bool:
        """Whether it answered in this run, and has not fallen silent since."""
        return self.silent.get((channel, endpoint)) == 0

    def rests(self, channel: str, endpoint: str) -> bool:
        """Whether it is left alone for now."""
        return self.silent[channel, endpoint] >= PATIENCE
