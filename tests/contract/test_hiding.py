"""Hiding a post: it leaves that reader's list, search and recommendations, and nothing else."""

import pytest

from tests.contract.shapes import ids
from tests.support.browser import Browser, posts_on
from tests.support.client import Client, Reader
from tests.support.corpus import Corpus
from tests.support.responses import expect, expect_error


def total(client: Client, path: str, **query: str) -> int:
    return int(client.json(path, **query)["_meta"]["total"])


def test_a_post_is_hidden_and_shown_again(regular: Reader, post: str) -> None:
    assert expect(regular.put(f"/posts/{post}/hide"), 200).json() == {"post": post, "hidden": True}
    assert regular.json(f"/posts/{post}")["hidden"] is True
    assert expect(regular.delete(f"/posts/{post}/hide"), 200).json() == {"post": post, "hidden": False}
    assert regular.json(f"/posts/{post}")["hidden"] is False


def test_hiding_twice_changes_nothing(reader: Reader, post: str) -> None:
    for _ in range(2):
        assert expect(reader.put(f"/posts/{post}/hide"), 200).json()["hidden"] is True
    assert reader.json("/me")["counts"]["hidden"] == 1
    for _ in range(2):
        assert expect(reader.delete(f"/posts/{post}/hide"), 200).json()["hidden"] is False


def test_a_hidden_post_leaves_the_list(regular: Reader, visitor: Client, corpus: Corpus) -> None:
    hidden = corpus.dated[4].post_id
    before = regular.json("/")["_meta"]
    expect(regular.put(f"/posts/{hidden}/hide"), 200)
    after = regular.json("/")["_meta"]
    assert "total_relation" in before or after["total"] == before["total"] - 1
    assert hidden not in ids(regular.all_items("/"))
    assert hidden in ids(visitor.all_items("/"))
    expect(regular.delete(f"/posts/{hidden}/hide"), 200)
    assert hidden in ids(regular.all_items("/"))


def test_a_hidden_post_leaves_the_search(reader: Reader, visitor: Client, corpus: Corpus) -> None:
    hidden = corpus.paged[3].post_id
    expect(reader.put(f"/posts/{hidden}/hide"), 200)
    assert hidden not in ids(reader.all_items("/search", q=corpus.paged_word))
    assert total(reader, "/search", q=corpus.paged_word) == len(corpus.paged) - 1
    assert total(visitor, "/search", q=corpus.paged_word) == len(corpus.paged)


def test_a_hidden_post_still_has_its_page_and_its_tags(regular: Reader, post: str) -> None:
    expect(regular.put(f"/posts/{post}/tags/kept"), 200)
    expect(regular.put(f"/posts/{post}/hide"), 200)
    assert regular.json(f"/posts/{post}")["tags"] == ["kept"]
    assert ids(regular.items("/tags/kept")) == [post]


def test_other_readers_still_see_a_hidden_post(
    reader: Reader, other: Reader, post: str, corpus: Corpus
) -> None:
    expect(reader.put(f"/posts/{post}/hide"), 200)
    assert other.json(f"/posts/{post}")["hidden"] is False
    assert total(other, "/search", q=corpus.word) == total(reader, "/search", q=corpus.word) + 1


def test_pages_are_full_although_many_posts_are_hidden(reader: Reader, corpus: Corpus) -> None:
    hidden = {each.post_id for each in corpus.paged[::2]}
    for post_id in hidden:
        expect(reader.put(f"/posts/{post_id}/hide"), 200)
    pages = list(reader.pages("/search", q=corpus.paged_word, max_results=6))
    assert [len(page["_items"]) for page in pages] == [6, 6, 3]
    assert not hidden & {post_id for page in pages for post_id in ids(page["_items"])}


@pytest.mark.parametrize("post_id", ["t3_zzzzzzzzzzz", "nonsense"])
def test_an_unknown_post_is_not_found(regular: Reader, post_id: str) -> None:
    expect_error(regular.put(f"/posts/{post_id}/hide"), 404)
    expect_error(regular.delete(f"/posts/{post_id}/hide"), 404)


def test_html_page_does_not_show_a_hidden_post(member: Browser, corpus: Corpus) -> None:
    hidden = corpus.spare.pop()
    word = hidden.title.split()[-1]
    assert posts_on(member.page("/search", q=word)) == [hidden.post_id]
    expect(member.put(f"/posts/{hidden.post_id}/hide", headers={"X-CSRFToken": member.page_token()}), 200)
    assert posts_on(member.page("/search", q=word)) == []
