"""What other files say of users, brought into the users' own rows: roles, demographics, and who answers for whom.

OneRoster 1.2 and School Data Sync 2.1 keep these apart; a user's row is then as OneRoster 1.1 has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Cells = dict[str, Any]

_USER = {
    "roles": ("userSourcedId",),
    "demographics": ("sourcedId", "userSourcedId"),
    "relationships": ("userSourcedId",),
}
FOLDED = frozenset(_USER)
"""The files that are read into `users`."""
_GIVEN = {"birthDate": "metadata.birthDate", "sex": "metadata.sex"}


def user_of(kind: str, row: Cells) -> str:
    """The user whom a row of a folded file is about."""
    return next((str(row[name]).strip() for name in _USER[kind] if row.get(name)), "")


class People:
    """What the folded files say by user; later rows win."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, dict[str, Cells]]] = {kind: {} for kind in FOLDED}
        self._contacts: dict[str, set[str]] = {}

    def forget(self, kind: str) -> None:
        """A file that holds everything begins."""
        self._told[kind] = {}
        if kind == "relationships":
            self._contacts = {}

    def note(self, kind: str, row: Cells) -> None:
        """Take a row in; one that is to be deleted takes its like away."""
        user = user_of(kind, row)
        of_user = self._told[kind].setdefault(user, {})
        key = _key(kind, row)
        contact = row.get("relationshipUserSourcedId", "")
        if row.get("status", "").lower() == "tobedeleted":
            of_user.pop(key, None)
            self._contacts.get(contact, set()).discard(user)
        else:
            of_user[key] = row
            if contact:
                self._contacts.setdefault(contact, set()).add(user)

    def joined(self, user: Cells) -> Cells:
        """A user's row with what the other files say of the user."""
        key = user.get("sourcedId", "")
        row = with_roles(user, self._told["roles"].get(key, {}).values())
        for told in self._told["demographics"].get(key, {}).values():
            row |= {ours: told[name] for name, ours in _GIVEN.items() if told.get(name) and not row.get(ours)}
        contacts = [
            told.get("relationshipUserSourcedId", "") for told in self._told["relationships"].get(key, {}).values()
        ]
        if contacts and not row.get("agentSourcedIds"):
            row["agentSourcedIds"] = ",".join(filter(None, contacts))
        if not row.get("role") and self._contacts.get(key):
            row["role"] = "guardian"
        return row


def with_roles(user: Cells, roles: Iterable[Mapping[str, str]]) -> Cells:
    """A user's row with the role that counts: the primary one, else the first; and the schools of all of them."""
    row = dict(user)
    told = [role for role in roles if role.get("role")]
    if not told:
        return row
    chosen = next((role for role in told if _is_primary(role)), told[0])
    schools = [role.get("orgSourcedId", "") for role in (chosen, *told)]
    row["role"] = row.get("role") or chosen["role"]
    row["orgSourcedIds"] = row.get("orgSourcedIds") or ",".join(dict.fromkeys(filter(None, schools)))
    row["grades"] = row.get("grades") or chosen.get("grade") or ""
    return row


def _is_primary(role: Mapping[str, str]) -> bool:
    return role.get("roleType", "").lower() == "primary" or role.get("isPrimary", "").lower() == "true"


def _key(kind: str, row: Cells) -> str:
    if kind == "demographics":
        return ""
    if row.get("sourcedId"):
        return str(row["sourcedId"])
    names = ("orgSourcedId", "role", "sessionSourcedId", "relationshipUserSourcedId")
    return "\x1f".join(str(row.get(name, "")) for name in names)
