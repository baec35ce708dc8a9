"""The rules that come with a vertical go into the book once; what an admin made of them since is never overwritten."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from automations.rulebook import Imported, digest_of, hold_book, import_rules, rule_version
from automations.rules import Rule

SHIPPED = "plumbline"
"""The author of versions that came with a vertical."""


def ship_rules(connection: Connection, vertical: str, specs: Iterable[Rule], at: int) -> Imported:
    """Bring a vertical's own rules into the book, or up to what this release ships.

    A rule that a person changed stays as it is: the newest shipped text is passed over once anybody else has written a
    version. A text that is in the book already, in force or not, is passed over too.
    """
    hold_book(connection)
    book = _versions(connection)
    fresh = [spec for spec in specs if _is_news(spec, book.get(spec.id, []))]
    return import_rules(connection, vertical, fresh, SHIPPED, at)


def _is_news(spec: Rule, versions: list[tuple[str, str]]) -> bool:
    if any(author != SHIPPED for author, _ in versions):
        return False
    return digest_of(spec) not in {digest for _, digest in versions}


def _versions(connection: Connection) -> dict[str, list[tuple[str, str]]]:
    table = rule_version
    found: dict[str, list[tuple[str, str]]] = {}
    for rule_id, author, digest in connection.execute(select(table.c.rule_id, table.c.author, table.c.digest)):
        found.setdefault(rule_id, []).append((author, digest))
    return found
