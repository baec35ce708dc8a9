"""What else runs in the process that serves the web: each part may be there or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from flows.live_loop import LiveLoop
from flows.shelf import Shelf


class Ticking(Protocol):
    """How a clock is: whether it leads, when it last ticked, what it found overdue."""

    @property
    def leading(self) -> bool:
        """This process ticks."""

    @property
    def last_tick_at(self) -> int | None:
        """When it last ticked, in microseconds since 1970 UTC."""

    @property
    def overdue(self) -> tuple[str, ...]:
        """What its watchdog found behind."""


class Delivering(Protocol):
    """How a messenger is."""

    @property
    def alive(self) -> bool:
        """Its thread runs."""

    @property
    def failing(self) -> str | None:
        """What its last look ended with; None: it went well."""


class ClockPart(Protocol):
    """A clock that can say how it is."""

    def health(self) -> Ticking:
        """How it is."""


class MessengerPart(Protocol):
    """A messenger that can say how it is."""

    def health(self) -> Delivering:
        """How it is."""


class ShelfPart(Shelf, Protocol):
    """What copilots answer from, and what keeps them from answering."""

    @property
    def trouble(self) -> str | None:
        """What keeps questions from being answered; None: nothing does."""


@dataclass(frozen=True)
class Parts:
    """The parts of this process; None: it runs elsewhere, or nowhere.

    Attributes:
        ticker: the clock.
        messenger: delivers messages.
        live: takes pushed events in.
        shelf: what copilots answer from.
    """

    ticker: ClockPart | None = None
    messenger: MessengerPart | None = None
    live: LiveLoop | None = None
    shelf: ShelfPart | None = None
