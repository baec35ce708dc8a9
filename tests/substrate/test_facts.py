"""What rules may say, and that the statements which read it agree with the records."""

from __future__ import annotations

import pytest

from substrate.errors import NotFoundError
from substrate.expressions.types import Type
from substrate.facts import Facts
from tests.substrate.features.house import RECORDS, VIEWS

FACTS = Facts(RECORDS, VIEWS)


def test_own_columns_keep_type_unit_and_words() -> None:
    beds = FACTS.schema("ward").resolve(("beds",))
    assert beds is not None
    assert (beds.type, beds.unit, beds.meaning, beds.sensitivity) == (Type.INT, "1", "Beds", "INTERNAL")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("start", Type.TIMESTAMP),
        ("stay.status", Type.STRING),
        ("stay.ward.beds", Type.INT),
        ("stay.ward.crowded", Type.BOOL),
        ("stay.ward.since_end", Type.DURATION),
        ("patient.ward.per_bed", Type.DOUBLE),
    ],
)
def test_a_path_follows_two_references(path: str, kind: Type) -> None:
    operand = FACTS.schema("visit").resolve(tuple(path.split(".")))
    assert operand is not None
    assert (operand.name, operand.type) == (path, kind)


@pytest.mark.parametrize("path", ["nothing", "ward.beds", "stay.patient.ward.beds", "stay.nothing.beds", "gone_at"])
def test_a_path_that_leads_nowhere_resolves_to_nothing(path: str) -> None:
    assert FACTS.schema("visit").resolve(tuple(path.split("."))) is None


def test_every_name_offered_resolves() -> None:
    schema = FACTS.schema("visit")
    assert all(schema.resolve(tuple(name.split("."))) for name in schema.names())


def test_dependencies_name_what_a_condition_rests_on() -> None:
    assert FACTS.dependencies("visit", [("stay", "ward", "crowded")]) == {
        "records:visit", "records:stay", "records:ward", "view:ward",
    }  # fmt: skip


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(NotFoundError, match="'nurse'"):
        FACTS.schema("nurse")
