"""Every setting, its default and its meaning; read from the environment (`PLUMBLINE_…`) and `.env`.

`docs/settings.md` has a heading for each, and a test holds the two together.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from substrate.clock import MICROS, parse_duration
from substrate.database import masked_url

Clearance = Literal["public", "internal", "pii", "phi"]

_SHORTEST = MICROS // 10


def default_home() -> Path:
    """The per-user data folder: `$XDG_DATA_HOME/plumbline`, else `~/.local/share/plumbline`."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "plumbline"


class Settings(BaseSettings):
    """What a deployer can set. Defaults run everything embedded and offline, below one folder.

    Raises:
        ValidationError: a setting is none of what it may be.
        ConfigurationError: `max_lateness` is no duration.
    """

    model_config = SettingsConfigDict(
        env_prefix="PLUMBLINE_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    home: Path = Field(default_factory=default_home, description="Folder that holds all that Plumbline writes.")
    database_url: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy address of PostgreSQL (postgresql+psycopg://…) or SQLite; unset: SQLite in `home`.",
    )
    time_zone: str = Field(default="UTC", description="IANA zone in which staff read times, and naive ERP times are.")
    outbox_dir: Path | None = Field(default=None, description="Folder of the `file` channel; unset: `home`/outbox.")
    contacts_file: Path | None = Field(
        default=None, description="YAML file that says who stands behind a role; unset: `home`/contacts.yaml."
    )
    sources_file: Path | None = Field(
        default=None, description="YAML file of the sources to read; unset: `home`/sources.yaml."
    )
    batch_rows: int = Field(default=5_000, ge=1, le=50_000, description="Rows ingested in one transaction.")
    mass_delete_share: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Share of a kind's records that one read may delete before it is held.",
    )
    mass_delete_floor: int = Field(default=20, ge=0, description="Deletes of a kind that are never held.")
    max_lateness: str = Field(default="48h", description="How late a reminder may still be sent (caught up, labelled).")
    signing_key: SecretStr | None = Field(
        default=None,
        description="Key that signs webhooks without a key of their own; unset: made once in `home`.",
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="Mail server, for example smtps://user:password@mail.example:465; unset: no mail.",
    )
    smtp_sender: str = Field(default="plumbline@localhost", description="From address of mails.")
    smtp_clearance: Clearance = Field(
        default="internal",
        description="What a mail may tell at most: public, internal, pii or phi; the rest is masked.",
    )
    webhook_clearance: Clearance = Field(
        default="internal",
        description="What a webhook may tell at most: public, internal, pii or phi; the rest is masked.",
    )
    webhook_allow_plain: bool = Field(
        default=False, description="Let webhooks go to http:// addresses of other machines, unencrypted."
    )
    tick_interval: str = Field(default="1s", description="How often the clock looks whether anything has come due.")
    sweep_interval: str = Field(default="5m", description="How often the clock evaluates all rules, due or not.")
    heartbeat_url: SecretStr | None = Field(
        default=None,
        description="Address that is asked for each minute in which nothing is overdue; its silence is the alarm.",
    )

    @field_validator("home", "outbox_dir", "contacts_file", "sources_file")
    @classmethod
    def _at_home(cls, path: Path | None) -> Path | None:
        # No shell has seen a value that stands in `.env` or in a service's unit.
        return path.expanduser() if path else None

    @field_validator("time_zone")
    @classmethod
    def _a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("there is no such IANA zone") from None
        return name

    @field_validator("max_lateness")
    @classmethod
    def _a_duration(cls, text: str) -> str:
        parse_duration(text, what="PLUMBLINE_MAX_LATENESS")
        return text

    @field_validator("tick_interval", "sweep_interval")
    @classmethod
    def _an_interval(cls, text: str, info: ValidationInfo) -> str:
        if parse_duration(text, what=f"PLUMBLINE_{(info.field_name or '').upper()}") < _SHORTEST:
            raise ValueError("write at least 100ms")
        return text

    @field_validator("heartbeat_url")
    @classmethod
    def _a_web_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("it is no http:// or https:// address")
        return url

    @property
    def resolved_database_url(self) -> str:
        """The database address in use, with its password; never log it (see `safe_database_url`)."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        # A folder's name may hold what means something in an address.
        path = str(self.home / "plumbline.sqlite").replace("%", "%25").replace("?", "%3F")
        return f"sqlite:///{path}"

    @property
    def safe_database_url(self) -> str:
        """The database address in use, with its password masked; fit for people's eyes and for logs."""
        return masked_url(self.resolved_database_url)

    @property
    def resolved_outbox_dir(self) -> Path:
        """Folder into which the `file` channel writes."""
        return self.outbox_dir or self.home / "outbox"

    @property
    def resolved_contacts_file(self) -> Path:
        """The file that says who stands behind a role."""
        return self.contacts_file or self.home / "contacts.yaml"

    @property
    def resolved_sources_file(self) -> Path:
        """The file that lists the sources."""
        return self.sources_file or self.home / "sources.yaml"
