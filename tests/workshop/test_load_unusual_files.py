"""Unusual files: whatever a person would recognise as a post is loaded, and no fault ends a file early."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.workshop.test_load_files import listing, read, submissions, things, written
from workshop.load.files import json_records, xml_rows
from workshop.load.files.source import FileSource
from workshop.load.problems import LoadError, Problem
from workshop.load.source import Record

MADE = submissions(4)
RECORDS = [json.loads(each.line()) for each in MADE]
LINES = [json.dumps(each) for each in RECORDS]
IDS = [each.post_id for each in MADE]
BOM = "\ufeff"
COMMENT = '{"id": "c1", "name": "t1_c1", "body": "Me too", "author": "x"}'


def shell(record: dict[str, Any]) -> str:
    """Return a document as MongoDB's old shell prints it."""
    line = json.dumps(record | {"_id": "here", "edited": "there"}, indent="\t")
    return line.replace('"here"', 'ObjectId("5f00")').replace('"there"', "undefined")


FORMS: dict[str, str] = {
    "an archive's response": json.dumps({"data": RECORDS, "error": None, "metadata": {"total_results": 4}}),
    "one with the list last": json.dumps({"error": None, "metadata": {"n": 4}, "data": RECORDS}),
    "an indented response": json.dumps({"data": RECORDS}, indent=2),
    "a response on each line": "\n".join(json.dumps({"data": [each]}) for each in RECORDS),
    "a list in a list": json.dumps({"status": "ok", "data": {"posts": RECORDS}}),
    "a search engine's hits": json.dumps({"hits": {"hits": [{"_source": each} for each in RECORDS]}}),
    "listings put together": json.dumps(listing(things(MADE[:2]))) + json.dumps(listing(things(MADE[2:]))),
    "things a line": "\n".join(map(json.dumps, things(MADE))),
    "files put together": "".join(f"{BOM}{line}\r\n" for line in LINES),
    "arrays put together": json.dumps(RECORDS[:2]) + BOM + json.dumps(RECORDS[2:], indent=1),
    "lines, then a pretty array": LINES[0] + "\n" + json.dumps(RECORDS[1:], indent=4),
    "lines, then pretty objects": "\n".join(
        [LINES[0], *(json.dumps(each, indent=2) for each in RECORDS[1:])]
    ),
    "no line ends": "".join(LINES),
    "old Mac's line ends": "\r".join(LINES),
    "commas at the ends of lines": ",\n".join(LINES) + ",\n",
    "a comma too many": "[" + ",\n".join(LINES) + ",\n]",
    "commas before brackets": "[" + ",".join(line[:-1] + ",}" for line in LINES) + "]",
    "record separators": "".join(f"\x1e{line}\n" for line in LINES),
    "what a program said": "Connecting …\nFetched 4 posts\n" + "\n".join(LINES) + "\nDone.\n",
    "the shell's output": "\n".join(map(shell, RECORDS)),
    "tabs and line ends in texts": "\n".join(line.replace("A text. ", "A text.\t", 1) for line in LINES),
    "not closed twice": "[" + ",".join(LINES[:2]) + "\n[" + ",".join(LINES[2:]) + "]]",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_every_form_gives_its_posts(form, encoding, tmp_path):
    posts, problems = read(written(tmp_path, FORMS[form].encode(encoding)))
    assert [post["_id"] for post in posts] == IDS
    assert [problem.where for problem in problems] == (
        ["line 1", "line 2", "line 7"] if form == "what a program said" else []
    )


def test_response_far_larger_than_a_record_is_read_one_by_one(tmp_path, monkeypatch):
    """No more of it is kept in memory than of an array: LONGEST limits a single record."""
    monkeypatch.setattr(json_records, "LONGEST", 40_000)
    monkeypatch.setattr(json_records, "LARGE", 2_000)
    monkeypatch.setattr(json_records, "_CHUNK", 1_000)
    made = submissions(400)
    records = [json.loads(each.line()) for each in made]
    for response in (
        {"data": records, "error": None, "metadata": {"total": 400, "tags": ["a", "b"]}},
        {"kind": "Listing", "data": {"after": "t3_x", "children": things(made), "before": None}},
    ):
        for indent in (None, 1):
            text = json.dumps(response, indent=indent)
            posts, problems = read(written(tmp_path, text + "\n" + LINES[0]))
            assert [post["_id"] for post in posts] == [*(each.post_id for each in made), IDS[0]]
            assert problems == []


FIRST_KEY = LINES[0].partition(":")[0]
BROKEN = {
    "no value": FIRST_KEY + ": oops}",
    "no quotation mark at the end": FIRST_KEY + ': "abc, "title": "Stone", "list": [{"a": 1}, {"a": 2}]}',
    "one too many": FIRST_KEY + ': "abc", "title": "a "quoted" Stone", "list": [{"a": 1}, {"a": 2}]}',
    "cut off": FIRST_KEY + ': "abc", "title": "Stone", "media": {"a": [1',
    "a bracket too few": FIRST_KEY + ': "abc", "media": {"a": 1, "title": "Stone"',
    "words": "Internal Server Error",
    "not UTF-8": FIRST_KEY + ': "abc", "title": "\udcff"}',
}


@pytest.mark.parametrize("layout", ["lines", "array of lines", "pretty array", "one line"])
@pytest.mark.parametrize("fault", BROKEN)
def test_broken_record_does_not_end_a_file(fault, layout, tmp_path):
    broken = BROKEN[fault]
    if layout == "pretty array":
        records = [json.dumps(each, indent=2).replace("\n", "\n  ") for each in RECORDS]
        records.insert(2, broken.replace(", ", ",\n    "))
        text = "[\n  " + ",\n  ".join(records) + "\n]"
    else:
        records = [*LINES[:2], broken, *LINES[2:]]
        text = {
            "lines": "\n".join(records),
            "array of lines": "[" + ",\n".join(records) + "]",
            "one line": "[" + ", ".join(records) + "]",
        }[layout]
    posts, problems = read(written(tmp_path, text.encode(errors="surrogateescape")))
    assert problems
    assert [post["_id"] for post in posts] == IDS
    line = text[: text.index(broken.partition(", ")[0])].count("\n") + 1
    assert problems[0].where in (f"line {line}", "value 3", f"value 3 (line {line})")


@settings(deadline=None, max_examples=60)
@given(
    some.lists(
        some.sampled_from([*LINES, *BROKEN.values(), "[", "]", "", "{", "}", '{"data": [']), max_size=8
    ),
    some.booleans(),
    some.integers(300, 3000),
)
def test_file_is_read_the_same_in_chunks_of_any_size(tmp_path_factory, pieces, on_lines, chunk):
    text = ("\n" if on_lines else ",").join(pieces)
    path = written(tmp_path_factory.mktemp("any"), f"[{text}".encode(errors="surrogateescape"))
    whole = list(records_of(path))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_records, "_CHUNK", chunk)
        assert list(records_of(path)) == whole


