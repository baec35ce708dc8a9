"""reStructuredText, also that of Sphinx, becomes Markdown; no file is opened for it."""

from __future__ import annotations

import socket
from pathlib import Path
from time import perf_counter

import pytest

from rag.document import UnreadableError
from rag.readers.reading import read_file

PAGE = """
.. _beds:

The |ward| list
===============

.. toctree::

   hidden

See :ref:`Clean <clean>`, :doc:`/use/first_steps` and :guilabel:`Save`. `Broken <nowhere>`__ and bad_ here.

.. note:: Mind the **step**
   of the door.

.. versionadded:: 2.1
   New.

.. code-block:: python
   :emphasize-lines: 1

   call()

.. figure:: bed.png
   :alt: not this

   A bed.

.. image:: plan.png
   :alt: The plan

.. unheard-of:: Some words
   :option: x

   and its text.

Names
-----

====  ====
Bed   Ward
====  ====
B1    W1
====  ====
"""


def markdown(text: str) -> str:
    return read_file(text.encode(), "page.rst").markdown


def test_the_title_is_the_first_heading() -> None:
    assert read_file(PAGE.encode(), "page.rst").title == "The ward list"


@pytest.mark.parametrize(
    "said",
    [
        "# The ward list",
        "See Clean, first steps and Save.",
        "**Note**\n\nMind the **step**\nof the door.",
        "**Added: 2.1",
        "```python\ncall()\n```",
        "A bed.",
        "The plan",
        "**Some words**\n\nand its text.",
        "## Names",
        "| Bed | Ward |\n| --- | --- |\n| B1 | W1 |",
    ],
)
def test_what_it_says_is_kept(said: str) -> None:
    assert said in markdown(PAGE)


@pytest.mark.parametrize("unsaid", ["toctree", "hidden", "|ward|", "not this", "::", "system", "_beds"])
def test_what_only_builds_the_page_is_left_out(unsaid: str) -> None:
    assert unsaid not in markdown(PAGE)


@pytest.mark.parametrize(
    "text",
    [
        ".. include:: {}",
        ".. raw:: html\n   :file: {}",
        ".. literalinclude:: {}",
        ".. csv-table::\n   :file: {}",
        ".. csv-table::\n   :url: file://{}",
        ".. image:: {}\n   :scale: 50 %",
        ".. role:: raw-it(raw)\n   :format: html\n\n:raw-it:`<b>`\n\n.. include:: {}",
    ],
)
def test_no_file_is_opened(tmp_path: Path, text: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("kept-secret")
    assert "kept-secret" not in markdown(f"Words.\n\n{text.format(secret)}\n")


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: reached.append(address))
    assert markdown("Words.\n\n.. csv-table::\n   :url: http://127.0.0.1:9/x\n").startswith("Words.")
    assert reached == []


@pytest.mark.parametrize(
    "text", ["Title\n==\n\ntext", "=====\nbad", "* a\nb\n - c", ".. note::", "+--+\n| a |", "`open"]
)
def test_broken_text_is_still_text(text: str) -> None:
    assert markdown(text)[:1] or text == ".. note::"


def test_it_says_the_same_every_day() -> None:
    assert markdown(".. |now| date:: %Y\n\nIt is |now|.").endswith("It is now.")


def test_substitutions_that_fill_the_memory_are_refused() -> None:
    doubled = "\n".join(f".. |a{at}| replace:: |a{at + 1}| |a{at + 1}|" for at in range(40))
    with pytest.raises(UnreadableError, match="substitutions"):
        markdown(f"{doubled}\n\n|a0|")


@pytest.mark.parametrize("line", ["*a " * 300, "+--+\n|a |", ".. _a:"], ids=["marks", "table", "targets"])
def test_a_block_that_would_take_for_ever_is_prose(line: str) -> None:
    began = perf_counter()
    parsed = read_file((f"{line}\n" * (200_000 // len(line))).encode(), "a.rst")
    assert parsed.markdown
    assert perf_counter() - began < 20
