"""Exports of known help desks, in the shape that their makers document, are read as they come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import create_engine

from rag.copilot import SourceSpec
from rag.document import Document
from rag.sources.tickets import TicketExport
from rag.ticket_export import PRESETS, Preset, TicketColumns

_WHEN = {"created_at": "2021-11-03T11:51:13.759Z", "updated_at": "2021-11-04T11:51:13.809Z"}
EXPORTS: dict[str, Any] = {
    "zammad": [
        {
            "id": 1, "number": "22001", "group_id": 1, "state_id": 4, "state": "closed", **_WHEN,
            "title": "Label printer", "note": "not for people outside", "preferences": {}, "articles": [
                {"id": 9, "ticket_id": 1, "subject": "x", "content_type": "text/html", "internal": False,
                 "body": "<p>It prints <b>blanks</b>.</p>", "created_at": "2021-11-03T11:51:13.790Z"},
                {"id": 10, "ticket_id": 1, "content_type": "text/plain", "internal": True, "body": "secret",
                 "created_at": "2021-11-03T12:51:13.790Z"},
            ],
        },
        {"id": 2, "number": "22002", "state": "merged", "title": "Merged away", "articles": [], **_WHEN},
    ],
    "freshdesk": [
        {
            "id": 1, "subject": "Label printer", "description": "<div>It prints <b>blanks</b>.</div>", "status": 5,
            "description_text": "It prints blanks.", "spam": False, "priority": 1, **_WHEN, "conversations": [
                {"id": 3, "body": "<div>Done.</div>", "body_text": "Done.", "private": False, **_WHEN},
                {"id": 4, "body": "<div>secret</div>", "body_text": "secret", "private": True, **_WHEN},
            ],
        },
        {"id": 2, "subject": "Win a car", "description": "x", "spam": True, **_WHEN},
        {"id": 3, "subject": "Deleted", "description": "x", "deleted": True, **_WHEN},
    ],
    "redmine": {
        "issues": [
            {
                "id": 1, "project": {"id": 1, "name": "IT"}, "status": {"id": 5, "name": "Closed"}, "is_private": False,
                "subject": "Label printer", "description": "It prints *blanks*.",
                "author": {"id": 2, "name": "Quillfeather"},
                "created_on": "2021-11-03T11:51:13Z", "updated_on": "2021-11-04T11:51:13Z", "journals": [
                    {"id": 7, "notes": "", "created_on": "2021-11-03T12:00:00Z", "private_notes": False},
                    {"id": 8, "notes": "secret", "created_on": "2021-11-03T12:00:00Z", "private_notes": True},
                ],
                "relations": [{"id": 1, "issue_id": 2, "issue_to_id": 1, "relation_type": "duplicates", "delay": None}],
            },
            {
                "id": 2, "subject": "The same", "status": {"id": 1, "name": "New"},
                "relations": [{"id": 1, "issue_id": 2, "issue_to_id": 1, "relation_type": "duplicates", "delay": None}],
            },
            {"id": 3, "subject": "Private", "status": {"id": 1, "name": "New"}, "is_private": True},
        ],
        "total_count": 3, "offset": 0, "limit": 25,
    },
    "zendesk": {
        "tickets": [
            {
                "id": 1, "url": "https://x.zendesk.com/api/v2/tickets/1.json", "subject": "Label printer",
                "status": "closed",
                "description": "It prints blanks.", "tags": ["printer"], "is_public": True, **_WHEN, "comments": [
                    {"id": 5, "plain_body": "It prints blanks.", "body": "It prints blanks.", "public": True, **_WHEN},
                    {"id": 6, "plain_body": "secret", "html_body": "<p>secret</p>", "public": False, **_WHEN},
                ],
            },
            {"id": 2, "subject": "Merged", "tags": ["printer", "closed_by_merge"], "description": "x", **_WHEN},
            {"id": 3, "subject": "Deleted", "status": "deleted", "tags": [], "description": "x", **_WHEN},
        ],
        "count": 3,
    },
}  # fmt: skip


@pytest.mark.parametrize("preset", get_args(Preset))
def test_an_export_is_read_as_it_comes(tmp_path: Path, preset: str) -> None:
    (tmp_path / "t.json").write_text(json.dumps(EXPORTS[preset]))
    spec = {"name": "desk", "tickets": {"path": tmp_path / "t.json", "preset": preset}}
    with create_engine("sqlite://").connect() as connection:
        told = [entry.read() for entry in TicketExport(SourceSpec.model_validate(spec), "UTC").entries(connection)]
    (ticket,) = told
    assert isinstance(ticket, Document)
    assert (ticket.key, ticket.title, ticket.changed_at is not None) == ("1", "Label printer", True)
    assert ticket.text.count("It prints") == 1
    assert not [word for word in ("secret", "not for people", "Quillfeather", "<b>") if word in ticket.text]


def test_every_preset_names_what_a_ticket_needs() -> None:
    assert set(PRESETS) == set(get_args(Preset))
    needed = ("id", "title", "created", "updated", "comments", "comment_body", "comment_created")
    assert all(getattr(columns, name) for columns in PRESETS.values() for name in needed)
    assert all(columns.comment_internal or columns.comment_public for columns in PRESETS.values())
    assert set(needed) <= set(TicketColumns.model_fields)
