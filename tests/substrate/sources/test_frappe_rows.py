"""What a Frappe webhook's body becomes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from substrate.sources.push import PushOptions, rows_of
from substrate.sources.source import Fault

OPTIONS = PushOptions.model_validate({"format": "frappe", "secret": "a-secret-of-the-site"})
ORDER = {"doctype": "Purchase Order", "name": "PUR-ORD-2026-00001", "status": "To Receive"}


def rows(body: Any) -> list[Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return rows_of(OPTIONS, "application/json", raw, "pushed event 1")


def test_a_document_is_a_row_of_its_doctype() -> None:
    (row,) = rows(ORDER)
    assert (row.kind, row.payload) == ("Purchase Order", ORDER)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"{", Fault.BAD_JSON),
        ([ORDER], Fault.NOT_AN_OBJECT),
        ({"name": "x"}, Fault.NO_TYPE),
        ({"doctype": "Purchase Order"}, Fault.NO_TYPE),
    ],
)
def test_a_body_that_says_not_what_it_is_is_faulty(body: Any, fault: Fault) -> None:
    assert [(row.payload, row.fault) for row in rows(body)] == [(None, fault)]
