"""`GET /posts/{id}`: one post, and its ETag."""

import pytest

from tests.contract.shapes import check_post, moment
from tests.support.browser import Browser, parse
from tests.support.client import Client, Reader
from tests.support.corpus import Corpus
from tests.support.responses import expect, expect_error

UNKNOWN = ("t3_zzzzzzzzzzz", "se_999999999999999", "t3_", "se_", "t3_ABC", "t3_a%20b", "xx_abc", "1", "%00")
STRANGE = ("t3_%00", "$where", "t3_1%0a", "..%2fme", "%ff", "t3_" + "a" * 3000, "null", "[object Object]")


def test_every_field_of_a_submission_is_there(visitor: Client, corpus: Corpus) -> None:
    for submission in [*corpus.rich, *corpus.loved, *corpus.lonely]:
        post = visitor.json(f"/posts/{submission.post_id}")
        check_post(post)
        shown = {**post, "created": moment(post)}
        del shown["_etag"]
        assert shown == submission.shown()


def test_question_is_a_post_and_its_answer_is_not(visitor: Client, corpus: Corpus) -> None:
    question = corpus.question
    post = visitor.json(f"/posts/{question.post_id}")
    check_post(post)
    assert (post["source"], post["title"], post["score"]) == ("stackexchange", question.title, 77)
    assert (moment(post), post["num_comments"]) == (question.created, question.answers)
    assert "stackoverflow" in post["topic"]
    assert "I want to cross it & stay dry." in post["text"]
    assert f"if a < b: {corpus.word}" in post["text"]
    expect_error(visitor.get(f"/posts/se_{question.number + 1}"), 404)


def test_post_is_the_same_in_a_list(visitor: Client, corpus: Corpus) -> None:
    for post in visitor.items("/", max_results=5):
        assert visitor.json(f"/posts/{post['_id']}") == post


@pytest.mark.parametrize("post_id", [*UNKNOWN, *STRANGE])
def test_an_unknown_or_malformed_id_is_not_found(visitor: Client, post_id: str) -> None:
    expect_error(visitor.get(f"/posts/{post_id}"), 404)


def test_a_page_shows_the_post(browser: Browser, corpus: Corpus) -> None:
    rich = corpus.rich[0]
    page = browser.page(f"/posts/{rich.post_id}")
    text = page.get_text(" ")
    for shown in (rich.title, rich.author, rich.topic, 'A second paragraph, with <angles>, "quotes" & an'):
        assert shown in text
    assert page.select_one(f'a[href="{rich.url}"]')


def test_page_of_an_unknown_post_is_not_found(browser: Browser) -> None:
    response = expect(browser.get("/posts/t3_zzzzzzzzzzz"), 404)
    assert "no" in parse(response).get_text().lower()


def test_etag_header_is_the_etag_of_the_post(visitor: Client, corpus: Corpus) -> None:
    response = visitor.get(f"/posts/{corpus.rich[0].post_id}")
    assert response.headers["ETag"] == f'"{response.json()["_etag"]}"'


@pytest.mark.parametrize("form", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
def test_an_unchanged_post_is_not_sent_again(visitor: Client, corpus: Corpus, form: str) -> None:
    path = f"/posts/{corpus.rich[0].post_id}"
    tag = visitor.get(path).headers["ETag"]
    response = expect(visitor.get(path, headers={"If-None-Match": form.format(tag=tag)}), 304)
    assert response.content == b""
    assert response.headers["ETag"] == tag
    assert "Accept" in response.headers["Vary"]


def test_another_etag_gets_the_post(visitor: Client, corpus: Corpus) -> None:
    path = f"/posts/{corpus.rich[0].post_id}"
    expect(visitor.get(path, headers={"If-None-Match": '"other"'}), 200)


@pytest.mark.parametrize("verb", ["tags/change", "like", "hide"])
def test_marking_a_post_changes_its_etag_for_that_reader(regular: Reader, post: str, verb: str) -> None:
    before = regular.get(f"/posts/{post}").headers["ETag"]
    expect(regular.put(f"/posts/{post}/{verb}"), 200)
    changed = expect(regular.get(f"/posts/{post}", headers={"If-None-Match": before}), 200)
    assert changed.headers["ETag"] != before
    expect(regular.delete(f"/posts/{post}/{verb}"), 200)
    expect(regular.get(f"/posts/{post}", headers={"If-None-Match": before}), 304)


def test_a_readers_post_and_a_visitors_have_different_etags(
    regular: Reader, visitor: Client, post: str
) -> None:
    theirs, plain = (client.get(f"/posts/{post}").headers["ETag"] for client in (regular, visitor))
    assert theirs != plain
