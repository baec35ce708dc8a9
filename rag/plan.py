"""What a sync must do: what a source declares, against what the ledger remembers of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rag.document import Entry
from rag.ledger import digest


@dataclass(slots=True)
class Plan:
    """One source's plan.

    Attributes:
        unchanged: how many documents need not be read.
        read: what is new, or may have changed, with the stamp that the ledger will remember.
        gone: keys that the ledger knows and the source no longer declares.
        twice: entries whose key the source had declared already; the first one counts.
    """

    unchanged: int = 0
    read: list[tuple[Entry, str]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    twice: list[Entry] = field(default_factory=list)


def plan(entries: Iterable[Entry], known: Mapping[str, str], reading: str) -> Plan:
    """Compare what should exist with what is known.

    Args:
        entries: everything that the source declares.
        known: the stamp that the ledger remembers of each key.
        reading: names all else on which the reading depends: the source's fingerprint, what the embedder may be given.
    """
    found, seen = Plan(), set[str]()
    for entry in entries:
        if entry.key in seen:
            found.twice.append(entry)
            continue
        seen.add(entry.key)
        stamp = digest(reading, entry.stamp)
        if known.get(entry.key) == stamp:
            found.unchanged += 1
        else:
            found.read.append((entry, stamp))
    found.gone = [key for key in known if key not in seen]
    return found
