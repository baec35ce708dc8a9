"""Nothing above a clearance is left in what a template or a receiver can reach."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.masking import HIDDEN, generic_name, masked
from substrate.columns import Sensitivity
from tests.automations.sample_alert import NAME, PROTECTED, context

MARK = "pr0tected-words"
LEVELS = st.sampled_from(list(Sensitivity))
LABELS = st.sampled_from([*Sensitivity.__members__, "phi", "", None, 3])


def text_of(seen: Any) -> str:
    """All that is in a masked context."""
    return orjson.dumps(seen, option=orjson.OPT_NON_STR_KEYS).decode()


def test_who_is_cleared_sees_everything() -> None:
    assert masked(context(), Sensitivity.PHI) == context()


@pytest.mark.parametrize("clearance", [Sensitivity.PUBLIC, Sensitivity.INTERNAL, Sensitivity.PII])
def test_who_is_not_sees_none_of_it(clearance: Sensitivity) -> None:
    seen = text_of(masked(context(), clearance))
    assert [words for words in PROTECTED if words in seen] == []


def test_a_name_becomes_what_it_is_the_name_of() -> None:
    assert masked(context(), Sensitivity.INTERNAL)["subject"] == {
        "kind": "result", "id": HIDDEN, "source": "his", "source_key": HIDDEN, "site": "North wing",
        "name": "a result", "sensitivity": "PHI",
    }  # fmt: skip
    assert masked(context(), Sensitivity.PHI)["subject"]["name"] == NAME


@pytest.mark.parametrize(
    ("kind", "name"), [("patient", "a patient"), ("order", "an order"), ("bed_stay", "a bed stay")]
)
def test_generic_names_are_english(kind: str, name: str) -> None:
    assert generic_name(kind) == name


def test_a_name_that_anybody_may_know_does_not_open_the_id() -> None:
    about = {"kind": "bay", "id": 5, "source_key": "B5", "name": "Bay 5", "sensitivity": "INTERNAL"}
    seen = masked({"subject": about}, Sensitivity.INTERNAL)["subject"]
    assert (seen["name"], seen["id"], seen["source_key"]) == ("Bay 5", HIDDEN, HIDDEN)


def test_a_value_that_is_missing_is_hidden_too() -> None:
    leaf = {"label": "HIV test", "value": None, "sensitivity": "PHI"}
    assert masked({"values": [leaf]}, Sensitivity.INTERNAL)["values"][0]["value"] == HIDDEN


@given(label=LABELS, clearance=LEVELS)
def test_labels_are_obeyed_and_unknown_ones_are_phi(label: Any, clearance: Sensitivity) -> None:
    leaf = {"value": MARK, "text": MARK, "name": MARK, "sensitivity": label}
    seen = masked({"values": [leaf], "because": [leaf], "subject": {"kind": "bed", **leaf}}, clearance)
    known = Sensitivity.__members__.get(label, Sensitivity.PHI) if isinstance(label, str) else Sensitivity.PHI
    assert (MARK in text_of(seen)) == (known <= clearance)


@given(
    key=st.text(max_size=12).filter(lambda key: key not in masked(context(), Sensitivity.PUBLIC)),
    value=st.recursive(st.just(MARK), lambda inner: st.lists(inner) | st.dictionaries(st.just(MARK), inner)),
)
def test_what_carries_no_label_is_phi(key: str, value: Any) -> None:
    assert MARK not in text_of(masked({key: value}, Sensitivity.PII))


@pytest.mark.parametrize("key", ["subject", "values", "because", "reminder", "missing", "to"])
@pytest.mark.parametrize("shape", [MARK, [MARK], [[MARK]], {"x": MARK}, [{"value": MARK, "text": MARK}]])
def test_parts_of_another_shape_are_hidden(key: str, shape: Any) -> None:
    assert MARK not in text_of(masked({key: shape}, Sensitivity.PII))
