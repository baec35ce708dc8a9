"""A source over HTTP whose tables are read by walking along their keys: what all such sources share."""

from __future__ import annotations

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

from pydantic import Field

from substrate.clock import Clock
from substrate.sources.ignored import Ignored
from substrate.sources.keywalk import Tables, Walker
from substrate.sources.rest import Rest
from substrate.sources.source import Cursor, Page
from substrate.sources.web_options import WebOptions


class WalkedOptions(WebOptions):
    """How to walk, and how patiently to ask. Every option but `base_url` has a default."""

    kinds: tuple[str, ...] | None = Field(None, description="What to read; None: what the mapping reads.")
    order: tuple[str, ...] = Field((), description="What to read first, parents before children.")
    sweep_every: int = Field(24, gt=0, description="Every so many reads learn from the keys alone what is gone.")
    overlap_seconds: float = Field(120, ge=0, description="How far a read reaches back before the last one.")
    count: int = Field(500, gt=0, description="Records a page to ask for.")


Options = TypeVar("Options", bound=WalkedOptions)


class WalkedSource(ABC, Generic[Options]):
    """Reads an interface; `ignored` says after each read what was left, and why. Close it when done."""

    completes = True

    def __init__(
        self,
        name: str,
        options: Options,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.options = options
        self._rest = Rest(options, self.headers(options), sleep=sleep, clock=clock, chance=chance)
        self._walker = Walker(self.tables(self._rest, options), options)

    @abstractmethod
    def headers(self, options: Options) -> dict[str, str]:
        """What is sent with every request; it holds the credentials."""

    @abstractmethod
    def tables(self, rest: Rest, options: Options) -> Tables:
        """What the interface answers, as tables."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rest.close()

    @property
    def ignored(self) -> list[Ignored]:
        """What the last read left, and why."""
        return self._walker.ignored

    @property
    def kinds(self) -> tuple[str, ...] | None:
        """What is asked for."""
        return self.options.kinds

    def estimate(self, cursor: Cursor | None) -> int | None:
        """Unknown."""
        return None

    def read(self, cursor: Cursor | None, now: int) -> Iterator[Page]:
        """Pages of what changed since the cursor.

        Raises:
            UnreachableError: it cannot be reached; the pages before stay good.
            RefusedError: it refuses.
        """
        return self._walker.read(cursor)
