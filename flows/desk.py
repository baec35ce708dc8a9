"""Where copilots are asked: whoever asks is let in or not, and the rooms' functions are called in order.

Every door (command line, HTTP, MCP) asks here; none of them decides anything by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from automations.disclosure import SeenAlert, alert_for, alerts_for, explanation_for
from automations.explain import explain_alert
from automations.listing import find_alert
from automations.rules import Severity
from flows.roster import Roster
from flows.shelf import Shelf
from rag.answer import stream
from rag.chat import Chat, open_chat
from rag.context import Context, context
from rag.copilot import Copilot
from rag.feedback import Feedback, note_feedback
from rag.generations import embedder_of
from rag.ground import Ground
from rag.hit import Query
from rag.personal import named
from rag.redaction import Redaction
from rag.reply import Answer, Sentence
from rag.search import SearchResult, search
from substrate.access import Caller
from substrate.catalog import Vertical
from substrate.clock import Clock
from substrate.database import Database
from substrate.disclosure import SeenFeatures, features_for, find_for
from substrate.errors import ConflictError, NotFoundError, UnavailableError
from substrate.facts import Facts
from substrate.settings import Settings

Entity = tuple[str, str]
"""A kind of record, and a key in its source or an id."""


@dataclass(frozen=True)
class Desk:
    """Answers whoever asks.

    Attributes:
        settings: as the environment has them.
        database: migrated.
        clock: says what time it is.
        verticals: by name.
        roster: which copilots there are.
        shelf: where embedder and index are.
        chat: writes answers; None: they are extracts.
    """

    settings: Settings
    database: Database
    clock: Clock
    verticals: Mapping[str, Vertical]
    roster: Roster
    shelf: Shelf
    chat: Chat | None = None
    _made_by: dict[int, str | None] = field(default_factory=dict, repr=False)

    def copilots(self, caller: Caller, *, fresh: bool = False) -> list[Copilot]:
        """The copilots that somebody may ask, by name.

        Args:
            caller: who asks.
            fresh: with those that were declared a moment ago.
        """
        found = self.roster.copilots(fresh=fresh)
        return [found[name] for name in sorted(found) if found[name].answers(caller)]

    def copilot(self, caller: Caller, name: str) -> Copilot:
        """One of them.

        Raises:
            NotFoundError: there is none of that name that they may ask; whether there is one for others is not told.
        """
        for fresh in (False, True):
            found = {each.name: each for each in self.copilots(caller, fresh=fresh)}
            if name in found:
                return found[name]
        hint = f"There are: {', '.join(found) or 'none for this caller'}."
        raise NotFoundError("there is no such copilot", hint=hint)

    def search(self, caller: Caller, name: str, query: Query, entity: Entity | None = None) -> SearchResult:
        """Find passages.

        Args:
            caller: who asks.
            name: the copilot.
            query: the question; its entity is set here.
            entity: only what tells of this record.

        Raises:
            UnavailableError: the index is not open yet, or another embedder made it.
            NotFoundError: there is no such copilot or record that they may see, or nothing was indexed yet.
            ForbiddenError: they may not ask about records of that kind.
        """
        ground = self._ground(caller, name)
        asked = replace(query, entity=self._about(caller, ground.copilot, entity))
        return search(
            ground.index, ground.embedder, caller, ground.copilot, asked, self.clock.now(), masked=ground.masked
        )

    def context(self, caller: Caller, name: str, query: Query, entity: Entity, *, only_entity: bool = False) -> Context:
        """The features of a record and passages on a question, in one call.

        Args:
            caller: who asks.
            name: the copilot.
            query: the question; its entity is set here.
            entity: the record.
            only_entity: passages only of what tells of the record.

        Raises:
            UnavailableError: the index is not open yet, or another embedder made it.
            NotFoundError: there is no such copilot or record that they may see, or nothing was indexed yet.
            ForbiddenError: they may not ask about records of that kind.
        """
        ground = self._ground(caller, name)
        asked = replace(query, entity=self._about(caller, ground.copilot, entity) if only_entity else None)
        return context(ground, caller, asked, entity, self.clock.now())

    def answer(
        self, caller: Caller, name: str, query: Query, entity: Entity | None = None
    ) -> Iterator[Sentence | Answer]:
        """An answer sentence by sentence, and whole in the end; nothing is done before the first is asked for.

        Args:
            caller: who asks.
            name: the copilot.
            query: the question; its k is how many passages are looked at, its entity is set here.
            entity: only from what tells of this record.

        Raises:
            UnavailableError: the index is not open yet, or another embedder made it.
            NotFoundError: there is no such copilot or record that they may see, or nothing was indexed yet.
            ForbiddenError: they may not ask about records of that kind.
        """
        ground = self._ground(caller, name)
        asked = replace(query, entity=self._about(caller, ground.copilot, entity))
        yield from stream(ground, caller, asked, self.clock.now(), self.chat)

    def note(self, caller: Caller, feedback: Feedback) -> int:
        """Keep what somebody says of an answer, without the names that stand in it; returns its number.

        Raises:
            NotFoundError: there is no such copilot that they may ask.
        """
        vertical = self.verticals.get(self.copilot(caller, feedback.copilot).vertical or "")
        said = f"{feedback.question}\n{feedback.comment or ''}"
        with self.database.write() as connection:
            known = named(connection, vertical, said) if vertical is not None else []
            masked = Redaction(tuple(known)).mask
            return note_feedback(connection, feedback, caller, self.clock.now(), masked=masked)

    def features(self, caller: Caller, entity: Entity, vertical: str | None = None) -> SeenFeatures:
        """The features of one record.

        Args:
            caller: who asks.
            entity: whose.
            vertical: where several have such a kind.

        Raises:
            NotFoundError: there is no such kind or record that they may see.
            ForbiddenError: they may not ask about records of that kind.
            ConflictError: several verticals have the kind, or its features were never computed.
        """
        kind, key = entity
        chosen = self._vertical(caller, kind, vertical)
        with self.database.read() as connection:
            return features_for(connection, caller, chosen, kind, key, now=self.clock.now())

    def alerts(
        self,
        caller: Caller,
        *,
        every: bool = False,
        severity: Severity | None = None,
        vertical: str | None = None,
        limit: int = 50,
    ) -> list[SeenAlert]:
        """The alerts that somebody may know of, worst first."""
        with self.database.read() as connection:
            return alerts_for(connection, caller, every=every, severity=severity, vertical=vertical, limit=limit)

    def explain(self, caller: Caller, said: str) -> tuple[SeenAlert, dict[str, object]]:
        """Why an alert is what it is.

        Args:
            caller: who asks.
            said: the alert's code or the beginning of it.

        Raises:
            NotFoundError: there is none that they may know of.
        """
        with self.database.read() as connection:
            try:
                number = find_alert(connection, said)
            except (NotFoundError, ConflictError):
                number = -1  # whether others have such alerts is not told
            seen = alert_for(connection, caller, number)
            owner = self.verticals.get(seen.line.vertical)
            facts = Facts(owner.records, owner.views) if owner else Facts(())
            return seen, explanation_for(explain_alert(connection, facts, number), caller)

    def _ground(self, caller: Caller, name: str) -> Ground:
        copilot = self.copilot(caller, name)
        opened = self.shelf.opened()
        if self._maker(opened.index.live(copilot.name).generation) not in (None, opened.embedder.fingerprint):
            hint = "`plumbline index sync` builds it anew; until then the one that was set before must be set."
            raise UnavailableError(f"the index of {copilot.name!r} was made by another embedder", hint=hint)
        vertical = self.verticals.get(copilot.vertical or "")
        return Ground(self.database, opened.index, opened.embedder, copilot, vertical)

    def _maker(self, number: int) -> str | None:
        """The embedder that made a generation, whose vectors another one's questions must not be compared with."""
        if number not in self._made_by:
            with self.database.read() as connection:
                self._made_by[number] = embedder_of(connection, number)
        return self._made_by[number]

    def _about(self, caller: Caller, copilot: Copilot, entity: Entity | None) -> tuple[str, int] | None:
        if entity is None:
            return None
        kind, key = entity
        chosen = self._vertical(caller, kind, copilot.vertical)
        with self.database.read() as connection:
            return kind, find_for(connection, caller, chosen, kind, key)

    def _vertical(self, caller: Caller, kind: str, name: str | None) -> Vertical:
        mine = [each for each in self.verticals.values() if caller.may_ask(each.name) and name in (None, each.name)]
        found = [each for each in mine if kind in each.kinds]
        if not found:
            raise NotFoundError(f"nobody has records of kind {kind!r}", hint="Ask for another kind, or vertical.")
        if len(found) > 1:
            names = ", ".join(each.name for each in found)
            raise ConflictError(f"several verticals have records of kind {kind!r}", hint=f"Say which one: {names}.")
        return found[0]


def open_desk(
    settings: Settings, database: Database, clock: Clock, verticals: Mapping[str, Vertical], shelf: Shelf
) -> Desk:
    """A desk of an installation.

    Raises:
        ConfigurationError: the chat model's settings contradict each other.
    """
    return Desk(settings, database, clock, verticals, Roster(settings, verticals), shelf, open_chat(settings))
