"""HTML as Markdown: headings, lists, tables and code kept; scripts, styles and navigation left out."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag
from markdownify import ATX, MarkdownConverter

from rag.readers.bounds import bounded_html
from rag.readers.parsed import Parsed, title_of

_DROPPED = ["script", "style", "nav", "footer", "noscript", "template", "svg", "iframe", "object", "form", "button"]
_LANGUAGE = re.compile(r"^(?:language-|lang-|highlight-)?([a-z][a-z0-9+#-]{0,20})$")
_NO_LANGUAGES = {"code", "literal-block", "highlight", "sourcecode", "default", "notranslate"}
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")


class _Converter(MarkdownConverter):
    """Pictures become their words, and links within the site their text: neither can be opened from an answer."""

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """A picture's words."""
        return " ".join(str(el.get("alt") or "").split())

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """A link: with its address where that is a whole one."""
        whole = str(el.get("href") or "").startswith(("https://", "http://"))
        return f"[{text}]({el.get('href')})" if whole and text.strip() else text


def read_html(text: str, name: str) -> Parsed:
    """A page: its main part where it says which that is, called what it calls itself."""
    soup = BeautifulSoup(bounded_html(text), "html.parser")
    named = soup.find("title")
    main = soup.find("main") or soup.find("article") or soup.find("body") or soup
    heading = main.find("h1") if isinstance(main, Tag) else None
    title = next((words for one in (named, heading) if one is not None and (words := _words(one))), title_of(name))
    return Parsed(title, _markdown(main if isinstance(main, Tag) else soup))


def to_markdown(html: str) -> str:
    """A piece of HTML as Markdown."""
    return _markdown(BeautifulSoup(bounded_html(html), "html.parser"))


def _markdown(part: Tag) -> str:
    for tag in part.find_all(_DROPPED):
        tag.decompose()
    for tag in part.select("a.headerlink, head, [role=navigation], [hidden]"):
        tag.decompose()
    for header in part.find_all("header"):
        if header.find(["h1", "h2"]) is None:
            header.decompose()
    converter = _Converter(
        heading_style=ATX,
        bullets="-",
        escape_asterisks=False,
        escape_underscores=False,
        table_infer_header=True,
        code_language_callback=_language,
    )
    return _BLANK_LINES.sub("\n\n", str(converter.convert_soup(part))).strip()


def _language(pre: Tag) -> str:
    """The language of a code block, as its classes or those of the code in it tell."""
    code = pre.find("code")
    for tag in (pre, code):
        for name in (tag.get("class") or []) if isinstance(tag, Tag) else []:
            found = _LANGUAGE.match(name)
            if found and found[1] not in _NO_LANGUAGES:
                return found[1]
    return ""


def _words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").replace("¶", " ").split())
