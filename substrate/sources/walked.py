"""A source over HTTP whose tables are read by walking along their keys: what all such sources share."""

from __future__ import annotations

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from substrate.clock import Clock
from substrate.sources.ignored import Ignored
from substrate.sources.keywalk import Tables, Walker
from substrate.sources.rest import Rest, plain_url
from substrate.sources.source import PAGE_ROWS, Cursor, Page


class WalkedOptions(BaseModel):
    """How to walk, and how patiently to ask. Every option but `base_url` has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(description="Where the interface is.")
    kinds: tuple[str, ...] | None = Field(None, description="What to read; None: what the mapping reads.")
    order: tuple[str, ...] = Field((), description="What to read first, parents before children.")
    sweep_every: int = Field(24, gt=0, description="Every so many reads learn from the keys alone what is gone.")
    overlap_seconds: float = Field(120, ge=0, description="How far a read reaches back before the last one.")
    count: int = Field(500, gt=0, description="Records a page to ask for.")
    timeout_seconds: float = Field(60, gt=0, description="The longest silence of the server.")
    attempts: int = Field(6, gt=0, description="Tries of one request before the read gives up.")
    max_backoff_seconds: float = Field(60, gt=0, description="The longest wait between two tries.")
    max_retry_after_seconds: float = Field(600, gt=0, description="The longest Retry-After that is obeyed.")
    max_page_bytes: int = Field(64 << 20, gt=0, description="A larger answer is an error.")
    ca_file: Path | None = Field(None, description="Certificates to trust instead of the usual ones.")
    page_rows: int = Field(PAGE_ROWS, gt=0, description="Rows a page; ingest commits once a page.")

    _check_url = field_validator("base_url")(plain_url)

    @property
    def place(self) -> str:
        """Where it reads, for people."""
        return self.base_url


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
