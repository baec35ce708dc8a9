"""Who shows a key: checked on every request, against a copy of the key that is at most a few seconds old."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from pydantic import SecretStr

from substrate.access import Caller
from substrate.clock import HOUR, SECOND
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.errors import AuthenticationError
from substrate.keys import Key, find_key, note_use, opens, parts_of

REREAD = 3 * SECOND
"""How long a key that was taken back may still open something in another process."""

NOTED = HOUR
"""How often it is written down that a key is in use."""

LOCAL = Caller("local", "operator", Sensitivity.PHI)
"""Whoever can read the data folder of this machine, and so the database itself."""

_MOST = 1_000
_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class _Read:
    key: Key
    at: int


class Keyring:
    """Turns what a request shows into a caller.

    Args:
        database: where keys are kept.
        local: the key of this machine itself; None: there is none.
    """

    def __init__(self, database: Database, local: SecretStr | None = None) -> None:
        self._database = database
        self._local = local
        self._read: dict[str, _Read] = {}
        self._used: dict[str, int] = {}

    def caller(self, header: str | None, now: int, *, here: bool = False) -> Caller:
        """Who asks.

        Args:
            header: as `Authorization` says it: `Bearer pl_…`.
            now: the instant, in microseconds since 1970 UTC.
            here: the request comes from this machine, by no proxy.

        Raises:
            AuthenticationError: there is no key, or none that opens anything; why is not told.
            DatabaseError: the key cannot be looked up.
        """
        shown = (header or "")[len(_BEARER) :].strip() if (header or "").lower().startswith(_BEARER) else ""
        if here and self._is_local(shown):
            return LOCAL
        parts = parts_of(shown)
        key = self._key(parts[0], now) if parts else None
        if not opens(key, parts[1] if parts else "", now) or key is None:
            hint = "Send `Authorization: Bearer pl_…`; `plumbline keys add` makes a key."
            raise AuthenticationError("not accepted", hint=hint)
        if key.last_used_at is None or now - key.last_used_at >= NOTED:
            self._used[key.id] = now
        return key.caller

    def note(self) -> None:
        """Write down which keys were used; called now and then, beside the requests."""
        used, self._used = self._used, {}
        if used:
            with self._database.write() as connection:
                note_use(connection, used)

    def _is_local(self, shown: str) -> bool:
        right = self._local.get_secret_value() if self._local is not None else ""
        return bool(right) and hmac.compare_digest(shown.encode("utf-8", "replace"), right.encode())

    def _key(self, number: str, now: int) -> Key | None:
        """The key of an id; of ids that strangers make up nothing is remembered."""
        seen = self._read.get(number)
        if seen is not None and 0 <= now - seen.at < REREAD:
            return seen.key
        with self._database.read() as connection:
            key = find_key(connection, number)
        if key is None:
            return None
        if len(self._read) >= _MOST:
            self._read.clear()
        self._read[number] = _Read(key, now)
        return key
