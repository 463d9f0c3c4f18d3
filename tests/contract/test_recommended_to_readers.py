"""`GET /recommended` for readers: posts that share topics or tags with their marked posts come first."""

import pytest

from tests.contract.face import Face
from tests.contract.shapes import by_love, check_post, ids
from tests.contract.test_recommended import most_loved
from tests.support.client import Reader
from tests.support.corpus import Corpus
from tests.support.eventually import eventually
from tests.support.responses import expect
from tests.support.submission import new_word


@pytest.mark.parametrize("verb", ["like", "tags/river"])
def test_topics_of_marked_posts_come_first(reader: Reader, corpus: Corpus, verb: str) -> None:
    expect(reader.put(f"/posts/{corpus.fewer[0].post_id}/{verb}"), 200)
    posts = reader.items("/recommended")
    assert len(posts) == 12
    assert ids(posts)[:5] == most_loved(corpus.fewer)
    rest = posts[5:]
    assert rest == sorted(rest, key=by_love)
    assert corpus.fewer[0].topic not in {post["topic"] for post in rest}
    for post in posts:
        check_post(post, marked=True)


def test_posts_of_several_topics_are_in_one_order(reader: Reader, corpus: Corpus) -> None:
    for submission in (corpus.fewer[0], corpus.lonely[0]):
        expect(reader.put(f"/posts/{submission.post_id}/like"), 200)
    assert ids(reader.items("/recommended"))[:6] == most_loved([*corpus.fewer, corpus.lonely[0]])


@pytest.mark.parametrize("verb", ["like", "tags/river"])
def test_removed_mark_no_longer_counts(reader: Reader, corpus: Corpus, verb: str) -> None:
    before = reader.json("/recommended")
    expect(reader.put(f"/posts/{corpus.lonely[0].post_id}/{verb}"), 200)
    assert reader.json("/recommended") != before
    expect(reader.delete(f"/posts/{corpus.lonely[0].post_id}/{verb}"), 200)
    assert reader.json("/recommended") == before


def test_posts_with_a_tag_the_reader_uses_come_first(
    face: Face, reader: Reader, other: Reader, corpus: Corpus
) -> None:
    tag = new_word()
    expect(other.put(f"/posts/{corpus.lonely[0].post_id}/tags/{tag}"), 200)
    expect(reader.put(f"/posts/{corpus.lonely[1].post_id}/tags/{tag}"), 200)

    def check() -> None:
        assert ids(reader.items("/recommended"))[0] == corpus.lonely[0].post_id

    eventually(check, face.deadline)
    assert corpus.lonely[1].post_id not in ids(reader.items("/recommended"))


def test_topic_narrows_the_recommendations_of_a_reader(reader: Reader, corpus: Corpus) -> None:
    expect(reader.put(f"/posts/{corpus.lonely[0].post_id}/like"), 200)
    assert ids(reader.items("/recommended", topic=corpus.fewer[0].topic)) == most_loved(corpus.fewer)


def test_hidden_posts_are_never_recommended(reader: Reader, corpus: Corpus) -> None:
    first, *others = most_loved(corpus.loved)
    expect(reader.put(f"/posts/{first}/hide"), 200)
    found = ids(reader.items("/recommended", topic=corpus.loved[0].topic))
    assert found[:11] == others
    assert len(found) == 12
    assert first not in found
    expect(reader.put(f"/posts/{first}/like"), 200)
    assert first not in ids(reader.items("/recommended"))


def test_a_reader_without_marks_gets_what_visitors_get(reader: Reader, corpus: Corpus) -> None:
    topic = corpus.loved[0].topic
    assert ids(reader.items("/recommended", topic=topic)) == most_loved(corpus.loved)
