"""The order in which a batch's rows take effect: what is dropped and comes back is there in the end, and the reverse.

Dropping and writing go in bulk, so a batch is cut only where a record is dropped after a row that tells of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from substrate.mapping import Draft, Gone, Mapper
from substrate.records import Record
from substrate.sources.source import Row

_Name = tuple[type[Record], str]


@dataclass(slots=True)
class Stretch:
    """Rows of a batch that may be dropped first and then written, all at once.

    Attributes:
        gone: rows that say that a record is gone, each with how it was read; None: nobody reads such rows.
        drafts: rows that say what a record is.
    """

    gone: list[tuple[Row, Mapper | None, Gone]] = field(default_factory=list)
    drafts: list[tuple[Row, Draft]] = field(default_factory=list)


Told = tuple[Row, Mapper | None, Draft | Gone]


def stretches(told: Iterable[Told]) -> Iterator[Stretch]:
    """Cut what a batch's rows say, in the order of the rows, into as few stretches as its order allows."""
    stretch, named = Stretch(), set[_Name]()
    for row, mapper, said in told:
        if isinstance(said, Draft):
            stretch.drafts.append((row, said))
            named.update((each.record, each.key) for each in said.told())
            continue
        if mapper is not None and not named.isdisjoint(_names(mapper, said)):
            yield stretch
            stretch, named = Stretch(), set()
        stretch.gone.append((row, mapper, said))
    yield stretch


def _names(mapper: Mapper, gone: Gone) -> list[_Name]:
    return [(record, mapper.prefix + gone.key) for record in (mapper.record, *mapper.instead)]
