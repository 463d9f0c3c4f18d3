"""Readers see their own writes at once, and other readers see them within the step's deadline."""

from tests.contract.face import Face
from tests.contract.shapes import ids
from tests.support.client import Client, Reader, new_reader, sign_in
from tests.support.corpus import Corpus
from tests.support.eventually import eventually
from tests.support.responses import expect
from tests.support.submission import new_word

ROUNDS = 8


def test_a_reader_reads_their_own_writes_at_once(regular: Reader, corpus: Corpus) -> None:
    for post in [corpus.spare.pop().post_id for _ in range(ROUNDS)]:
        word = new_word()
        expect(regular.put(f"/posts/{post}/tags/{word}"), 200)
        assert ids(regular.items(f"/tags/{word}")) == [post]
        expect(regular.put(f"/posts/{post}/like"), 200)
        expect(regular.put(f"/posts/{post}/hide"), 200)
        shown = regular.json(f"/posts/{post}")
        assert (shown["tags"], shown["liked"], shown["hidden"]) == ([word], True, True)
        expect(regular.delete(f"/posts/{post}/hide"), 200)
        expect(regular.delete(f"/posts/{post}/tags/{word}"), 200)
        shown = regular.json(f"/posts/{post}")
        assert (shown["tags"], shown["liked"], shown["hidden"]) == ([], True, False)
        assert regular.items(f"/tags/{word}") == []


def test_a_second_token_of_the_same_reader_sees_them_at_once(face: Face, regular: Reader, post: str) -> None:
    second = Client(face.url, sign_in(face.url, regular.username))
    for number in range(ROUNDS):
        expect(regular.put(f"/posts/{post}/tags/seen-{number}"), 200)
        assert f"seen-{number}" in second.json(f"/posts/{post}")["tags"]


def test_other_readers_see_a_like_within_the_deadline(face: Face, corpus: Corpus) -> None:
    readers = [new_reader(face.url) for _ in range(3)]
    post = corpus.spare.pop().post_id

    def check(client: Reader, likes: int) -> None:
        def counted() -> None:
            assert expect(client.put(f"/posts/{post}/like"), 200).json()["likes"] == likes

        eventually(counted, face.deadline)

    for number, reader in enumerate(readers, start=1):
        expect(reader.put(f"/posts/{post}/like"), 200)
        for earlier in readers[:number]:
            check(earlier, number)


def test_a_new_member_can_sign_in_at_once(face: Face) -> None:
    reader = new_reader(face.url)
    assert reader.json("/me")["username"] == reader.username
