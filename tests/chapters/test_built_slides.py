"""The decks as they are built: they need no network, nothing leaves its slide, and each has its PDF."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support.make import make
from tests.support.workshop_command import call
from workshop.slides.command import DECKS
from workshop.slides.deck import read_deck, slides_of
from workshop.slides.programs import SLIDES, find_browser

pytestmark = pytest.mark.chapter

OUTSIDE = """deck => {
  const section = deck.querySelector('section:not([data-marpit-advanced-background=background])')
  const slide = section.getBoundingClientRect()
  const room = new DOMRect(slide.x, slide.y, slide.width, slide.height - NUMBER)
  const leaves = (box, room) => box.width > 0 && (box.left < room.left - 1 || box.right > room.right + 1
    || box.top < room.top - 1 || box.bottom > room.bottom + 1)
  const found = []
  for (const element of section.querySelectorAll('*')) {
    if (leaves(element.getBoundingClientRect(), room)) found.push(element.tagName)
    const frame = element.closest('pre')?.getBoundingClientRect() ?? room
    for (const text of element.childNodes) {
      if (text.nodeType !== Node.TEXT_NODE || !text.data.trim()) continue
      const range = document.createRange()
      range.selectNodeContents(text)
      if ([...range.getClientRects()].some(box => leaves(box, frame))) found.push(text.data.trim())
    }
  }
  return found
}""".replace("NUMBER", "48")
"""What is outside a slide, or beside the frame of its code. Below is the number of the slide."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the decks as `make slides` builds them."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.skip(f"no {program}: slides are built with Node.js")
    if not find_browser():
        pytest.skip("no Chromium: it prints the PDF")
    folder = tmp_path_factory.mktemp("slides")
    printed = make("slides", f"ARGS=--folder {folder}")
    assert f"{folder / 'half-day.pdf'}\n" in printed
    return folder


@pytest.fixture(params=DECKS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    yield context.new_page()
    context.close()


def test_deck_requests_nothing_but_itself(built: Path, name: str, page: Page) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto((built / f"{name}.html").as_uri(), wait_until="networkidle")
    assert page.evaluate("[...document.images].every(each => each.complete && each.naturalWidth > 0)")
    assert [each for each in requested if not each.startswith("data:")] == [page.url.partition("#")[0]]


def test_deck_names_no_address_outside(built: Path, name: str) -> None:
    html = (built / f"{name}.html").read_text()
    named = re.findall(
        r"""(?:src|href|data|url|import|action)\s*[=(]\s*(?:&quot;|["'])?((?!data:)[\w./:-]+)""", html
    )
    outside = [each for each in named if re.match(r"(?:\w+:)?//", each)]
    assert [each for each in outside if not each.startswith("http://127.0.0.1:")] == []


def test_nothing_leaves_its_slide(built: Path, name: str, page: Page) -> None:
    page.goto((built / f"{name}.html").as_uri())
    number = len(slides_of(read_deck(SLIDES / f"{name}.md")))
    assert page.locator("svg[data-marpit-svg]").count() == number
    for slide in range(1, number + 1):
        page.goto(f"{(built / f'{name}.html').as_uri()}#{slide}")
        deck = page.locator("svg[data-marpit-svg].bespoke-marp-active")
        deck.wait_for()
        assert deck.evaluate(OUTSIDE) == [], f"slide {slide}"


def test_notes_are_in_the_presenters_view(built: Path, name: str) -> None:
    html = (built / f"{name}.html").read_text()
    minutes = [each.minutes for each in slides_of(read_deck(SLIDES / f"{name}.md"))]
    notes = re.findall(
        r'<div class="bespoke-marp-note" data-index="\d+"[^>]*><p>(\d+) min, until \d+:\d\d', html
    )
    assert [int(each) for each in notes] == minutes


def test_pdf_has_a_sheet_for_each_slide(built: Path, name: str) -> None:
    pdf = (built / f"{name}.pdf").read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == len(slides_of(read_deck(SLIDES / f"{name}.md")))


def test_without_a_browser_there_is_html_and_word_of_it(built: Path, tmp_path: Path) -> None:
    programs, folder = tmp_path / "programs", tmp_path / "slides"
    programs.mkdir()
    (programs / "node").symlink_to(shutil.which("node") or "")
    env = {name: value for name, value in os.environ.items() if name != "CHROME_PATH"}
    printed = call(["slides", "--folder", str(folder)], {**env, "PATH": str(programs)})
    assert "There is no Chromium, so there is no PDF." in printed
    assert {each.name for each in folder.iterdir()} == {f"{each}.html" for each in DECKS}
