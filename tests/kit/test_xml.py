"""XML from strangers is read whole or piece by piece, and whatever is a trap is refused at once."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Rejected
from kit.xml import iterparse, local_name, parse

LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<lolz>&c;</lolz>"""
FILE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>'
DTD = b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>'
PARAMETER = b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]><x/>'


def test_a_document_reads_with_text_attributes_and_order() -> None:
    root = parse("<a x='1'>one<b>two</b>three<c/><n:b>vier &amp; fünf</n:b></a>")
    assert (root.tag, root.attrib, root.text) == ("a", {"x": "1"}, "one")
    assert [(child.tag, child.text, child.tail) for child in root] == [
        ("b", "two", "three"), ("c", None, None), ("n:b", "vier & fünf", None),
    ]  # fmt: skip
    assert [local_name(child.tag) for child in root] == ["b", "c", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_bytes_are_read_in_the_encoding_that_they_declare(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?><a>München</a>'.encode(encoding)
    assert parse(body).text == "München"


def test_pieces_come_one_by_one_and_are_forgotten() -> None:
    body = (
        "<r><h>no</h>"
        + "".join(f"<n:p><i>{i}</i><p>in</p></n:p> <!-- {i} -->" for i in range(9_000))
        + "</r>"
    )
    found = list(iterparse(body, {"p"}))
    assert len(found) == 9_000
    assert [piece[0].text for piece in found[:3]] == ["0", "1", "2"]
    assert found[0][1].text == "in"
    assert found[0].tail is None


@pytest.mark.parametrize("body", [LAUGHS, FILE, DTD, PARAMETER])
def test_declarations_are_refused(body: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        parse(body)
    assert refused.value.code == "xml.declarations"
    with pytest.raises(Rejected):
        list(iterparse(body, {"lolz", "x"}))


def test_an_entity_that_nobody_declared_is_refused() -> None:
    with pytest.raises(Rejected) as refused:
        parse("<a>&nbsp;</a>")
    assert refused.value.code == "xml.malformed"


def test_deep_nesting_is_refused() -> None:
    assert parse("<a>" * 64 + "</a>" * 64) is not None
    with pytest.raises(Rejected) as refused:
        parse("<a>" * 100_000)
    assert refused.value.code == "xml.too_deep"
    with pytest.raises(Rejected):
        parse("<a><b><c/></b></a>", max_depth=2)


def test_endless_elements_are_refused() -> None:
    with pytest.raises(Rejected) as refused:
        parse("<a>" + "<b/>" * 50 + "</a>", max_elements=50)
    assert refused.value.code == "xml.too_large"


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"<a>", b"<a></b>", b"<a/><b/>", b"\xff\xfe", b"<a>\x00</a>", b"<a>\xff</a>",
     b'<?xml version="1.0" encoding="martian"?><a/>'],
)  # fmt: skip
def test_what_is_no_xml_is_refused_with_a_remedy(body: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        parse(body)
    assert refused.value.code in ("xml.malformed", "xml.encoding")
    assert refused.value.remedy


def test_a_cut_document_raises_after_its_whole_pieces() -> None:
    pieces = iterparse("<r><p>1</p><p>2</p><p>", {"p"})
    with pytest.raises(Rejected):
        list(pieces)


def test_many_attributes_and_long_text_are_read_in_good_time() -> None:
    body = "<a " + " ".join(f"k{i}='v'" for i in range(50_000)) + ">" + "x" * 5_000_000 + "</a>"
    start = time.perf_counter()
    assert len(parse(body).attrib) == 50_000
    assert time.perf_counter() - start < 5


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for whole in (body, b"<a>" + body + b"</a>"):
        with contextlib.suppress(Rejected):
            assert parse(whole).tag
