"""Documents told from the records of one vertical, as a copilot's source: what should be there now, and its words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b

from sqlalchemy import Connection

from rag.document import Document, Entry, UnreadableError
from rag.told.fetching import fetched
from rag.told.rows import Shelf
from rag.told.statements import Statements
from rag.told.story import Story, Told
from substrate.database import Database
from substrate.records import references

_FARTHEST = 256
"""How many records are fetched ahead at most."""


class RecordsSource:
    """The documents of some stories.

    Reading goes ahead: where one document after the other is read, those that come next are fetched with it, so that a
    whole index costs a handful of statements for each few hundred documents, and a single change those for one.

    Args:
        database: where the records lie; a document is read on a connection of its own.
        stories: by name.
        name: of the source within its copilot.
    """

    def __init__(self, database: Database, stories: Mapping[str, Story], *, name: str = "records") -> None:
        self._database = database
        self._name = name
        self._statements = {key: Statements(story) for key, story in stories.items()}
        self.told = 0
        """How many documents were told."""

    @property
    def name(self) -> str:
        """Names it within its copilot."""
        return self._name

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of record that its documents rest on."""
        return frozenset(kind for one in self._statements.values() for kind in rests_on(one.story))

    def fingerprint(self) -> str:
        """Changes with the templates, the words for codes and the house's zone."""
        digests = [one.story.digest for one in self._statements.values()]
        return blake2b("\x1f".join(sorted(digests)).encode(), digest_size=8).hexdigest()

    def entries(self, connection: Connection) -> Iterator[Entry]:
        """Every record that is to be told of now."""
        for name, one in self._statements.items():
            yield from self._entries(name, connection.execute(one.listed).tuples().all())

    def some(self, connection: Connection, keys: Iterable[str]) -> Iterator[Entry]:
        """Those of some documents that should be there now; a key of another source is passed over."""
        wanted: dict[str, list[int]] = {}
        for key in keys:
            name, _, number = key.rpartition("/")
            if name in self._statements and number.isdecimal():
                wanted.setdefault(name, []).append(int(number))
        for name, ids in wanted.items():
            found = connection.execute(self._statements[name].listed_among, {"ids": ids})
            yield from self._entries(name, found.tuples().all())

    def touched(self, connection: Connection, batch: int) -> set[str]:
        """The keys of the documents that may have changed, come or left in a batch of records or after it."""
        return {
            f"{name}/{number}"
            for name, one in self._statements.items()
            for number in connection.scalars(one.touched, {"batch": batch})
        }

    def _entries(self, name: str, rows: Sequence[tuple[int, int, int]]) -> Iterator[Entry]:
        ahead = _Ahead(self._database, self._statements[name], [number for number, _, _ in rows])
        for place, (number, batch, count) in enumerate(rows):
            yield Entry(f"{name}/{number}", f"{batch}.{int(count)}", partial(self._read, ahead, place))

    def _read(self, ahead: _Ahead, place: int) -> Document:
        document = ahead.read(place)
        self.told += 1
        return document


class _Ahead:
    """Reads documents of one story in the order in which they are listed, as far ahead as that has paid off."""

    def __init__(self, database: Database, statements: Statements, ids: list[int]) -> None:
        self._database = database
        self._statements = statements
        self._ids = ids
        self._found: dict[int, Told] = {}
        self._shelf: Shelf
        self._within = range(0)
        self._paid_off = 0

    def read(self, place: int) -> Document:
        """The document at one place of the list.

        Raises:
            UnreadableError: the template stumbles over it, or the record was dropped since it was listed.
        """
        if place not in self._within:
            self._fetch(place)
        self._paid_off += 1
        told = self._found.pop(self._ids[place], None)
        if told is None:
            raise UnreadableError("gone", "the record was dropped, or read before, while the documents were read")
        return self._statements.story.tell(told, self._shelf)

    def _fetch(self, place: int) -> None:
        far = min(max(1, 2 * self._paid_off), _FARTHEST)
        self._within = range(place, min(place + far, len(self._ids)))
        self._paid_off = 0
        wanted = [self._ids[each] for each in self._within]
        with self._database.read() as connection:
            self._found, self._shelf = fetched(connection, self._statements, wanted)


def rests_on(story: Story) -> frozenset[str]:
    """The kinds of record that a story's documents are told from."""
    telling = story.telling
    listed = {one.kind for one in telling.lists.values()}
    return frozenset({telling.entity, *listed, *(use.kind for use in story.trace.uses), *_led_to(story)})


def _led_to(story: Story) -> Iterator[str]:
    for use in story.trace.uses:
        target = references(story.kinds[use.kind]).get(use.column)
        if target is not None:
            yield target
