"""No XML document does harm, and what a sound one says is all there."""

from __future__ import annotations

import pytest

from substrate.sources.source import Fault
from substrate.sources.xml_tree import BadXmlError, XmlLimits, read_tree

LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
FETCHES = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
POINTS = b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>'


@pytest.mark.parametrize("body", [LAUGHS, FETCHES, POINTS, b"<!DOCTYPE x><x/>"])
def test_a_document_type_is_refused(body: bytes) -> None:
    with pytest.raises(BadXmlError, match="document type or entity"):
        read_tree(body)


@pytest.mark.parametrize("body", [b"", b"<x>", b"<x></y>", b"<x/><y/>", b"<x>&nbsp;</x>", b"\x00", b"<x>\xff</x>"])
def test_what_is_not_well_formed_is_refused_without_its_values(body: bytes) -> None:
    with pytest.raises(BadXmlError, match=r"not XML: .* in line \d+") as refused:
        read_tree(body)
    assert refused.value.fault is Fault.UNREADABLE


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(BadXmlError):
        read_tree(b'<?xml version="1.0" encoding="klingon"?><x/>')


@pytest.mark.parametrize("text", ["Żółć 漢字", "<![CDATA[a<b]]>"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_text_is_read_in_the_encodings_of_xml(text: str, encoding: str) -> None:
    root = read_tree(f'<?xml version="1.0" encoding="{encoding}"?><x> {text} </x>'.encode(encoding))
    assert root.text == text.removeprefix("<![CDATA[").removesuffix("]]>")


def test_depth_and_size_are_bounded() -> None:
    with pytest.raises(BadXmlError, match="deeper than 3"):
        read_tree(b"<a><b><c><d/></c></b></a>", XmlLimits(depth=3))
    with pytest.raises(BadXmlError, match="more than 3 elements"):
        read_tree(b"<a><b/><b/><b/></a>", XmlLimits(nodes=3))
    with pytest.raises(BadXmlError, match="deeper"):
        read_tree(b"<a>" * 100_000)


def test_names_keep_their_namespace_and_prefix() -> None:
    root = read_tree(b'<e:a xmlns:e="urn:e" k="1" e:k="2"><b xmlns="urn:f"/><c/></e:a>')
    names = [(node.name.local, node.name.space, node.name.prefix) for node in (root, *root.children)]
    assert names == [("a", "urn:e", "e"), ("b", "urn:f", ""), ("c", "", "")]
    assert (root.attribute("k"), root.first("b") is not None, root.first("b", "c")) == ("1", True, None)
