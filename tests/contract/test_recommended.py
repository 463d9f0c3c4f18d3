"""`GET /recommended` for visitors: at most 12 posts with a score over 50, most loved first."""

from tests.contract.shapes import by_love, check_collection, check_post, ids
from tests.support.browser import Browser, posts_on
from tests.support.client import Client
from tests.support.corpus import Corpus
from tests.support.submission import Submission, new_topic


def most_loved(submissions: list[Submission]) -> list[str]:
    eligible = [each for each in submissions if each.shown_score > 50]
    return [each.post_id for each in sorted(eligible, key=lambda each: each.by_love)][:12]


def test_most_loved_posts_of_a_topic_are_recommended(visitor: Client, corpus: Corpus) -> None:
    assert ids(visitor.items("/recommended", topic=corpus.loved[0].topic)) == most_loved(corpus.loved)
    assert len(most_loved(corpus.loved)) == 12


def test_small_topic_has_fewer_recommendations(visitor: Client, corpus: Corpus) -> None:
    found = ids(visitor.items("/recommended", topic=corpus.fewer[0].topic))
    assert found == most_loved(corpus.fewer)
    assert len(found) == 5


def test_topic_without_loved_posts_has_no_recommendations(visitor: Client, corpus: Corpus) -> None:
    assert visitor.items("/recommended", topic=corpus.lonely[1].topic) == []


def test_unknown_topic_has_no_recommendations(visitor: Client, corpus: Corpus) -> None:
    body = visitor.json("/recommended", topic=new_topic())
    assert (body["_items"], body["_meta"]["total"]) == ([], 0)


def test_without_a_topic_the_most_loved_of_all_posts_are_recommended(visitor: Client, corpus: Corpus) -> None:
    body = visitor.json("/recommended")
    check_collection(body, page=1, max_results=12)
    posts = body["_items"]
    assert len(posts) == body["_meta"]["total"] == 12
    for post in posts:
        check_post(post)
        assert post["score"] > 50
    assert posts == sorted(posts, key=by_love)
    best = visitor.items("/recommended", topic=corpus.loved[0].topic)
    assert all(post in posts for post in best if by_love(post) < by_love(posts[-1]))


def test_a_page_shows_the_same_posts(visitor: Client, browser: Browser, corpus: Corpus) -> None:
    topic = corpus.loved[0].topic
    assert posts_on(browser.page("/recommended", topic=topic)) == most_loved(corpus.loved)
    assert posts_on(browser.page("/recommended")) == ids(visitor.items("/recommended"))
