"""Files of posts: every accepted format, recognised by its content, and every way to be damaged."""

import bz2
import gzip
import io
import json
import lzma
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.support.question import Question, posts_xml
from tests.support.submission import Submission
from workshop.load.files import json_records
from workshop.load.files.source import FileSource
from workshop.load.problems import LoadError, Problem
from workshop.load.source import Record

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "reddit_python.json"
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gz": gzip.compress,
    "zst": lambda data: zstandard.ZstdCompressor().compress(data),
}


def zipped(data: bytes) -> bytes:
    """Return a zip archive as a Mac makes it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("posts/", "")
        archive.writestr("posts/posts.json", data)
        archive.writestr("__MACOSX/posts/._posts.json", "x")
    return packed.getvalue()


RARER = {"bz2": bz2.compress, "xz": lzma.compress, "zip": zipped}
PACKERS["zst of unknown size"] = lambda data: (
    (packer := zstandard.ZstdCompressor().compressobj()).compress(data) + packer.flush()
)


def submissions(count: int) -> list[Submission]:
    return [
        Submission(f"Stone {n}", "Python", 1_400_000_000 + n, "A text. " * 20, ups=n) for n in range(count)
    ]


def things(made: list[Submission]) -> list[dict[str, Any]]:
    return [{"kind": "t3", "data": json.loads(each.line())} for each in made]


def listing(children: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"after": None, "children": children}}


def read(path: Path, start: int = 0, site: str = "") -> tuple[list[dict[str, Any]], list[Problem]]:
    """Return the posts and the problems of a file."""
    posts, problems = [], []
    for record in FileSource(path, site).records(start):
        if isinstance(record, Problem):
            problems.append(record)
        else:
            posts.append(record)
    return posts, problems


def written(folder: Path, data: str | bytes, name: str = "posts") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize(
    "form",
    [
        "ndjson",
        "jsonArray",
        "pretty array",
        "pretty objects",
        "listing",
        "pretty listing",
        "comments page",
        "two arrays",
    ],
)
def test_every_form_of_reddit_json_gives_the_same_posts(form, packer, tmp_path):
    made = submissions(30)
    lines = [each.line() for each in made]
    records = [json.loads(line) for line in lines]
    text = {
        "ndjson": "".join(lines),
        "jsonArray": "[" + ",".join(line.strip() for line in lines) + "]\n",
        "pretty array": json.dumps(records, indent=2),
        "pretty objects": "\n".join(json.dumps(record, indent=2) for record in records),
        "listing": json.dumps(listing(things(made))),
        "pretty listing": json.dumps(listing(things(made)), indent=1),
        "comments page": json.dumps(
            [listing(things(made)), listing([{"kind": "t1", "data": {"body": "x"}}])]
        ),
        "two arrays": json.dumps(records[:10]) + "\n" + json.dumps(records[10:]),
    }[form]
    posts, problems = read(written(tmp_path, PACKERS[packer](text.encode())))
    assert [post["_id"] for post in posts] == [each.post_id for each in made]
    assert [problem.reason for problem in problems] == (
        ["a comment, not a submission"] if form == "comments page" else []
    )
    assert not any(problem.bad for problem in problems)


@pytest.mark.parametrize("packer", PACKERS)
def test_posts_xml_gives_its_questions(packer, tmp_path):
    questions = [
        Question(f"Stone {n}?", "<p>Body</p>", n, 1, Submission("", "", 1_400_000_000).shown()["created"])
        for n in range(40)
    ]
    path = written(tmp_path, PACKERS[packer](posts_xml(*questions).encode()))
    posts, problems = read(path, site="stackoverflow.com")
    assert [post["_id"] for post in posts] == [each.post_id for each in questions]
    assert {(problem.reason, problem.bad) for problem in problems} == {("not a question", False)}
    assert len(problems) == 40


@pytest.mark.parametrize(
    "name",
    [
        "serverfault.com/Posts.xml",
        "x/serverfault.com-Posts.xml",
        "x/serverfault.com.Posts.xml.gz",
        "ServerFault.com/p",
        "serverfault.com-Posts/Posts.xml",
        "serverfault.com.7z/Posts.xml",
        "serverfault.com (1)/xml/Posts.xml",
    ],
)
def test_the_site_comes_from_the_file_or_its_folder(name, tmp_path):
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_bytes(
        posts_xml(Question("Stone?", "", 1, 1, Submission("", "", 1).shown()["created"])).encode()
    )
    assert FileSource(path).site == "serverfault.com"
    assert FileSource(path, "askubuntu.com").site == "askubuntu.com"
    assert FileSource(written(tmp_path, path.read_bytes(), "Posts.xml")).site == ""


def test_invalid_site_is_refused(tmp_path):
    path = written(tmp_path, "<posts></posts>")
    with pytest.raises(LoadError, match=r"is not the name of a site\. Examples: .* SITE=serverfault\.com"):
        FileSource(path, "Server Fault")


def test_bad_lines_are_reported_with_number_and_reason_and_the_rest_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(json_records, "LONGEST", 2000)
    good = submissions(3)
    bad: list[tuple[bytes, str]] = [
        (b"{oops", "not JSON: Expecting property name enclosed in double quotes at character 2"),
        (b'{"title": "\xff\xfe"}', "not UTF-8"),
        (b"[" * 1500, "not JSON: nested too deeply"),
        (b'"only text"', "not a JSON object"),
        (b"17", "not a JSON object"),
        (b"9" * 1999, "not a JSON object"),
        (b'{"title": "no id"}', "id is missing"),
        (b'{"a": "' + b"x" * 9000 + b'"}', "longer than 16 MiB"),
        (b'{"kind": "zz", "data": {}}', "a thing of kind zz, not a submission"),
    ]
    lines = [
        good[0].line().encode(),
        *(line + b"\n" for line, _ in bad),
        b"\n",
        b"  \r\n",
        good[1].line().encode(),
    ]
    posts, problems = read(written(tmp_path, b"".join(lines) + good[2].line().strip().encode()))
    assert [post["_id"] for post in posts] == [each.post_id for each in good]
    assert [(problem.where, problem.reason) for problem in problems] == [
        (f"line {number}", reason) for number, (_, reason) in enumerate(bad, 2)
    ]
    assert all(problem.bad for problem in problems)


def test_number_with_too_many_digits_makes_a_bad_line(tmp_path):
    good = submissions(1)[0]
    _, problems = read(written(tmp_path, good.line() + '{"score": ' + "9" * 5000 + "}\n"))
    assert [problem.reason for problem in problems] == ["not JSON: a number with too many digits"]


def test_a_last_line_that_is_too_long_ends_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(json_records, "LONGEST", 2000)
    good = submissions(1)[0]
    posts, problems = read(written(tmp_path, good.line() + "x" * 10_000))
    assert len(posts) == 1
    assert [problem.where for problem in problems] == ["line 2"]


def test_a_bad_first_line_does_not_change_how_the_rest_is_read(tmp_path):
    good = submissions(2)
    for first in ('{"id": "abc", "ti', '{"id": "abc",', "{"):
        posts, problems = read(written(tmp_path, first + "\n" + "".join(each.line() for each in good)))
        assert len(posts) == 2, first
        assert [problem.where for problem in problems] == ["line 1"]


def test_a_byte_order_mark_does_not_matter(tmp_path):
    made = submissions(2)
    lines = "".join(each.line() for each in made)
    for text in (lines, json.dumps([json.loads(each.line()) for each in made])):
        posts, problems = read(written(tmp_path, b"\xef\xbb\xbf" + text.encode()))
        assert (len(posts), problems) == (2, [])


def test_broken_text_in_an_array_spoils_one_record_only(tmp_path):
    records = [json.loads(each.line()) for each in submissions(3)]
    data = json.dumps(records).encode().replace(b"Stone 1", b"Stone \xff")
    posts, problems = read(written(tmp_path, data))
    assert len(posts) == 2
    assert [(problem.where, problem.reason) for problem in problems] == [("value 2", "not UTF-8")]


def test_an_array_larger_than_the_reading_window_loses_nothing(tmp_path):
    made = submissions(2000)
    posts, problems = read(
        written(tmp_path, json.dumps([json.loads(each.line()) for each in made], ensure_ascii=False))
    )
    assert [post["_id"] for post in posts] == [each.post_id for each in made]
    assert problems == []


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("", "The array ends too early: it was cut short. Its 3 values are loaded"),
        (', {"id": "a', "Value 4 is not valid JSON: .* cut short .* The 3 before it are loaded"),
        (', {"id": "' + "x" * 5000, "Value 4 is longer than 16 MiB, and the file ends in it"),
    ],
)
def test_truncated_array_gives_the_posts_before_its_end(end, message, tmp_path, monkeypatch):
    monkeypatch.setattr(json_records, "LONGEST", 2000)
    monkeypatch.setattr(json_records, "_CHUNK", 500)
    path = written(tmp_path, "[" + ",".join(each.line() for each in submissions(3)) + end)
    got: list[Record] = []
    with pytest.raises(LoadError, match=message):
        got.extend(FileSource(path).records(0))
    posts = []
    with pytest.raises(LoadError):
        for record in FileSource(path).records(0):
            posts.append(record)
    assert len(posts) == 3


@pytest.mark.parametrize("packer", ["gz", "zst", "zst of unknown size"])
@pytest.mark.parametrize("form", ["ndjson", "array", "xml"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_truncated_packed_file_gives_the_posts_before_its_end(packer, form, share, tmp_path):
    made = submissions(3000)
    lines = [each.line() for each in made]
    created = made[0].shown()["created"]
    text = {
        "ndjson": "".join(lines),
        "array": "[" + ",".join(lines) + "]",
        "xml": posts_xml(*(Question(each.title, each.text, 1, 1, created) for each in made)),
    }[form]
    packed = PACKERS[packer](text.encode())
    packed = packed[: int(len(packed) * share)]
    path = written(tmp_path, packed)
    unpack = zlib.decompressobj(31) if packer == "gz" else zstandard.ZstdDecompressor().decompressobj()
    before = unpack.decompress(packed)
    whole = before.count({"ndjson": b"}\n", "array": b"}\n", "xml": b'CommentCount="0" />\n'}[form])
    records = []
    with pytest.raises(
        LoadError, match=r"ends too early: it was cut short .* Everything before that is loaded"
    ):
        for record in FileSource(path, "stackoverflow.com").records(0):
            records.append(record)
    assert whole > 100
    # One more where the cut was right behind a record, before the end of its line.
    assert whole <= len(records) <= whole + 1


@pytest.mark.parametrize("packer", ["gz", "zst"])
def test_damaged_compressed_file_is_reported(packer, tmp_path):
    packed = bytearray(PACKERS[packer]("".join(each.line() for each in submissions(3000)).encode()))
    middle = len(packed) // 2
    packed[middle : middle + 64] = bytes(64)
    path = written(tmp_path, bytes(packed))
    with pytest.raises(LoadError, match=r"is damaged: it cannot be unpacked|was cut short"):
        for _ in FileSource(path).records(0):
            pass


def test_several_zst_frames_and_a_long_window_are_one_file(tmp_path):
    made = submissions(300)
    lines = [each.line().encode() for each in made]
    window = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    pack = zstandard.ZstdCompressor(compression_params=window).compress
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    data = (
        skippable
        + pack(b"".join(lines[:100]))
        + skippable
        + pack(b"".join(lines[100:200]))
        + pack(b"".join(lines[200:]))
    )
    assert len(read(written(tmp_path, data))[0]) == 300


def test_many_gz_members_are_one_file(tmp_path):
    data = b"".join(gzip.compress(each.line().encode()) for each in submissions(50))
    assert len(read(written(tmp_path, data))[0]) == 50


@pytest.mark.parametrize("packer", RARER)
def test_older_and_rarer_packings_are_read(packer, tmp_path):
    made = submissions(3000)
    packed = RARER[packer]("".join(each.line() for each in made).encode())
    posts, problems = read(written(tmp_path, packed))
    assert ([post["_id"] for post in posts], problems) == ([each.post_id for each in made], [])
    with pytest.raises(LoadError, match="cut short"):
        read(written(tmp_path, packed[: len(packed) // 2]))


def test_zip_archive_of_several_files_is_reported(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.json", "{}")
        archive.writestr("b.json", "{}")
    with pytest.raises(LoadError, match="is a zip archive of 2 files: unpack it first"):
        FileSource(written(tmp_path, packed.getvalue()))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty. Accepted are reddit submissions"),
        (b" \n\n ", "contains only spaces. Accepted are"),
        (b"hello, world\n", "is in none of the accepted formats. Accepted are"),
        (b"\x89PNG\r\n\x1a\n0000", "is in none of the accepted formats"),
        (b"7z\xbc\xaf\x27\x1c....", "is a 7z archive: unpack it first"),
        (b"PK\x03\x04....", "is a zip archive that is damaged or was cut short"),
        (b"BZh91AY........", "is damaged|cut short"),
        (b"\xfd7zXZ\x00........", "is damaged|cut short"),
        (b"Rar!\x1a\x07....", "is a RAR archive: unpack it first"),
        (b"PAR1....", "is a Parquet file"),
        ("\ufeffhello".encode("utf-16-le"), "is in none of the accepted formats"),
        (b"<!DOCTYPE html><html><body>429</body></html>", "is a web page, not posts"),
        (b"\n<html><head><title>Sign in</title>", "is a web page, not posts"),
        (gzip.compress(b"", mtime=0), "contains only spaces"),
        (gzip.compress(b"{}", mtime=0)[:9], "ends too early"),
        (b"\x1f\x8bxxxxxxxxxxxxx", "is damaged"),
        (b"\x28\xb5\x2f\xfdxxxxxxxxxxxx", "is damaged|ends too early"),
    ],
)
def test_unknown_format_is_reported_with_the_accepted_ones(data, message, tmp_path):
    with pytest.raises(LoadError, match=message):
        FileSource(written(tmp_path, data))


def test_missing_file_and_folder_are_reported(tmp_path):
    with pytest.raises(LoadError, match=r"There is no file .*gone\.json"):
        FileSource(tmp_path / "gone.json")
    with pytest.raises(LoadError, match=r"is a directory\. Name a file in it: "):
        FileSource(tmp_path)
    written(tmp_path, "<posts></posts>", "Posts.xml")
    with pytest.raises(LoadError, match=r"Name a file in it, such as .*/Posts\.xml"):
        FileSource(tmp_path)
    with pytest.raises(LoadError, match="is not a regular file"):
        FileSource(Path("/dev/null"))


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("<users><row Id='1'/></users>", "This is XML with <users> in it, not a Stack Exchange Posts.xml"),
        ("<posts><row Id='1' PostTypeId='1'/><row", "The XML ends too early or is invalid at line 1"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><posts>&a;</posts>', "declares a DTD or entities"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><posts/>', "declares a DTD or entities"),
    ],
)
def test_xml_that_is_no_dump_is_reported(xml, message, tmp_path):
    with pytest.raises(LoadError, match=message):
        for _ in FileSource(written(tmp_path, xml)).records(0):
            pass


def test_endless_row_is_not_kept_in_memory(tmp_path):
    data = b'<posts><row Id="1" PostTypeId="2"/><row Body="' + b"x" * (40 * 1024 * 1024)
    began = time.process_time()
    with pytest.raises(LoadError, match="A row of the XML is longer than 2 MiB"):
        for _ in FileSource(written(tmp_path, data)).records(0):
            pass
    assert time.process_time() - began < 10


@pytest.mark.parametrize("form", ["ndjson", "array", "xml"])
def test_reading_continues_after_any_position(form, tmp_path):
    made = submissions(20)
    text = {
        "ndjson": "\n".join(each.line() for each in made),
        "array": "[" + ",".join(each.line() for each in made) + "]",
        "xml": posts_xml(*(Question(each.title, "", 1, 1, made[0].shown()["created"]) for each in made)),
    }[form]
    path = written(tmp_path, text)
    source = FileSource(path)
    whole = []
    places = []
    for record in source.records(0):
        whole.append(record)
        places.append(source.position)
    assert source.done == source.total
    for index, place in enumerate(places):
        assert list(FileSource(path).records(place)) == whole[index + 1 :]


def test_position_moves_only_after_the_last_post_of_a_listing(tmp_path):
    made = submissions(6)
    text = json.dumps(listing(things(made[:3]))) + "\n" + json.dumps(listing(things(made[3:])))
    path = written(tmp_path, text)
    source = FileSource(path)
    assert [source.position for _ in source.records(0)] == [0, 0, 1, 1, 1, 2]
    assert [record["_id"] for record in FileSource(path).records(1)] == [each.post_id for each in made[3:]]
    assert len(list(FileSource(path).records(0))) == 6


def test_a_changed_file_is_another_version(tmp_path):
    path = written(tmp_path, "".join(each.line() for each in submissions(2)))
    first = FileSource(path).identity
    assert FileSource(path).identity == first
    written(tmp_path, "".join(each.line() for each in submissions(3)))
    again = FileSource(path).identity
    assert again.key == first.key
    assert again.version != first.version


@pytest.mark.skipif(not REAL.exists(), reason="the real reddit export is not beside the repository")
def test_real_export_is_read_completely():
    posts, problems = read(REAL)
    assert (len(posts), len({post["_id"] for post in posts}), problems) == (984, 984, [])
    assert {post["topic"] for post in posts} == {"Python"}
    assert all(post["permalink"].startswith("http://www.reddit.com/r/Python/comments/") for post in posts)
    assert all(post["url"] for post in posts)
