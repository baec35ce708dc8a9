"""What a sync has to do of each source: what it declares now, against what a generation remembers of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from rag.document import DocumentSource, Entry, SourceOfSome
from rag.generations import Generation
from rag.known import Known, known_documents
from rag.ledger import document_identity
from rag.plan import Plan, plan
from substrate.columns import Sensitivity

Declared = Mapping[str, tuple[DocumentSource, Sequence[Entry] | None]]
"""All sources by name, with what each declares; None: it could not be listed, and nothing of it is touched."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Some documents of one source.

    Attributes:
        source: whose they are.
        keys: which.
    """

    source: SourceOfSome
    keys: Collection[str]


@dataclass(frozen=True, slots=True)
class Share:
    """One source's part of a sync.

    Attributes:
        source: its name.
        plan: what is to be done.
        known: what the generation remembers of its documents, by key.
    """

    source: str
    plan: Plan
    known: Mapping[str, Known]

    def lost(self, answers: Mapping[str, Known], texts: Collection[str]) -> list[str]:
        """Keys of what answers now and the source no longer declares; what only moved does not count.

        Args:
            answers: what the ledger knows of the source where it answers from.
            texts: what was read.
        """
        there = (self.known.keys() - set(self.plan.gone)) | {entry.key for entry, _ in self.plan.read}
        found = set(texts)
        if answers is not self.known:
            found |= {self.known[key].text_hash for key in there & self.known.keys()}
        return [key for key, one in answers.items() if key not in there and one.text_hash not in found]


def shares(
    connection: Connection,
    of: Generation,
    declared: Declared,
    clearance: Sensitivity,
    answering: Collection[str] = (),
) -> list[Share]:
    """The shares of all sources; what is known of a source that is declared no more is gone.

    Args:
        connection: any.
        of: the generation that is worked on.
        declared: all sources that there are now.
        clearance: the highest sensitivity that the embedder may be given.
        answering: the sources of what answers meanwhile.
    """
    known = known_documents(connection, of.id)
    found = [
        _share(source, entries, known.get(name, {}), clearance)
        for name, (source, entries) in declared.items()
        if entries is not None
    ]
    past = sorted({*known, *answering} - declared.keys())
    return [*found, *(Share(name, Plan(gone=list(known.get(name, {}))), known.get(name, {})) for name in past)]


def share_of(connection: Connection, of: Generation, chosen: Chosen, clearance: Sensitivity) -> Share:
    """The share of some documents of one source; the arguments are those of `shares`."""
    source, entries = chosen.source, list(chosen.source.some(connection, chosen.keys))
    identities = [document_identity(of.copilot, source.name, key) for key in chosen.keys]
    known = known_documents(connection, of.id, identities)
    return _share(source, entries, known.get(source.name, {}), clearance)


def _share(
    source: DocumentSource, entries: Sequence[Entry], known: Mapping[str, Known], clearance: Sensitivity
) -> Share:
    stamps = {key: one.stamp for key, one in known.items()}
    # Another clearance reads all anew: what was held for its sensitivity may now be embedded, or the other way round.
    return Share(source.name, plan(entries, stamps, f"{source.fingerprint()} {int(clearance)}"), known)
