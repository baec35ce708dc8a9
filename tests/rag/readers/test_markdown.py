"""Markdown as it is written in the wild becomes plain Markdown, and code in it stays as it is."""

from __future__ import annotations

import pytest

from rag.readers.parsed import Parsed
from rag.readers.reading import read_file

FENCED = "```html\n<div><!-- kept --> ![x](y.png)\n!!! note\n```"


def read(text: str, name: str = "guide/page.md") -> Parsed:
    return read_file(text.encode(), name)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: Wards\ntags: [a]\n---\n# Other\n\ntext", "Wards"),
        ('+++\ntitle = "Wards"\n+++\n\ntext', "Wards"),
        ("# The **ward** `list` {#wards}\n\ntext", "The ward list"),
        ("## Only a section\n\ntext", "page"),
        ("---\ntitle: [1]\n---\ntext", "page"),
        ("---\nno front matter: [\n---\n\ntext", "page"),
    ],
)
def test_the_title_is_what_the_file_says_first(text: str, title: str) -> None:
    assert read(text).title.replace("*", "") == title


@pytest.mark.parametrize(
    ("name", "title"), [("hr/index.md", "hr"), ("02-first_steps.md", "first steps"), ("README.md", "README")]
)
def test_without_one_the_name_is_the_title(name: str, title: str) -> None:
    assert read("text", name).title == title


def test_front_matter_is_no_text() -> None:
    assert read("---\ntitle: Wards\n---\ntext").markdown == "text"


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("a <!-- hidden\n\nmore --> b", "a  b"),
        ("![A bed](bed.png){: width=20 } there", "A bed there"),
        ("see [beds](../beds.md#top)", "see beds"),
        ("see [beds](https://example.org/beds)", "see [beds](https://example.org/beds)"),
        ("press <kbd>F1</kbd><br>now", "press F1 now"),
        ("say <your-name> here", "say <your-name> here"),
        ("# Beds { #beds }", "# Beds"),
        ("x {% include 'img.html' %} y", "x  y"),
        ('<img src="a.png" alt="A map"> here', "A map here"),
        ("`<b>kept</b> ![x](y)`", "`<b>kept</b> ![x](y)`"),
        ("| a | b |\n| ------ | ------ |\n| c | d |", "| a | b |\n| --- | --- |\n| c | d |"),
        (FENCED, FENCED),
        ("    <b>indented code</b>", "    <b>indented code</b>"),
    ],
)
def test_what_stands_within_lines(text: str, markdown: str) -> None:
    assert read(text).markdown == markdown


def test_a_table_of_html_becomes_one_of_markdown_even_with_blank_lines() -> None:
    text = "before\n\n<table>\n<tr><th>Bed</th></tr>\n\n    <tr><td>B1</td></tr>\n</table>\n\nafter"
    assert read(text).markdown == "before\n\n\n| Bed |\n| --- |\n| B1 |\n\n\nafter"


@pytest.mark.parametrize(
    "box",
    [
        '!!! warning "Mind"\n    Text one.\n\n    ```sh\n    ls\n    ```',
        ":::warning[Mind]\nText one.\n\n```sh\nls\n```\n:::",
        ":::warning Mind\nText one.\n\n```sh\nls\n```\n:::",
    ],
)
def test_boxes_become_paragraphs_and_their_code_stays_code(box: str) -> None:
    said = [line for line in read(f"before\n\n{box}\n\nafter").markdown.split("\n") if line]
    assert said == ["before", "**Warning: Mind**", "Text one.", "```sh", "ls", "```", "after"]


def test_a_box_within_a_box() -> None:
    said = read("??? note\n    one\n\n    !!! tip\n        two\n\nthree").markdown.split("\n")
    assert [line for line in said if line] == ["**Note**", "one", "**Tip**", "two", "three"]


MDX = """import T from './t'

{/* hidden */}

<T title="Linux" on={() => f()}>Run it.</T>

```js
import x from 'x'
```"""


def test_mdx_loses_its_imports_and_components_and_keeps_their_words() -> None:
    said = [line for line in read(MDX, "a.mdx").markdown.split("\n") if line]
    assert said == ["**Linux** Run it.", "```js", "import x from 'x'", "```"]
