"""API keys: with what a program shows who it is, and so what it may see; of a key itself only a digest is kept.

A key is `pl_`, its id, `_` and a secret of 256 bits. It is shown once, when it is made. To check one costs a read of
the database every few seconds, and no write.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson
from pydantic import SecretStr
from sqlalchemy import BigInteger, Column, Connection, Index, String, Table, Text, insert, or_, select, update

from substrate.access import Caller
from substrate.audit import AuditEvent, record_event
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError, ConflictError, NotFoundError
from substrate.schema import SYSTEM
from substrate.turns import take_turn

_SECRET_BYTES = 32
_ID_BYTES = 6
_SHAPE = re.compile(r"pl_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")

api_key = Table(
    "api_key",
    SYSTEM,
    Column("id", String(12), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("name", String(63), nullable=False),
    Column("role", String(80), nullable=False),
    Column("clearance", String(10), nullable=False),
    Column("sites", Text),
    Column("verticals", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
)
IS_HELD = api_key.c.revoked_at.is_(None)
_where: dict[str, Any] = {"sqlite_where": IS_HELD, "postgresql_where": IS_HELD}
Index("uq_api_key_name", api_key.c.name, unique=True, **_where)


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept.

    Attributes:
        id: names it; the part of the key that is no secret.
        digest: SHA-256 of the secret; the secret has 256 bits of chance, so nobody guesses it from that.
        caller: who shows it.
        created_at: when it was made, in microseconds since 1970 UTC.
        expires_at: from then on it opens nothing; None: it does not expire.
        revoked_at: since when it is taken back; None: it is not.
        last_used_at: when it was last shown, to within an hour; None: never.
    """

    id: str
    digest: str = field(repr=False)
    caller: Caller
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None

    @property
    def name(self) -> str:
        """What people call it."""
        return self.caller.name.removeprefix("key:")

    def is_good(self, now: int) -> bool:
        """Whether it opens anything at an instant."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def new_key(
    connection: Connection, caller: Caller, now: int, actor: str, expires_at: int | None = None
) -> tuple[Key, SecretStr]:
    """Make a key, and say in the audit who did; the second value is the key itself, and cannot be had again.

    Args:
        connection: a write transaction.
        caller: who will show it; its name without `key:` must not be another live key's.
        now: the instant, in microseconds since 1970 UTC.
        actor: who makes it, `cli:anna`.
        expires_at: from then on it opens nothing; None: it does not expire.

    Raises:
        ConfigurationError: the name or role cannot be one, or it would be expired at once.
        ConflictError: another key has the name.
    """
    _refuse_unfit(caller, now, expires_at)
    take_turn(connection, "api keys")
    if connection.scalar(select(api_key.c.id).where(IS_HELD, api_key.c.name == caller.name)) is not None:
        hint = f"Take another name, or `plumbline keys revoke {caller.name}` first."
        raise ConflictError(f"there is a key {caller.name!r} already", hint=hint)
    number, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    row = {
        "id": number, "digest": _digest(secret), "name": caller.name, "role": caller.role,
        "clearance": caller.clearance.name.lower(), "sites": _listed(caller.sites),
        "verticals": _listed(caller.verticals), "created_at": now, "expires_at": expires_at,
    }  # fmt: skip
    connection.execute(insert(api_key).values(row))
    told = {name: row[name] for name in ("name", "role", "clearance", "sites", "verticals", "expires_at")}
    record_event(connection, AuditEvent(now, actor, "create", "api_key", number, told))
    kept = connection.execute(select(api_key).where(api_key.c.id == number)).one()
    return _key(kept), SecretStr(f"pl_{number}_{secret}")


def revoke_key(connection: Connection, said: str, now: int, actor: str) -> Key:
    """Take a key back, by its name or id; who shows it is refused from then on, everywhere within seconds.

    Raises:
        NotFoundError: no key that is not taken back already is called that.
    """
    named = select(api_key).where(IS_HELD, or_(api_key.c.id == said, api_key.c.name == said))
    found = connection.execute(named).first()
    # Whoever comes second takes nothing back.
    mine = update(api_key).where(api_key.c.id == (found.id if found else ""), IS_HELD).values(revoked_at=now)
    if found is None or connection.execute(mine).rowcount != 1:
        raise NotFoundError(f"there is no key {said!r} in use", hint="`plumbline keys list` shows all.")
    record_event(connection, AuditEvent(now, actor, "revoke", "api_key", found.id, {"name": found.name}))
    return _key(connection.execute(select(api_key).where(api_key.c.id == found.id)).one())


def list_keys(connection: Connection) -> list[Key]:
    """Every key that was ever made, the newest first."""
    return [
        _key(row) for row in connection.execute(select(api_key).order_by(api_key.c.created_at.desc(), api_key.c.id))
    ]


def find_key(connection: Connection, number: str) -> Key | None:
    """The key of an id, whether it is still good or not; None: there is none."""
    row = connection.execute(select(api_key).where(api_key.c.id == number)).one_or_none()
    return None if row is None else _key(row)


def note_use(connection: Connection, used: dict[str, int]) -> None:
    """Write down when keys were last shown, by id."""
    for number, at in sorted(used.items()):
        connection.execute(update(api_key).where(api_key.c.id == number).values(last_used_at=at))


def parts_of(shown: str) -> tuple[str, str] | None:
    """The id and the secret of what looks like a key; None: it does not."""
    found = _SHAPE.fullmatch(shown)
    return (found[1], found[2]) if found else None


def opens(key: Key | None, secret: str, now: int) -> bool:
    """Whether a secret is that of a key that is good; takes as long where there is no such key."""
    right = key.digest if key is not None else _NOBODYS
    same = hmac.compare_digest(_digest(secret), right)
    return same and key is not None and key.is_good(now)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


_NOBODYS = _digest(secrets.token_urlsafe(_SECRET_BYTES))


def _refuse_unfit(caller: Caller, now: int, expires_at: int | None) -> None:
    for what, word in (("name", caller.name), ("role", caller.role)):
        if not _NAME.fullmatch(word):
            hint = "Write it in small letters and digits, with - . or _ between them, 63 at most."
            raise ConfigurationError(f"{word!r} cannot be the {what} of a key", hint=hint)
    if expires_at is not None and expires_at <= now:
        raise ConfigurationError("the key would be expired at once", hint="Let it expire later, for example 90d.")


def _listed(names: frozenset[str] | None) -> str | None:
    return None if names is None else orjson.dumps(sorted(names)).decode()


def _names(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(orjson.loads(text))


def _key(row: Any) -> Key:
    clearance = Sensitivity[row.clearance.upper()]
    caller = Caller(f"key:{row.name}", row.role, clearance, _names(row.sites), _names(row.verticals))
    return Key(row.id, row.digest, caller, row.created_at, row.expires_at, row.revoked_at, row.last_used_at)