def records_of(path: Path) -> list[Record | str]:
    """Return all records of a file, and how reading ended."""
    found: list[Record | str] = []
    try:
        found.extend(FileSource(path).records(0))
    except LoadError as problem:
        found.append(str(problem))
    return found


ROW = (
    '<row Id="{}" PostTypeId="1" CreationDate="2019-03-01T10:00:00.123" Score="5" Body="{}" '
    'Title="Stone {}" />'
)
BROKEN_ROWS = {
    "a forbidden reference": ("&lt;p&gt;Press &#x0E;then &#0;go&#14;.&lt;/p&gt;", "Press then go."),
    "a forbidden character": ("Press \x0ethen\x00 go.", "Press then go."),
    "an entity of HTML": ("caf&eacute;&nbsp;bar", "café\xa0bar"),
    "a stray ampersand": ("R&D & T&;", "R&D & T&;"),
    "a stray bracket": ("if a < b: c < d", "if a < b: c < d"),
    "not UTF-8": ("caf\udce9", "caf\ufffd"),
    "markup that is not escaped": ("<p>One</p> <b>two</b>", "One\n two"),
    "half of a pair": ("a &#xD83D; b", "a  b"),
}


def dump(*rows: str) -> bytes:
    text = '\ufeff<?xml version="1.0" encoding="utf-8"?>\n<posts>\n  ' + "\n  ".join(rows) + "\n</posts>\n"
    return text.encode(errors="surrogateescape")


