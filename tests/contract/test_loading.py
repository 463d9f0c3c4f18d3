"""Loading posts again updates them and never doubles them."""

from dataclasses import replace
from pathlib import Path

from tests.contract.face import Face
from tests.contract.shapes import ids
from tests.support.client import Client, Reader
from tests.support.eventually import eventually
from tests.support.responses import expect, expect_error
from tests.support.submission import Submission, new_topic, new_word


def load(face: Face, file: Path, lines: list[str]) -> str:
    file.write_text("".join(lines), encoding="utf-8")
    return face.load("--file", str(file))


def test_loading_again_updates_and_never_doubles(
    face: Face, visitor: Client, regular: Reader, tmp_path: Path
) -> None:
    word, changed_word, topic = new_word(), new_word(), new_topic()
    first = [
        Submission(f"{word} {number}", topic, 1_600_000_000 + number, ups=60 + number) for number in range(5)
    ]
    load(face, tmp_path / "first.ndjson", [each.line() for each in first])

    def loaded() -> None:
        assert visitor.json("/search", q=word)["_meta"]["total"] == 5

    eventually(loaded)
    best = first[-1]
    expect(regular.put(f"/posts/{best.post_id}/tags/kept"), 200)
    before = visitor.get(f"/posts/{best.post_id}").headers["ETag"]

    second = [*first[:-1], replace(best, title=f"{changed_word} anew", ups=51, num_comments=7)]
    load(face, tmp_path / "second.ndjson", [each.line() for each in second])

    def updated() -> None:
        response = visitor.get(f"/posts/{best.post_id}", headers={"If-None-Match": before})
        shown = expect(response, 200).json()
        assert (shown["title"], shown["score"], shown["num_comments"]) == (f"{changed_word} anew", 51, 7)
        assert ids(visitor.items("/search", q=changed_word)) == [best.post_id]
        assert visitor.json("/search", q=word)["_meta"]["total"] == 4
        recommended = ids(visitor.items("/recommended", topic=topic))
        assert recommended == [each.post_id for each in sorted(second, key=lambda each: each.by_love)]

    eventually(updated)
    assert regular.json(f"/posts/{best.post_id}")["tags"] == ["kept"]


def test_bad_record_is_reported_and_skipped(face: Face, visitor: Client, tmp_path: Path) -> None:
    word = new_word()
    good = [Submission(f"{word} {number}", new_topic(), 1_600_000_000) for number in range(2)]
    bad = Submission(word, new_topic(), -5)
    output = load(face, tmp_path / "mixed.ndjson", [good[0].line(), bad.line(), "{nothing\n", good[1].line()])
    assert "created_utc" in output
    assert "2" in output

    def loaded() -> None:
        assert sorted(ids(visitor.items("/search", q=word))) == sorted(each.post_id for each in good)

    eventually(loaded)
    expect_error(visitor.get(f"/posts/{bad.post_id}"), 404)
