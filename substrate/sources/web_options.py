"""What every source over HTTP may be told: where it reads, and how patiently it asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator

from substrate.clock import Clock, SystemClock
from substrate.sources.backoff import Backoff
from substrate.sources.source import PAGE_ROWS
from substrate.sources.web import Web


def plain_url(value: str) -> str:
    """A base URL without a slash at its end.

    Raises:
        ValueError: it is none, or carries a user, a password or a query.
    """
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http or https URL")
    if parts.username or parts.password or parts.query:
        raise ValueError("must carry no user, password or query; give credentials in options of their own")
    return value.rstrip("/")


class WebOptions(BaseModel):
    """How to reach a server. Every option but `base_url` has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(description="Where the interface is.")
    kinds: tuple[str, ...] | None = Field(None, description="What to read; None: all that is known.")
    order: tuple[str, ...] = Field((), description="Kinds to read first, parents before children.")
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

    def web(self, sleep: Callable[[float], None], clock: Clock | None, chance: Callable[[], float]) -> Web:
        """A client that asks as patiently as this says; close its `client` when done.

        Args:
            sleep: waits so many seconds.
            clock: what time it is; None: the machine's.
            chance: draws a number from 0 to 1.
        """
        verify: Any = str(self.ca_file) if self.ca_file else True
        client = httpx.Client(timeout=self.timeout_seconds, verify=verify, trust_env=True)
        backoff = Backoff(
            self.attempts, cap_seconds=self.max_backoff_seconds, patience_seconds=self.max_retry_after_seconds
        )
        return Web(client, backoff, sleep, clock or SystemClock(), chance, self.max_page_bytes)
