"""The pictures of legs are drawn from data, and the data are from traces of running steps."""

import os
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.workshop_command import call
from workshop.legs.collector import Span
from workshop.legs.pictures import pictures
from workshop.legs.readers import Sent
from workshop.legs.traces import event_of, is_complete, legs_of, requests_of
from workshop.legs.ways import CLIENTS, FILE, FOLDER, VERBS, Way, read, write
from workshop.steps import step_numbers
from workshop.testbed.process import NotMeasured

COMMITTED = sorted(path.name for path in FOLDER.iterdir())
README_WIDTH, READABLE = 850.0, 12.0
"""How wide a page shows a picture, and how large letters have to be there, in pixels."""

SVG = "{http://www.w3.org/2000/svg}"
SENT = Sent("c" * 32, "a" * 16)


class TestCommittedPictures:
    def test_there_is_a_way_of_each_verb_step_and_client(self) -> None:
        found = [(way.verb, way.step, way.client) for way in read()]
        assert found == [
            (verb, step, client) for verb in VERBS for step in step_numbers() for client in CLIENTS
        ]

    def test_they_are_what_the_data_draw(self) -> None:
        drawn = dict(pictures(read()))
        assert sorted([*drawn, FILE]) == COMMITTED
        for name, content in drawn.items():
            assert (FOLDER / name).read_text() == content, f"{name}: run `./stones legs --write`"

    def test_the_file_is_what_the_command_writes(self, tmp_path: Path) -> None:
        write(read(), tmp_path)
        assert (tmp_path / FILE).read_text() == (FOLDER / FILE).read_text()

    @pytest.mark.parametrize("name", [name for name in COMMITTED if name.endswith(".svg")])
    def test_each_can_be_read_on_any_page(self, name: str) -> None:
        text = (FOLDER / name).read_text()
        assert re.findall(r"(?:https?:|url\(|href)[^\"']*", text) == ["http://www.w3.org/2000/svg"]
        root = ET.fromstring(text)
        assert root.findtext(f"{SVG}title")
        assert root.findtext(f"{SVG}desc")
        width, height = float(root.attrib["width"]), float(root.attrib["height"])
        ground = next(root.iter(f"{SVG}rect"))
        assert (float(ground.attrib["width"]), float(ground.attrib["height"])) == (width, height)
        shrunk = min(1.0, README_WIDTH / width)
        for line in root.iter(f"{SVG}text"):
            assert float(line.attrib["font-size"]) * shrunk >= READABLE


def test_a_running_step_shows_the_legs_of_the_committed_data(tmp_path: Path) -> None:
    folder = tmp_path / "legs"
    shutil.copytree(FOLDER, folder)
    output = call(["legs", "--step", "1", "--write", "--folder", str(folder)], {**os.environ})
    for way in (way for way in read() if way.step == 1):
        assert way.as_text() in output
    for name in COMMITTED:
        assert (folder / name).read_text() == (FOLDER / name).read_text(), name


def span(service: str, kind: str, name: str, parent: str, at: tuple[int, int], **attributes: str) -> Span:
    return Span(service, name, kind, SENT.trace, name, parent, *at, attributes, frozenset())


def page_of(first: tuple[int, int], second: tuple[int, int]) -> list[Span]:
    """Return the trace of a page for which `web` requests something from `tag` and `like`, at these times."""
    return [
        span(
            "web",
            "SERVER",
            "page",
            SENT.span,
            (0, 100),
            **{"http.method": "GET", "http.target": "/search?q=a"},
        ),
        span("web", "CLIENT", "to tag", "page", first),
        span("web", "CLIENT", "to like", "page", second),
        span("tag", "SERVER", "tag", "to tag", first, **{"http.method": "GET", "http.target": "/own?a=b"}),
        span("tag", "CLIENT", "find", "tag", first, **{"db.system": "mongodb"}),
        span(
            "like",
            "SERVER",
            "like",
            "to like",
            second,
            **{"http.method": "PUT", "url.path": "/posts/x1/like"},
        ),
    ]


def lines_of(traces: Sequence[Sequence[Span]]) -> list[str]:
    legs = legs_of([requests_of(each, SENT, "browser") for each in traces])
    return Way("search", 2, "browser", legs).as_text().splitlines()


class TestLegs:
    def test_one_after_another(self) -> None:
        assert [re.sub(" +", " ", line) for line in lines_of([page_of((1, 5), (6, 9))])] == [
            "search at step 2, browser: 3 legs",
            "1 browser → web GET /search",
            "2 web → tag GET /own 1 to its database",
            "3 web → like PUT /posts/…/like",
        ]

    def test_what_overlaps_in_one_of_the_traces_is_sent_at_the_same_time(self) -> None:
        lines = lines_of([page_of((1, 5), (6, 9)), page_of((1, 5), (4, 9)), page_of((7, 9), (1, 5))])
        assert [line[0] for line in lines[1:]] == ["1", "2", "2"]
        assert ["like" in lines[2], "tag" in lines[3]] == [True, True]

    def test_traces_that_do_not_agree_are_refused(self) -> None:
        other = [each for each in page_of((1, 5), (6, 9)) if "like" not in each.name]
        with pytest.raises(NotMeasured, match="took different ways"):
            lines_of([page_of((1, 5), (6, 9)), other])

    @pytest.mark.parametrize("lacking", ["page", "to tag", "tag", "like"])
    def test_a_trace_that_lacks_a_span_is_not_complete(self, lacking: str) -> None:
        spans = page_of((1, 5), (6, 9))
        assert is_complete(spans, SENT)
        assert not is_complete([each for each in spans if each.name != lacking], SENT)


class TestEvent:
    CAUSED = frozenset({SENT.trace})

    def events(self, handled_at: int) -> list[Span]:
        capture = span("capture", "PRODUCER", "publish like", "", (10, 20))
        handled = [
            span(name, "CONSUMER", f"{name} handles like", "", (handled_at, 99)) for name in ("b", "a")
        ]
        return [replace(each, trace="other", causes=self.CAUSED) for each in (capture, *handled)]

    @pytest.mark.parametrize(("handled_at", "before"), [(40, True), (60, False)])
    def test_it_is_found_by_the_links_to_its_cause(self, handled_at: int, before: bool) -> None:
        event = event_of(self.events(handled_at), SENT.trace, 50, "like")
        assert event is not None
        assert (event.publisher, event.subscribers, event.before_response) == ("capture", ("a", "b"), before)

    def test_a_second_delivery_changes_nothing(self) -> None:
        events = [*self.events(60), *self.events(40), *self.events(70)]
        event = event_of(events, SENT.trace, 50, "like")
        assert event is not None
        assert (event.subscribers, event.before_response) == (("a", "b"), True)

    def test_without_links_there_is_none(self) -> None:
        assert event_of(page_of((1, 5), (6, 9)), SENT.trace, 50, "like") is None
