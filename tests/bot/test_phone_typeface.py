"""The page brings its own Devanagari, in the weights that it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.phone import Phone
from bot.phone.page import STATIC
from tests.bot.phone_server import Line, served

TRUETYPE = b"\x00\x01\x00\x00"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with served(Phone(tmp_path)) as line:
        yield line


def test_every_typeface_that_the_page_names_is_there_and_allowed(line: Line) -> None:
    faces = re.findall(r'src: url\("([^"]+)"\)', (STATIC / "phone.css").read_text("utf-8"))
    assert len(faces) == 4
    bodies = set()
    for place in faces:
        reply = httpx.get(f"{line.url}{place}")
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "font/ttf"
        assert reply.content.startswith(TRUETYPE)
        bodies.add(reply.content)
    assert len(bodies) == 4, "each weight is a face of its own"
    policy = httpx.get(f"{line.url}/phone").headers["content-security-policy"]
    assert "font-src 'self'" in policy


@pytest.mark.parametrize("weight", ["black", "..%2fserver", "regular.ttf"])
def test_no_other_file_is_served_by_its_name(line: Line, weight: str) -> None:
    assert httpx.get(f"{line.url}/phone/font/{weight}.ttf").status_code == 404
