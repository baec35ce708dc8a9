"""An export of tickets as it is declared: where its files lie, what its columns are called, and which tickets leave.

Presets are given for exports whose fields are documented by whoever makes the help desk; any other is read by the names
of its columns. Names count without case, blanks and signs: `Ticket ID`, `ticket_id` and `ticketId` are one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Preset = Literal["freshdesk", "redmine", "zammad", "zendesk"]
Text = Literal["auto", "html", "plain"]

GONE_STATES = ("deleted", "removed", "trash", "spam", "merged", "duplicate", "superseded")
LISTS = ("tickets", "issues", "results", "items", "records", "data")
"""Under which keys a JSON document may keep its list of tickets, where nothing else is said."""


def _many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _zone(name: str | None) -> str | None:
    try:
        return name if name is None else ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        raise ValueError("there is no such IANA zone") from None


Names = Annotated[tuple[str, ...], BeforeValidator(_many)]
Zone = Annotated[str | None, AfterValidator(_zone)]


class TicketColumns(BaseModel):
    """What the columns of an export are called; the first that says something counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Names = Field((), description="The ticket's number.")
    title: Names = Field((), description="Its subject.")
    body: Names = Field((), description="What was written first.")
    status: Names = Field((), description="Its state.")
    created: Names = Field((), description="When it was opened.")
    updated: Names = Field((), description="When it was last changed.")
    site: Names = Field((), description="Whose it is.")
    link: Names = Field((), description="Where people open it.")
    replaced_by: Names = Field((), description="The ticket that it was merged into, duplicates or was superseded by.")
    gone: Names = Field((), description="Whether it is deleted or spam: yes or no, or words of `gone_states`.")
    internal: Names = Field((), description="Whether the whole ticket is internal.")
    comments: Names = Field((), description="The list of its comments, in JSON.")
    comment_ticket: Names = Field((), description="Of a comment in a file of its own: the ticket's number.")
    comment_body: Names = Field((), description="Of a comment: what it says.")
    comment_created: Names = Field((), description="Of a comment: when it was written.")
    comment_internal: Names = Field((), description="Of a comment: whether it is internal.")
    comment_public: Names = Field((), description="Of a comment: whether it is public.")


USUAL = TicketColumns(
    id=("id", "ticket id", "ticket number", "number", "key", "issue key", "ticket"),
    title=("title", "subject", "summary", "name"),
    body=("body", "description", "content", "text", "message"),
    status=("status", "state", "current status", "ticket status"),
    created=("created", "created at", "created on", "created time", "date created", "opened", "opening date", "date"),
    updated=("updated", "updated at", "updated on", "updated time", "last updated", "last update", "date mod"),
    site=("site",),
    link=("link", "web url", "url"),
    replaced_by=("replaced by", "superseded by", "merged into", "merged into id", "duplicate of", "duplicate of id"),
    gone=("deleted", "is deleted", "spam", "is spam"),
    internal=("internal", "is internal", "private", "is private"),
    comments=("comments", "conversations", "conversation", "articles", "journals", "messages", "replies", "notes"),
    comment_ticket=("ticket id", "ticket", "ticket number", "issue id", "issue key", "tickets id"),
    comment_body=("comment body", "comment text", "comment", "reply", "body", "content", "text", "message", "notes"),
    comment_created=("comment created at", "comment created", "comment date", "created at", "created", "created on"),
    comment_internal=(
        "comment internal",
        "comment private",
        "comment is private",
        "internal",
        "private",
        "is private",
        "private notes",
    ),
    comment_public=("comment public", "comment is public", "public", "is public"),
)
"""What columns are called where nothing is declared."""

PRESETS: dict[Preset, TicketColumns] = {
    "freshdesk": TicketColumns(
        id="id", title="subject", body="description", status=(), created="created_at", updated="updated_at",
        gone=("deleted", "spam"), comments="conversations", comment_ticket="ticket_id", comment_body="body",
        comment_created="created_at", comment_internal="private",
    ),
    "redmine": TicketColumns(
        id="id", title="subject", body="description", status="status.name", created="created_on", updated="updated_on",
        replaced_by="relations", internal="is_private", comments="journals", comment_body="notes",
        comment_created="created_on", comment_internal="private_notes",
    ),
    "zammad": TicketColumns(
        id="id", title="title", status="state", created="created_at", updated="updated_at", comments="articles",
        comment_ticket="ticket_id", comment_body="body", comment_created="created_at", comment_internal="internal",
    ),
    "zendesk": TicketColumns(
        id="id", title="subject", body="description", status="status", created="created_at", updated="updated_at",
        gone="tags", comments="comments", comment_ticket="ticket_id", comment_body=("plain_body", "body"),
        comment_created="created_at", comment_public="public",
    ),
}  # fmt: skip
PRESET_STATES: dict[Preset, tuple[str, ...]] = {"zendesk": ("closed_by_merge",)}


class TicketsOptions(BaseModel):
    """Files that a help desk exported: CSV, JSON or NDJSON, also packed with gzip."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(description="A file, a folder, or a pattern of files. It is only read.")
    comments_path: Path | None = Field(None, description="The same for comments, if they lie in files of their own.")
    preset: Preset | None = Field(None, description="Whose export it is.")
    columns: TicketColumns = Field(TicketColumns(), description="What its columns are called.")
    under: str | None = Field(None, description="The key under which a JSON document has its list.")
    zone: Zone = Field(None, description="IANA zone of times that name none.")
    times: tuple[str, ...] = Field((), description="How times are written that are not ISO 8601.")
    text: Text = Field("auto", description="How texts are written.")
    internal: bool = Field(False, description="Whether what is internal is read too.")
    gone_states: tuple[str, ...] = Field(GONE_STATES, description="States in which a ticket leaves the index.")

    def named(self, meaning: str) -> tuple[str, ...]:
        """What the columns of a meaning may be called, the first choice first."""
        if meaning in self.columns.model_fields_set:
            found: tuple[str, ...] = getattr(self.columns, meaning)
            return found
        return tuple(getattr(USUAL if self.preset is None else PRESETS[self.preset], meaning))

    @property
    def lists(self) -> tuple[str, ...]:
        """The keys under which a JSON document may have its list."""
        return LISTS if self.under is None else (self.under,)

    @property
    def leaving(self) -> frozenset[str]:
        """The states in which a ticket leaves the index, in small letters."""
        own = PRESET_STATES.get(self.preset, ()) if self.preset is not None else ()
        return frozenset(state.strip().casefold() for state in (*self.gone_states, *own))
