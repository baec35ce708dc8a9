"""HTML becomes Markdown: what is said stays, what leads through the site goes."""

from __future__ import annotations

import pytest

from rag.readers.parsed import Parsed
from rag.readers.reading import read_file

PAGE = """<!DOCTYPE html><html><head><title>Wards — Manual</title><style>p{}</style></head><body>
<nav><a href="/">Home</a></nav><header>Logo</header>
<main><h1>Wards<a class="headerlink" href="#w">¶</a></h1><script>alert(1)</script><!-- hidden -->
<p>Each <b>bed</b> is <a href="/beds">listed</a>, see <a href="https://example.org/x">there</a>.</p>
<pre><code class="language-sh">ls
  -l</code></pre>
<table><tr><th>Bed</th></tr><tr><td>B1</td></tr></table><ul><li>one<ul><li>two</li></ul></li></ul>
<img src="x.png" alt="The plan"></main><footer>Imprint</footer></body></html>"""


def page() -> Parsed:
    return read_file(PAGE.encode(), "wards.html")


def test_its_title_is_what_it_calls_itself() -> None:
    assert page().title == "Wards — Manual"
    assert read_file(b"<h1>Beds</h1>", "x.html").title == "Beds"
    assert read_file(b"<p>text</p>", "first_steps.html").title == "first steps"


@pytest.mark.parametrize(
    "said",
    [
        "# Wards\n",
        "Each **bed** is listed, see [there](https://example.org/x).",
        "```sh\nls\n  -l\n```",
        "| Bed |\n| --- |\n| B1 |",
        "- one\n  - two",
        "The plan",
    ],
)
def test_what_it_says_is_kept(said: str) -> None:
    assert said in page().markdown


@pytest.mark.parametrize("unsaid", ["Home", "Logo", "alert", "hidden", "Imprint", "p{}", "DOCTYPE", "¶"])
def test_what_only_builds_the_page_is_left_out(unsaid: str) -> None:
    assert unsaid not in page().markdown
