"""The header with a reader's latest marks: how it is written and read, and what is refused."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, g, request
from werkzeug.exceptions import BadRequest

from kit.tokens import Claims
from step2_services.own_marks import HEADER, LONGEST, header_of, own_marks

GUNICORN_TAKES = 16_380
"""The largest header line that step2_services/gunicorn.conf.py allows."""

ANN = Claims("ann", "t1", datetime.now(UTC) + timedelta(hours=1))
Read = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture
def read() -> Read:
    """Return the marks that a request with these headers carries, by default a request of Ann's."""
    app = Flask("service")

    def take(headers: dict[str, str], reader: Claims | None = ANN) -> dict[str, dict[str, Any]]:
        with app.test_request_context(headers=headers):
            g.reader = reader
            return own_marks()

    return take


def many(count: int, **mark: Any) -> dict[str, dict[str, Any]]:
    return {f"t3_{number:07}": {"topic": "python", **mark} for number in range(count)}


@pytest.mark.parametrize(
    "marks",
    [
        {"t3_1": {"topic": "python", "tags": ["a", "b-2"], "liked": True, "hidden": False}},
        {"t3_1": {"topic": "python", "tags": []}, "se_1.stack-overflow_X": {"topic": "x", "hidden": True}},
        {"t3_1": {"topic": "Ü ö € 😀 \"'\\,:;\n", "liked": False}},
        {"t3_1": {"topic": ""}},
        many(50, hidden=True),
    ],
    ids=lambda marks: str(marks)[:60],
)
def test_marks_are_read_as_they_were_written(read: Read, marks: dict[str, dict[str, Any]]) -> None:
    headers = header_of(marks)
    assert set(headers) == {HEADER}
    assert headers[HEADER].isascii()
    assert headers[HEADER].isprintable()
    assert read(headers) == marks


def test_without_marks_there_is_no_header(read: Read) -> None:
    assert header_of({}) == {}
    assert read({}) == {}
    assert read({HEADER: "{}"}) == {}


@pytest.mark.parametrize("topic", ["python", "€" * 100, "😀" * 50], ids=["ascii", "euro", "faces"])
def test_only_the_newest_of_too_many_marks_are_sent(read: Read, topic: str) -> None:
    marks = many(2000, topic=topic, hidden=True)
    (found,) = header_of(marks).values()
    assert LONGEST - 2000 < len(found) <= LONGEST < GUNICORN_TAKES - len(f"{HEADER}: \r\n")
    kept = list(read({HEADER: found}))
    assert kept == list(marks)[: len(kept)]
    assert len(kept) < len(marks)


def test_mark_that_is_too_large_is_left_out() -> None:
    large = {"t3_1": {"topic": "x" * LONGEST, "hidden": True}}
    assert header_of(large) == {}
    assert header_of({**large, **many(1)}) == {}, "older marks are not sent without newer ones"


def test_fifty_of_each_kind_fit() -> None:
    """With long names, and each of another post."""
    kinds: list[dict[str, Any]] = [{"hidden": True}, {"liked": True}, {"tags": ["a-rather-long-tag"]}]
    marks = {
        f"t3_{kind}{number:08}": {"topic": "AskProgrammersAnything", **value}
        for kind, value in enumerate(kinds)
        for number in range(50)
    }
    (found,) = header_of(marks).values()
    assert len(json.loads(found)) == 150


@pytest.mark.parametrize("given", ["garbage", '{"t3_1": {"hidden": true}}', ""])
def test_visitors_have_no_marks(read: Read, given: str) -> None:
    assert read({HEADER: given}, None) == {}


def test_marks_that_are_not_sent_stay_unknown(read: Read) -> None:
    assert read({HEADER: '{"t3_1": {"hidden": true}}'}) == {"t3_1": {"topic": "", "hidden": True}}
    assert read({HEADER: '{"t3_1": {"liked": null}}'}) == {"t3_1": {"topic": ""}}


@pytest.mark.parametrize(
    "given",
    [
        *(
            "",
            "x",
            "[]",
            "null",
            "7",
            '"x"',
            "{",
            '{"t3_1"',
            '{"t3_1": []}',
            '{"t3_1": null}',
            '{"t3_1": true}',
        ),
        *('{"x": {}}', '{"": {}}', '{"$where": {}}', '{"t3_1.a": {}}', '{"T3_1": {}}', '{"t3_1\\n": {}}'),
        *('{"t3_1": {"hidden": 1}}', '{"t3_1": {"hidden": "true"}}', '{"t3_1": {"liked": {"$ne": 1}}}'),
        *('{"t3_1": {"tags": "a"}}', '{"t3_1": {"tags": [1]}}', '{"t3_1": {"tags": [{"$gt": ""}]}}'),
        *('{"t3_1": {"topic": 1}}', '{"t3_1": {"topic": {"$gt": ""}}}', '{"t3_1": {"reader": "bob"}}'),
        json.dumps({"t3_1": {"tags": ["a"] * 51}}),
        json.dumps({"t3_1": {"tags": ["a" * 31]}}),
        json.dumps({"t3_1": {"topic": "a" * 201}}),
        "[" * 2000,
        '{"t3_1": {"topic": "\\ud800"}}',
        '{"t3_1": {"topic": "é"}}'.encode().decode("latin-1") + "\x80",
    ],
    ids=lambda given: given[:40].encode("ascii", "backslashreplace").decode(),
)
def test_invalid_header_is_refused(read: Read, given: str) -> None:
    with pytest.raises(BadRequest, match=HEADER):
        read({HEADER: given})


def test_header_survives_a_real_server() -> None:
    """HTTP headers are sent as Latin-1."""
    app = Flask("service")
    marks = {"t3_1": {"topic": "Ü€😀", "tags": ["a"]}}

    @app.get("/")
    def check() -> dict[str, Any]:
        g.reader = ANN
        assert HEADER in request.headers
        return own_marks()

    assert app.test_client().get("/", headers=header_of(marks)).json == marks
