"""The press: text is only text, a template reads nothing outside its folder, many threads share it, faults are told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import fontpkg
import pypdfium2
import pytest
import typst

from kit.typeset import LARGE, Press

AT = datetime(2026, 11, 20, tzinfo=UTC)
PLAIN = """
#set page(width: 100pt, height: auto, margin: 5pt)
#set text(font: "Mukta")
#let data = json(bytes(sys.inputs.data))
#for word in data.words { par(word) }
"""


@pytest.fixture
def press(tmp_path: Path) -> Press:
    """A press with one template that prints words."""
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "plain.typ").write_text(PLAIN, "utf-8")
    (folder / "broken.typ").write_text("#panic(sys.inputs.data)", "utf-8")
    (folder / "nosy.typ").write_text('#read("../secret.txt")', "utf-8")
    (folder / "two.typ").write_text("#set page(width: 10pt, height: 10pt)\n#pagebreak()", "utf-8")
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    return Press(folder, [fontpkg.path("Mukta").parent])


def read(pdf: bytes) -> str:
    """The text of all pages."""
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]
    return " ".join(" ".join(pages).split())


def test_text_is_only_text(press: Press) -> None:
    word = '#eval("1+1") $x$ *b* </script> \\u{41}'
    assert read(press.pdf("plain.typ", {"words": [word]}, at=AT)) == word


def test_a_large_sheet_is_the_same_as_if_it_were_set_here(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {"words": [f"word {n}" for n in range(LARGE // 8)]}
    apart = press.pdf("plain.typ", data, at=AT)
    monkeypatch.setattr("kit.typeset.LARGE", 10**9)
    assert press.pdf("plain.typ", data, at=AT) == apart


def test_many_threads_share_the_press(press: Press) -> None:
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda n: press.pdf("plain.typ", {"words": [f"sheet {n}"]}, at=AT), range(60)))
    assert [read(pdf) for pdf in made] == [f"sheet {n}" for n in range(60)]


def test_a_picture_has_the_wished_size_and_one_page(press: Press) -> None:
    picture = press.png("plain.typ", {"words": ["x"]}, pixels_per_point=3)
    assert int.from_bytes(picture[16:20], "big") == 300
    with pytest.raises(TypeError, match="2 pages"):
        press.png("two.typ", {}, pixels_per_point=1)


def test_a_template_reads_nothing_outside_its_folder(press: Press) -> None:
    with pytest.raises(typst.TypstError):
        press.pdf("nosy.typ", {}, at=AT)


@pytest.mark.parametrize("size", [1, LARGE])
def test_a_fault_is_told_and_the_press_goes_on(press: Press, size: int) -> None:
    for _ in range(3):
        with pytest.raises(RuntimeError):
            press.pdf("broken.typ", {"words": ["x" * size]}, at=AT)
    assert read(press.pdf("plain.typ", {"words": ["fine"]}, at=AT)) == "fine"
