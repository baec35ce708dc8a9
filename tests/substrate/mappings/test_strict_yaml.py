"""YAML as people mean it."""

from __future__ import annotations

import pytest

from substrate.mappings.strict_yaml import load


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("{NO: Norway, on: 1}", {"NO": "Norway", "on": 1}), ("a: 010", {"a": "010"}), ("a: 12:30", {"a": "12:30"}),
        ("a: 2019-06-01", {"a": "2019-06-01"}), ("{1: a, true: b}", {"1": "a", "true": "b"}), ("a: yes", {"a": "yes"}),
        ("[1, 2.5, -3, true, null, ~]", [1, 2.5, -3, True, None, None]),
        ("a: 1_000", {"a": "1_000"}), ("a:", {"a": None}),
    ],
)  # fmt: skip
def test_what_stands_there_is_meant(text: str, data: object) -> None:
    assert load(text) == data


@pytest.mark.parametrize("text", ["{a: 1, a: 2}", "a: [", "a: &x 1\nb: *y", "!!python/object:os.system {}"])
def test_what_is_no_plain_data_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"line|tag|twice"):
        load(text)
