"""The decks: what they name exists, no measured figure is typed by hand, and the minutes add up."""

import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest

from tests.support.workshop_command import ROOT
from workshop.figures.figure import Figure, published_figures
from workshop.slides.command import DECKS
from workshop.slides.deck import clock, filled, read_deck, slides_of, timed
from workshop.slides.pictures import inlined
from workshop.slides.programs import SLIDES

MINUTES = {"half-day": 240, "one-hour": 60}
TITLES = {"half-day": "| half a day |", "one-hour": "| one hour |"}
"""How the timetables begin."""

PICTURE = re.compile(r"!\[[^\]]*\]\(([^)]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
DIGITS = r"\d[\d,.]*"
UNITS = r"ms|µs|s|seconds?|[kMG]i?B|%|×|times|/s|(?:[a-z-]+ )*requests a second"
MEASURED = re.compile(rf"{DIGITS}\s*(?:{UNITS})(?!\w)|× ?{DIGITS}")
"""A number with the unit of a figure that a run measures."""

NOT_MEASURED = ("99.9 %", "99.5 %", "95 % intervals")
"""Numbers of an example that is worked out on the slide, and of the method."""

INSTRUCTOR = (SLIDES / "INSTRUCTOR.md").read_text()
SOURCES = [*(SLIDES / f"{name}.md" for name in DECKS), *sorted((SLIDES / "parts").glob("*.md"))]


def typed_figures(text: str) -> list[str]:
    """Return what looks like a measured figure in a text, code and placeholders aside."""
    for allowed in NOT_MEASURED:
        text = text.replace(allowed, "")
    return [each[0] for each in MEASURED.finditer(PICTURE.sub("", CODE.sub("", text)))]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_measured_figures_are_placeholders(path: Path) -> None:
    assert typed_figures(path.read_text()) == [], "./stones figures lists the names of figures"


@pytest.mark.parametrize(
    "typed",
    [
        *("it waits 2.9 s", "p99 of 14 ms", "7,011 µs", "47 % of it", "× 0.57", "3.08 times", "1,012 MB"),
        *("103 requests a second", "59 signed-in requests a second", "<!-- 3 min\n\nIt took 481 ms.\n-->"),
    ],
)
def test_typed_figures_are_found(typed: str) -> None:
    assert typed_figures(typed)


def test_what_no_run_measures_may_be_typed() -> None:
    text = "`hang mail 2s`, 15 minutes, step 3, {{memory-step0}}, sixteen threads\n```bash\nhang mail 2s\n```"
    assert typed_figures(text) == []


@pytest.mark.parametrize("name", DECKS)
def test_placeholders_and_pictures_exist(name: str) -> None:
    deck = read_deck(SLIDES / f"{name}.md")
    assert "{{" not in filled(deck, published_figures())
    pictures = PICTURE.findall(deck)
    assert pictures
    assert [each for each in pictures if not (SLIDES / each).is_file()] == []


def test_drawings_are_used_and_say_what_they_show() -> None:
    used = {(SLIDES / each).resolve() for path in SOURCES for each in PICTURE.findall(path.read_text())}
    for path in (SLIDES / "pictures").iterdir():
        assert path.resolve() in used
        tags = {each.tag.rpartition("}")[2] for each in ElementTree.parse(path).iter() if each.text}
        assert tags >= {"title", "desc"}
        assert not re.search(r"(?:href|src|url)\W{0,3}https?:", path.read_text())


@pytest.mark.parametrize("name", DECKS)
def test_every_slide_has_minutes_and_they_add_up(name: str) -> None:
    slides = slides_of(read_deck(SLIDES / f"{name}.md"))
    assert [each.text for each in slides if not each.minutes] == []
    assert sum(each.minutes or 0 for each in slides) == MINUTES[name]


@pytest.mark.parametrize(
    ("name", "begins"),
    [("half-day", "<!-- _class: chapter -->|^# Break$"), ("one-hour", '<!-- header: "[^"]+" -->')],
)
def test_timetable_is_that_of_the_deck(name: str, begins: str) -> None:
    passed, starts = 0, ["0:00"]
    for slide in slides_of(read_deck(SLIDES / f"{name}.md")):
        if re.search(begins, slide.text, re.MULTILINE):
            starts.append(clock(passed))
        passed += slide.minutes or 0
    _, _, table = INSTRUCTOR.partition(TITLES[name])
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in table.partition("\n\n")[0].splitlines()[2:]
    ]
    assert [row[1] for row in rows] == starts
    assert sum(int(row[2]) for row in rows) == MINUTES[name]
    if name == "half-day":
        shown = slides_of(read_deck(SLIDES / "half-day.md"))[1].text
        assert re.findall(r"\d:\d\d", shown) == starts


def test_team_plan_accepts_every_service_with_tests_of_its_own() -> None:
    manifest = tomllib.loads((ROOT / "step2_services" / "step.toml").read_text())
    plan = dict(
        re.findall(r"^\| (\w+) \| `make test STEP=2 ARGS=\"-k '?([^'\"]+)'?\"` \|$", INSTRUCTOR, re.M)
    )
    assert {*plan} == {*manifest["service"]} - {"sync"}
    files = [path.stem for path in (ROOT / "tests" / "contract").glob("test_*.py")]
    for service, expression in plan.items():
        words = expression.split(" or ")
        assert service in words
        assert all(word == service or any(word in file for file in files) for word in words), service


DECK = """---
marp: true
---

# One

<!-- 2 min

Say it.
-->

---

{{memory-step0}}

```yaml
---
```

<!-- 3 min -->
"""


def test_slides_end_where_no_code_is() -> None:
    slides = slides_of(DECK)
    assert [each.minutes for each in slides] == [2, 3]
    assert "# One" in slides[0].text
    assert "yaml" in slides[1].text


def test_notes_say_when_their_slides_end() -> None:
    found = timed(DECK)
    assert "<!-- 2 min, until 0:02\n" in found
    assert "<!-- 3 min, until 0:05 -->" in found


def test_figures_take_the_place_of_their_names_and_keep_their_units() -> None:
    found = filled(DECK, {"memory-step0": Figure("memory-step0", "341 MB", "")})
    assert "\n341\N{NO-BREAK SPACE}MB\n" in found
    with pytest.raises(click.ClickException, match="no figure memory-step0"):
        filled(DECK, {})


def test_parts_take_the_place_of_their_names(tmp_path: Path) -> None:
    deck = tmp_path / "deck.md"
    deck.write_text("a\n\n{{part: of-two}}\n\nb\n")
    with pytest.raises(click.ClickException, match="of-two"):
        read_deck(deck)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "of-two.md").write_text("one\ntwo\n")
    assert read_deck(deck) == "a\n\none\ntwo\n\nb\n"


def test_pictures_become_part_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text("<svg/>")
    page = '<img src="a.svg"><i style="background:url(&quot;a.svg&quot;)"></i><img src="data:x">'
    data = "data:image/svg+xml;base64,PHN2Zy8+"
    found = inlined(page, tmp_path)
    assert found == f'<img src="{data}"><i style="background:url(&quot;{data}&quot;)"></i><img src="data:x">'
    with pytest.raises(click.ClickException, match=r"no picture b\.svg"):
        inlined('<img src="b.svg">', tmp_path)
