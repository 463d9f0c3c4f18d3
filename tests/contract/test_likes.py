"""Liking a post."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.face import Face
from tests.support.answers import expect, expect_error
from tests.support.client import Client, Reader
from tests.support.eventually import eventually


def liked(answer: object) -> tuple[bool, int]:
    body = expect(answer, 200).json()
    assert set(body) == {"post", "liked", "likes"}
    return body["liked"], body["likes"]


def test_a_post_is_liked_and_no_more(reader: Reader, post: str) -> None:
    assert liked(reader.put(f"/posts/{post}/like")) == (True, 1)
    assert reader.json(f"/posts/{post}")["liked"] is True
    assert liked(reader.delete(f"/posts/{post}/like")) == (False, 0)
    assert reader.json(f"/posts/{post}")["liked"] is False


def test_doing_it_twice_is_doing_it_once(reader: Reader, post: str) -> None:
    assert liked(reader.delete(f"/posts/{post}/like")) == (False, 0)
    for _ in range(2):
        assert liked(reader.put(f"/posts/{post}/like")) == (True, 1)
    for _ in range(2):
        assert liked(reader.delete(f"/posts/{post}/like")) == (False, 0)


def test_the_answer_names_the_post(reader: Reader, post: str) -> None:
    assert expect(reader.put(f"/posts/{post}/like"), 200).json()["post"] == post


def test_likes_of_all_readers_are_counted(face: Face, reader: Reader, other: Reader, post: str) -> None:
    def check(asking: Reader, likes: int) -> None:
        def counted() -> None:
            assert liked(asking.put(f"/posts/{post}/like")) == (True, likes)

        eventually(counted, face.deadline)

    assert liked(reader.put(f"/posts/{post}/like")) == (True, 1)
    check(other, 2)
    check(reader, 2)
    assert other.json(f"/posts/{post}")["liked"] is True
    assert liked(other.delete(f"/posts/{post}/like"))[0] is False
    check(reader, 1)


def test_many_likes_of_one_reader_at_once_are_one(face: Face, reader: Reader, post: str) -> None:
    def like(_: int) -> tuple[bool, int]:
        return liked(Client(face.url, reader.token).put(f"/posts/{post}/like"))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(like, range(16))) == {(True, 1)}


@pytest.mark.parametrize("post_id", ["t3_zzzzzzzzzzz", "nonsense", "t3_%00"])
def test_an_unknown_post_is_not_found(reader: Reader, post_id: str) -> None:
    expect_error(reader.put(f"/posts/{post_id}/like"), 404)
    expect_error(reader.delete(f"/posts/{post_id}/like"), 404)


def test_a_like_is_the_readers_own(reader: Reader, other: Reader, visitor: Client, post: str) -> None:
    expect(reader.put(f"/posts/{post}/like"), 200)
    assert other.json(f"/posts/{post}")["liked"] is False
    assert "liked" not in visitor.json(f"/posts/{post}")
