"""A raw row under a mapping file: which records it tells of, which it leaves out, and what refuses it."""

from __future__ import annotations

from typing import Any

import pytest

from substrate.clock import HOUR
from substrate.mapping import Draft, Gone, Reader
from substrate.mappings.mapping_file import read_mapping
from substrate.quality import RowRefused
from substrate.records import record_id
from tests.substrate.clinic import CLINIC, Visit

VISITS = """
mapping: visits
vertical: clinic
zone: UTC
resources:
  V:
    record: visit
    key: "{house}/{no}"
    site: house
    changed: {from: changed, epoch: s}
    aliases: [old_no]
    columns:
      minutes: integer
      rate: {from: "Rate (EUR)", as: number, decimal: ","}
    where: state != "draft"
    deleted: state == "void"
    fields:
      doctor_id: {alias: badge}
      start: {from: day, time: hhmm}
      end: {from: day, at: "23:59"}
      fee: {from: fee, optional: true}
      pulse: {expr: "rate * minutes"}
      paid: {from: invoice.paid}
    also:
      - record: doctor
        key: "{house}-{badge}"
        where: state != "test"
        fields: {name: {text: "Dr {first} {last}"}}
"""
ROW = {
    "house": "H", "no": 7, "changed": 60, "old_no": "", "minutes": "30", "Rate (EUR)": "1,5", "state": "open",
    "badge": "B1", "day": "1970-01-01", "hhmm": 930, "invoice": {"paid": True}, "first": "", "last": "No",
}  # fmt: skip
READER = Reader("erp")


def told(text: str = VISITS, **said: Any) -> Draft | Gone:
    return read_mapping(text, "v.yaml", CLINIC).mappers[0].read({**ROW, **said}, READER)


def drafted(text: str = VISITS, **said: Any) -> Draft:
    draft = told(text, **said)
    assert isinstance(draft, Draft)
    return draft


def test_a_row_becomes_its_record() -> None:
    draft = drafted(fee="12", old_no="x")
    assert (draft.record, draft.key, draft.site, draft.changed_at, draft.aliases) == (
        Visit,
        "H/7",
        "H",
        60_000_000,
        ("x",),
    )
    assert draft.values == {
        "doctor_id": READER.id_of_alias("doctor", "B1"), "start": 19 * HOUR // 2, "end": 24 * HOUR - 60_000_000,
        "fee": 12, "pulse": 45.0, "paid": True,
    }  # fmt: skip


def test_a_row_tells_of_others_beside() -> None:
    (doctor,) = drafted().also
    assert (doctor.key, doctor.values) == ("H-B1", {"name": "Dr No"})
    assert (drafted(badge="").also, drafted(badge=None).also, drafted(state="test").also) == ((), (), ())


@pytest.mark.parametrize("state", ["draft", "void"])
def test_a_row_may_say_that_there_is_no_record(state: str) -> None:
    assert told(state=state) == Gone("H/7")


def test_nobody_knows_whose_it_is_so_it_is_ours() -> None:
    assert drafted(state="").key == "H/7"


@pytest.mark.parametrize(
    ("said", "reason", "detail"),
    [
        ({"no": ""}, "missing_key", "the key of the visit is blank"),
        ({"minutes": "secret"}, "wrong_type", "column minutes is no number"),
        ({"Rate (EUR)": "secret"}, "wrong_type", "column Rate (EUR) is no number"),
        ({"hhmm": "2575"}, "bad_time", "column hhmm is no time of day"),
        ({"day": "secret"}, "bad_time", "column day is no date as the mapping expects it"),
        ({"badge": ["secret"]}, "wrong_type", "column badge holds a list or an object, no single value"),
        ({"invoice": {}}, "bad_columns", "the row has no column invoice.paid"),
    ],
)
def test_what_is_refused_names_the_column(said: dict[str, Any], reason: str, detail: str) -> None:
    with pytest.raises(RowRefused) as refused:
        told(**said)
    assert (refused.value.reason, refused.value.detail) == (reason, detail)


def test_a_column_that_is_not_there_is_told_unless_rows_may_lack_it() -> None:
    mapping = read_mapping(VISITS, "v.yaml", CLINIC).mappers[0]
    without = {name: value for name, value in ROW.items() if name != "hhmm"}
    with pytest.raises(RowRefused, match="the row has no column hhmm"):
        mapping.read(without, READER)
    sparse = read_mapping(VISITS.replace("    site:", "    sparse: true\n    site:"), "v.yaml", CLINIC).mappers[0]
    draft = sparse.read(without, READER)
    assert isinstance(draft, Draft)
    assert draft.values["start"] is None


def test_what_is_inside_something_blank_is_blank() -> None:
    assert drafted(invoice=False).values["paid"] is None
    listed = VISITS.replace("invoice.paid", "invoice.1")
    assert drafted(listed, invoice=[7, "yes"]).values["paid"] is True


def test_a_reference_s_key_is_whole_or_not_at_all() -> None:
    text = VISITS.replace("{alias: badge}", '{key: "{house}-{badge}", reference: doctor}')
    assert drafted(text).values["doctor_id"] == record_id("erp", "doctor", "H-B1")
    assert drafted(text, badge="").values["doctor_id"] is None


def test_a_time_at_midnight_s_end_is_the_next_day() -> None:
    assert drafted(hhmm="2400").values["start"] == 24 * HOUR
    assert drafted(hhmm="").values["start"] is None
