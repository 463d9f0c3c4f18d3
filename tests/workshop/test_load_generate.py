"""Generated posts: the same for a seed, whatever their number, and realistic as a whole."""

import math
import re
from collections import Counter
from datetime import UTC, datetime
from itertools import islice

import bson
import pytest

from workshop.load.generate import LAST, MAX_POSTS, MAX_SEED, YEARS, GeneratedSource, posts
from workshop.load.posts import clean
from workshop.load.posts.post import TEXT_LIMIT, TITLE_LIMIT, Document, document
from workshop.load.problems import LoadError

ID = re.compile(r"t3_[a-z0-9]{1,15}|se_[A-Za-z0-9]+")


@pytest.fixture(scope="module")
def many() -> list[Document]:
    return list(posts(20_000))


def test_post_does_not_depend_on_the_number_of_posts(many):
    assert list(posts(1000)) == many[:1000]
    assert list(posts(1)) == many[:1]
    assert list(posts(2345)) == many[:2345]
    assert list(posts(0)) == []


@pytest.mark.parametrize("start", [0, 1, 999, 1000, 1001, 12_345, 19_999, 20_000])
def test_generation_can_start_at_any_post(start, many):
    assert list(posts(20_000, start=start)) == many[start:]


def test_late_start_is_quick_and_the_source_knows_its_position():
    source = GeneratedSource(MAX_POSTS)
    first = next(source.records(MAX_POSTS - 3))
    assert first["_id"].endswith(f"{MAX_POSTS - 3:09d}")
    assert source.position == source.done == MAX_POSTS - 2


def test_seed_decides_the_posts(many):
    assert list(posts(500, seed=1)) == many[:500]
    other = list(posts(500, seed=2))
    assert not {post["_id"] for post in other} & {post["_id"] for post in many}
    for field in ("title", "text", "author", "topic", "score", "created"):
        assert [post[field] for post in other] != [post[field] for post in many[:500]]


def test_ids_are_distinct_fit_the_pattern_and_are_longer_than_real_ones(many):
    ids = [post["_id"] for post in many]
    assert len(set(ids)) == len(ids)
    assert all(ID.fullmatch(_id) for _id in ids)
    assert {len(_id) for _id in ids} == {18}  # real ones have 3 + 7 of base 36, or digits only
    assert all(_id[3] == "g" for _id in ids)


def test_every_post_has_the_form_that_the_loader_gives(many):
    for post in islice(many, 0, None, 37):
        assert clean.line(post["title"], "title", TITLE_LIMIT) == post["title"] != ""
        assert clean.text(post["text"], "text", TEXT_LIMIT) == post["text"]
        for name in ("url", "permalink"):
            assert clean.web_url(post[name]) == post[name] != ""
            assert re.match(r"https://([a-z]+\.)?example\.(org|com|net)/", post[name])
        assert post["thumbnail"] == ""
        values = {name: value for name, value in post.items() if name not in {"_id", "love", "_etag"}}
        assert document(post_id=post["_id"], **values) == post
        bson.encode(post)


def test_no_placeholder_is_left_in_a_sentence(many):
    assert not any(re.search(r"[{}%\0]", post["title"] + post["text"]) for post in many)
    assert not any(re.search(r"\ba [aeiou]", post["title"] + post["text"]) for post in many)


def test_topics_and_authors_are_popular_to_different_degrees(many):
    topics = Counter(post["topic"] for post in many)
    assert 20 <= len(topics) <= 40
    assert topics.most_common()[0][1] > 4 * topics.most_common()[-1][1]
    authors = Counter(post["author"] for post in many)
    assert len(authors) > 1000
    assert authors.most_common(1)[0][1] > 100


def test_sources_match_topics(many):
    share = sum(post["source"] == "stackexchange" for post in many) / len(many)
    assert 0.1 < share < 0.4
    for post in many[:2000]:
        assert (post["source"] == "stackexchange") == ("." in post["topic"]) == post["_id"].startswith("se_")


def test_scores_have_a_long_tail_and_comments_follow_them(many):
    scores = sorted(post["score"] for post in many)
    assert scores[len(scores) // 2] < 10
    assert 0.05 < sum(score > 50 for score in scores) / len(scores) < 0.15
    assert scores[-1] > 1000
    assert scores[0] < 0
    assert any(post["downs"] for post in many)
    loud = [post["num_comments"] for post in many if post["score"] > 50]
    calm = [post["num_comments"] for post in many if post["score"] <= 5]
    assert sum(loud) / len(loud) > 5 * sum(calm) / len(calm)


def test_dates_are_in_the_years_before_a_fixed_day(many):
    last = datetime.fromtimestamp(LAST, UTC)
    created = [post["created"] for post in many]
    assert max(created) <= last
    assert {when.year for when in created} == set(range(last.year - YEARS, last.year + 1))


def test_a_few_are_for_adults_and_some_link_elsewhere(many):
    assert 0.01 < sum(post["over_18"] for post in many) / len(many) < 0.06
    assert 0.1 < sum(post["url"] != post["permalink"] for post in many) / len(many) < 0.5


def test_words_follow_zipfs_law(many):
    words = Counter(word for post in many for word in re.findall(r"[a-z]{4,}", post["text"].lower()))
    ranked = [count for _, count in words.most_common()]
    assert len(ranked) > 2000
    slope = math.log(ranked[1000] / ranked[30]) / math.log(1000 / 30)
    assert -1.6 < slope < -0.6


def test_texts_have_several_sentences_and_few_titles_are_alike(many):
    size = sum(len(post["text"]) for post in many) / len(many)
    assert 300 <= size <= 600
    assert len({post["title"] for post in many}) > 0.8 * len(many)
    assert all(2 <= len(re.findall(r"[.?!](\s|$)", post["text"])) <= 10 for post in many)


def test_number_out_of_range_is_reported():
    with pytest.raises(LoadError, match="GENERATE must be a number from 0 to 1,000,000,000"):
        GeneratedSource(MAX_POSTS + 1)
    with pytest.raises(LoadError, match="The seed must be a number from 0 to 60,466,175"):
        GeneratedSource(1, MAX_SEED + 1)
    assert next(GeneratedSource(1, MAX_SEED).records(0))["_id"][3:9] == "gzzzzz"
