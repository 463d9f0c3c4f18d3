"""Liking a post."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from requests import Response

from tests.contract.face import Face
from tests.support.client import Client, Reader
from tests.support.eventually import eventually
from tests.support.responses import expect, expect_error


def liked(response: Response) -> tuple[bool, int]:
    body = expect(response, 200).json()
    assert set(body) == {"post", "liked", "likes"}
    return body["liked"], body["likes"]


def test_like_is_set_and_removed(regular: Reader, post: str) -> None:
    assert liked(regular.put(f"/posts/{post}/like")) == (True, 1)
    assert regular.json(f"/posts/{post}")["liked"] is True
    assert liked(regular.delete(f"/posts/{post}/like")) == (False, 0)
    assert regular.json(f"/posts/{post}")["liked"] is False


def test_second_like_changes_nothing(regular: Reader, post: str) -> None:
    assert liked(regular.delete(f"/posts/{post}/like")) == (False, 0)
    for _ in range(2):
        assert liked(regular.put(f"/posts/{post}/like")) == (True, 1)
    for _ in range(2):
        assert liked(regular.delete(f"/posts/{post}/like")) == (False, 0)


def test_response_names_the_post(regular: Reader, post: str) -> None:
    assert expect(regular.put(f"/posts/{post}/like"), 200).json()["post"] == post


def test_likes_of_all_readers_are_counted(face: Face, regular: Reader, other: Reader, post: str) -> None:
    def check(client: Reader, likes: int) -> None:
        def counted() -> None:
            assert liked(client.put(f"/posts/{post}/like")) == (True, likes)

        eventually(counted, face.deadline)

    assert liked(regular.put(f"/posts/{post}/like")) == (True, 1)
    check(other, 2)
    check(regular, 2)
    assert other.json(f"/posts/{post}")["liked"] is True
    assert liked(other.delete(f"/posts/{post}/like"))[0] is False
    check(regular, 1)


def test_concurrent_likes_of_one_reader_count_once(face: Face, regular: Reader, post: str) -> None:
    def like(_: int) -> tuple[bool, int]:
        return liked(Client(face.url, regular.token).put(f"/posts/{post}/like"))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(like, range(16))) == {(True, 1)}


@pytest.mark.parametrize("post_id", ["t3_zzzzzzzzzzz", "nonsense", "t3_%00"])
def test_an_unknown_post_is_not_found(regular: Reader, post_id: str) -> None:
    expect_error(regular.put(f"/posts/{post_id}/like"), 404)
    expect_error(regular.delete(f"/posts/{post_id}/like"), 404)


def test_a_like_is_the_readers_own(regular: Reader, other: Reader, visitor: Client, post: str) -> None:
    expect(regular.put(f"/posts/{post}/like"), 200)
    assert other.json(f"/posts/{post}")["liked"] is False
    assert "liked" not in visitor.json(f"/posts/{post}")