@pytest.mark.parametrize("fault", BROKEN_ROWS)
def test_row_with_invalid_xml_is_repaired(fault, tmp_path):
    body, text = BROKEN_ROWS[fault]
    rows = [ROW.format(1, "Fine.", 1), ROW.format(2, body, 2), ROW.format(3, "Fine.", 3)]
    posts, problems = read(written(tmp_path, dump(*rows)))
    assert [(post["_id"], post["text"]) for post in posts] == [
        ("se_1", "Fine."),
        ("se_2", text),
        ("se_3", "Fine."),
    ]
    assert problems == []


def test_unreadable_row_is_reported_with_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr(xml_rows, "LONGEST", 3000)
    monkeypatch.setattr(xml_rows, "_CHUNK", 500)
    rows = [
        ROW.format(1, "Fine.", 1),
        '<row Id=5 Title="x" />',
        '<row Id="1" Id="2" />',
        ROW.format(4, "x" * 9000, 4),
        '<row Id="5" PostTypeId="1"></row>',
        ROW.format(6, "Fine.", 6).replace(" />", "></row>"),
    ]
    posts, problems = read(written(tmp_path, dump(*rows)))
    assert [post["_id"] for post in posts] == ["se_1", "se_6"]
    assert [(problem.where, problem.reason) for problem in problems] == [
        ("row 2 (line 4)", "not valid XML: not well-formed (invalid token) at character 9"),
        ("row 3 (line 5)", "not valid XML: duplicate attribute at character 13"),
        ("row 4 (line 6)", "longer than 2 MiB"),
        ("row 5 (line 7)", "Title is missing"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        dump(ROW.format(1, "", 1), ROW.format(2, "", 2)).replace(b"\n</posts>\n", b"\n"),
        dump(ROW.format(1, "", 1)) + dump(ROW.format(2, "", 2)),
        (ROW.format(1, "", 1) + ROW.format(2, "", 2)).encode(),
        dump(ROW.format(1, "", 1), ROW.format(2, "", 2)).replace(b"\n", b"\r\n"),
        dump(ROW.format(1, "", 1), ROW.format(2, "", 2)).decode().replace("utf-8", "utf-16").encode("utf-16"),
        dump(ROW.format(1, "", 1), ROW.format(2, "", 2)).replace(b"utf-8", b"windows-1252"),
    ],
    ids=["its first lines", "put together", "rows alone", "other line ends", "UTF-16", "another encoding"],
)
def test_partial_and_joined_dumps_are_read(data, tmp_path):
    posts, problems = read(written(tmp_path, data))
    assert ([post["_id"] for post in posts], problems) == (["se_1", "se_2"], [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"data": [], "error": null}', "a response without any post in it"),
        (
            '{"data": null, "error": "Too many requests"}',
            "an error message, not a submission: Too many requests",
        ),
        ('{"message": "Forbidden", "error": 403}', "an error message, not a submission: Forbidden"),
        ('{"some": "thing"}', "not a submission: it has neither id nor title"),
        (COMMENT, "a comment, not a submission"),
    ],
)
def test_record_that_is_no_post_is_reported_by_its_kind(line, reason, tmp_path):
    posts, problems = read(written(tmp_path, LINES[0] + "\n" + line + "\n" + LINES[1]))
    assert [post["_id"] for post in posts] == IDS[:2]
    assert problems == [Problem("line 2", reason, bad="comment" not in reason and "response" not in reason)]


@pytest.mark.parametrize("form", FORMS)
def test_reading_continues_after_any_position_of_any_form(form, tmp_path):
    path = written(tmp_path, FORMS[form])
    source = FileSource(path)
    found = [(record, source.position) for record in source.records(0)]
    for number, (_, place) in enumerate(found, 1):
        if place and (number == len(found) or found[number][1] != place):
            assert list(FileSource(path).records(place)) == [record for record, _ in found[number:]]
    assert found[-1][1] > 0
