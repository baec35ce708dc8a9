"""Every setting, its default and its meaning; read from the environment (`PLUMBLINE_…`) and `.env`.

`docs/settings.md` has a heading for each, and a test holds the two together.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

from substrate.clock import DAY, MICROS, parse_duration
from substrate.database import masked_url
from substrate.errors import ConfigurationError

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
        ConfigurationError: a setting that shall be a duration is none.
    """

    model_config = SettingsConfigDict(
        env_prefix="PLUMBLINE_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    home: Path = Field(default_factory=default_home, description="Folder that holds all that Plumbline writes.")
    secrets_dir: Path | None = Field(
        default=None,
        description="Folder with a file for each setting that is secret, as container platforms mount them.",
    )
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
    partition_entities: int = Field(
        default=200_000,
        ge=1,
        description="Entities that one task of a full refresh of features computes; a view with more is split.",
    )
    mass_delete_share: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Share of a kind's records that one read may delete before it is held.",
    )
    mass_delete_floor: int = Field(default=20, ge=0, description="Deletes of a kind that are never held.")
    max_lateness: str = Field(default="48h", description="How late a reminder may still be sent (caught up, labelled).")
    keep_messages: str = Field(default="90d", description="How long messages are kept that were sent or held back.")
    keep_feature_history: str | None = Field(
        default=None, description="How long it is kept what features were; unset: for ever."
    )
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

    copilots_file: Path | None = Field(
        default=None, description="YAML file of the copilots; unset: `home`/copilots.yaml."
    )
    index_dir: Path | None = Field(default=None, description="Folder of the copilots' index; unset: `home`/index.")
    models_dir: Path | None = Field(default=None, description="Folder of the embedder's model; unset: `home`/models.")
    chroma_url: str | None = Field(
        default=None, description="Address of a Chroma server that holds the vectors; unset: they lie in `index_dir`."
    )
    chroma_token: SecretStr | None = Field(default=None, description="Token that the Chroma server asks for.")
    embedder: Literal["minilm", "hosted"] = Field(
        default="minilm", description="What turns texts into vectors: minilm (on this machine) or hosted."
    )
    embed_url: str | None = Field(
        default=None, description="Base address of an OpenAI-compatible API with /embeddings, for the hosted embedder."
    )
    embed_key: SecretStr | None = Field(default=None, description="Key of that API.")
    embed_model: str | None = Field(default=None, description="Model that it shall use.")
    embed_dimensions: int | None = Field(
        default=None,
        ge=1,
        le=16_384,
        description="How many numbers its vectors shall have; unset: as many as the model gives.",
    )
    embed_clearance: Clearance = Field(
        default="internal", description="The most sensitive text that the hosted embedder may be given."
    )
    chat_url: str | None = Field(
        default=None,
        description="Base address of an OpenAI-compatible API with /chat/completions; unset: answers are extracts.",
    )
    chat_key: SecretStr | None = Field(default=None, description="Key of that API.")
    chat_model: str | None = Field(default=None, description="Model that it shall use.")
    chat_clearance: Clearance = Field(
        default="internal", description="The most sensitive text that the chat model may be given; the rest is masked."
    )

    web_host: str = Field(
        default="127.0.0.1",
        description="Address on which pages, API and pushed events are served; by default this machine.",
    )
    web_port: int = Field(default=8420, ge=1, le=65_535, description="Port on which they are served.")
    web_url: str | None = Field(
        default=None,
        description="Address under which people reach the web process, for links; unset: its own on this machine.",
    )
    prefect_port: int = Field(
        default=4200, ge=1, le=65_535, description="Port of the Prefect server that `plumbline up` starts."
    )
    push_max_bytes: int = Field(
        default=8 << 20, ge=1, description="The largest body of a pushed event; a source may allow less."
    )
    push_max_waiting: int = Field(
        default=50_000, ge=1, description="Pushed events that may wait; beyond it senders are asked to come later."
    )
    push_max_age: str = Field(
        default="10m", description="How long a pushed event may wait; beyond it senders are asked to come later."
    )
    push_keep: str = Field(
        default="7d",
        description="How long a pushed event is kept after it was taken in, to know it if it is sent again.",
    )
    asks_per_minute: int = Field(
        default=600, ge=1, description="Questions that one key may ask copilots in a minute; beyond it they must wait."
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="What Prometheus says to read /metrics; unset: made once in `home`."
    )
    beat_file: Path | None = Field(
        default=None, description="File that the clock touches as long as it works; unset: none."
    )
    log_format: Literal["auto", "json", "plain"] = Field(
        default="auto", description="How running processes log: auto (plain in a terminal, else JSON), json or plain."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that running processes log."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where settings come from, the first one that says anything first."""
        if folder := os.environ.get("PLUMBLINE_SECRETS_DIR"):
            file_secret_settings = SecretsSettingsSource(settings_cls, folder)
        return init_settings, env_settings, dotenv_settings, file_secret_settings

    @field_validator(
        "home",
        "outbox_dir",
        "contacts_file",
        "sources_file",
        "secrets_dir",
        "beat_file",
        "copilots_file",
        "index_dir",
        "models_dir",
    )
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

    @field_validator("max_lateness", "push_max_age", "push_keep")
    @classmethod
    def _a_duration(cls, text: str, info: ValidationInfo) -> str:
        parse_duration(text, what=f"PLUMBLINE_{(info.field_name or '').upper()}")
        return text

    @field_validator("tick_interval", "sweep_interval")
    @classmethod
    def _an_interval(cls, text: str, info: ValidationInfo) -> str:
        if parse_duration(text, what=f"PLUMBLINE_{(info.field_name or '').upper()}") < _SHORTEST:
            raise ValueError("write at least 100ms")
        return text

    @field_validator("chroma_url", "embed_url", "chat_url")
    @classmethod
    def _a_base_address(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("it is no http:// or https:// address")
        if url is not None and urlsplit(url).password is not None:
            raise ValueError("it holds a password; set the key apart")
        return url.rstrip("/") if url is not None else None

    @field_validator("heartbeat_url")
    @classmethod
    def _a_web_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("it is no http:// or https:// address")
        return url

    @field_validator("web_url")
    @classmethod
    def _an_open_address(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("it is no http:// or https:// address")
        return url

    @field_validator("keep_messages", "keep_feature_history")
    @classmethod
    def _a_day_at_least(cls, text: str | None) -> str | None:
        try:
            long_enough = text is None or parse_duration(text) >= DAY
        except ConfigurationError as error:
            raise ValueError(error.message) from None
        if not long_enough:
            raise ValueError("what is kept is kept for a day at least; write it as 30d")
        return text

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

    def secret_values(self) -> set[str]:
        """Every secret among the settings, and the passwords in those that are addresses; no log may hold one."""
        whole = [value.get_secret_value() for _, value in self if isinstance(value, SecretStr)]
        passwords = [urlsplit(text).password for text in whole if "://" in text]
        return {*whole, *(one for text in passwords if text for one in (text, unquote(text)))}

    @property
    def resolved_outbox_dir(self) -> Path:
        """Folder into which the `file` channel writes."""
        return self.outbox_dir or self.home / "outbox"

    @property
    def local_web_url(self) -> str:
        """Where the web process is found from this machine."""
        host = "127.0.0.1" if self.web_host in ("0.0.0.0", "::") else self.web_host  # noqa: S104  # only compared
        return f"http://{f'[{host}]' if ':' in host else host}:{self.web_port}"

    @property
    def resolved_web_url(self) -> str:
        """Where people find the web process; without a slash at its end."""
        return (self.web_url or self.local_web_url).rstrip("/")

    @property
    def resolved_contacts_file(self) -> Path:
        """The file that says who stands behind a role."""
        return self.contacts_file or self.home / "contacts.yaml"

    @property
    def resolved_copilots_file(self) -> Path:
        """The file that lists the copilots."""
        return self.copilots_file or self.home / "copilots.yaml"

    @property
    def resolved_index_dir(self) -> Path:
        """Folder of the copilots' index."""
        return self.index_dir or self.home / "index"

    @property
    def resolved_models_dir(self) -> Path:
        """Folder of the embedder's model."""
        return self.models_dir or self.home / "models"

    @property
    def resolved_sources_file(self) -> Path:
        """The file that lists the sources."""
        return self.sources_file or self.home / "sources.yaml"


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
