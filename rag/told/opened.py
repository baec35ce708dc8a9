"""The stories of a vertical as an installation has them: its own templates, and those of the house in their place."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources.abc import Traversable

from rag.told.source import RecordsSource
from rag.told.story import stories
from rag.told.telling import GUIDE, TellingError, read_sheets
from substrate.catalog import Vertical
from substrate.database import Database
from substrate.errors import NotFoundError
from substrate.expressions.errors import did_you_mean
from substrate.settings import Settings

FOLDER = "documents"


def told_folders(settings: Settings, vertical: Vertical) -> list[Traversable]:
    """Where the templates of a vertical lie: first the house's own, then those that came with it."""
    own: list[Traversable] = [settings.home / FOLDER / vertical.name]
    return own if vertical.documents is None else [*own, vertical.documents]


def records_source(
    settings: Settings, database: Database, vertical: Vertical, *, name: str = "records", templates: Sequence[str] = ()
) -> RecordsSource:
    """The records of a vertical, told as text.

    Args:
        settings: where the house's templates are, and its zone.
        database: where the records lie.
        vertical: whose.
        name: of the source within its copilot.
        templates: which of them; none named: all.

    Raises:
        TellingError: a template is wrong.
        NotFoundError: a template that is named is not there.
    """
    sheets = read_sheets(told_folders(settings, vertical))
    if not sheets:
        hint = f"Put one into {settings.home / FOLDER / vertical.name}; {GUIDE} shows one."
        raise TellingError(f"{vertical.name} has no templates of documents", hint=hint)
    for wanted in templates:
        if wanted not in sheets:
            near = did_you_mean(wanted, sheets)
            hint = f"It has: {', '.join(sheets)}."
            raise NotFoundError(f"{vertical.name} has no template {wanted!r}{f'; {near}' if near else ''}", hint=hint)
    chosen = [sheet for sheet in sheets.values() if not templates or sheet.name in templates]
    return RecordsSource(database, stories(chosen, vertical.kinds, settings.time_zone), name=name)
