"""Rows of a Stack Exchange Posts.xml and the posts made of them."""

import time
from datetime import UTC, datetime

import bson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from workshop.load.posts.post import TEXT_LIMIT
from workshop.load.posts.stackexchange import HTML_LIMIT, is_site, plain_text, post_from_row, post_id
from workshop.load.problems import BadRecord, NotAPost

ROW = {
    "Id": "12345",
    "PostTypeId": "1",
    "CreationDate": "2009-04-30T07:48:06.757",
    "Score": "17",
    "Body": "<p>Which <b>stone</b> &amp; when?</p>",
    "OwnerUserId": "8",
    "Title": "Which stone?",
    "AnswerCount": "3",
    "CommentCount": "2",
}


def test_a_question_becomes_a_post():
    post = post_from_row(ROW, "serverfault.com")
    assert post.pop("_etag")
    assert post == {
        "_id": "se_serverfault_12345",
        "source": "stackexchange",
        "title": "Which stone?",
        "text": "Which stone & when?",
        "author": "user8",
        "topic": "serverfault.com",
        "url": "https://serverfault.com/questions/12345",
        "permalink": "https://serverfault.com/questions/12345",
        "thumbnail": "",
        "created": datetime(2009, 4, 30, 7, 48, 6, 757_000, tzinfo=UTC),
        "score": 17,
        "ups": 17,
        "downs": 0,
        "num_comments": 5,
        "over_18": False,
        "love": 17,
    }


def test_negative_score_becomes_downs():
    post = post_from_row(ROW | {"Score": "-4"}, "stackoverflow.com")
    assert (post["score"], post["ups"], post["downs"], post["love"]) == (-4, 0, 4, -4)


def test_author_is_the_name_or_the_number_or_nobody():
    assert post_from_row(ROW | {"OwnerDisplayName": "Ann"}, "")["author"] == "Ann"
    assert post_from_row({name: value for name, value in ROW.items() if name != "OwnerUserId"}, "")[
        "author"
    ] == ("[deleted]")


def test_entities_of_an_author_are_decoded():
    assert post_from_row(ROW | {"OwnerDisplayName": "some &amp; one"}, "")["author"] == "some & one"


def test_sites_do_not_share_ids():
    sites = [
        "serverfault.com",
        "unix.stackexchange.com",
        "unix.meta.stackexchange.com",
        "meta.stackexchange.com",
    ]
    sites += [
        "stackoverflow.com",
        "meta.stackoverflow.com",
        "es.stackoverflow.com",
        "mathoverflow.net",
        "stackapps.com",
    ]
    ids = [post_id("12345", site) for site in sites]
    assert len(set(ids)) == len(sites)
    assert ids[:3] == ["se_serverfault_12345", "se_unix_12345", "se_unix.meta_12345"]
    assert post_id("12345", "stackoverflow.com") == post_id("12345", "") == "se_12345"


def test_without_a_site_there_is_no_permalink():
    post = post_from_row(ROW, "")
    assert (post["topic"], post["permalink"], post["url"]) == ("stackexchange", "", "")


@pytest.mark.parametrize("kind", ["2", "3", "4", "5", "6", "7", "8", "17"])
def test_other_kinds_of_row_are_skipped_and_not_bad(kind):
    with pytest.raises(NotAPost, match="not a question"):
        post_from_row(ROW | {"PostTypeId": kind}, "")


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("PostTypeId", "", "PostTypeId is missing"),
        ("Id", "", "Id is missing"),
        ("Id", "12x", "Id is not a number"),
        ("Title", "", "Title is missing"),
        ("Score", "high", "Score is not a number"),
        ("CreationDate", "", "CreationDate is missing"),
        ("CreationDate", "long ago", "CreationDate is not a date"),
        ("CreationDate", "1066-10-14T09:00:00", "CreationDate is not a date between 1970 and 2100"),
        ("AnswerCount", "some", "AnswerCount is not a number"),
    ],
)
def test_bad_row_is_rejected_with_a_reason(field, value, reason):
    with pytest.raises(BadRecord) as caught:
        post_from_row(ROW | {field: value}, "")
    assert str(caught.value) == reason


def test_html_becomes_words_on_lines():
    html = (
        "<p>First <em>part</em></p>\n\n<!-- language: lang-py -->"
        "<pre><code>if a &lt; b:\n    c()\n</code></pre><ul><li>one</li><li>two</li></ul>"
        "<script>bad()</script><style>p{}</style><p>5 < 6 & x<y</p>"
    )
    assert plain_text(html) == "First part\n\nif a < b:\n    c()\n\none\n\ntwo\n\n5 < 6 & x<y"


BROKEN = (
    *(
        "<!--",
        "<![",
        "<!",
        "</",
        "<a ",
        "<a b='",
        "&",
        "&#",
        "<?",
        "<script>",
        "<script></scrip",
        "<a<",
        "<svg:",
    ),
    *("<a/", "<a b='>", '<a b=">', "<a =>", "<style ' >", "\n \n", "<p", "</a ", "<a =", "&#x110000;", "-->"),
)


@pytest.mark.parametrize("piece", BROKEN)
def test_broken_html_is_read_quickly(piece):
    began = time.process_time()
    text = plain_text(piece * HTML_LIMIT)
    assert time.process_time() - began < 5
    assert len(text) <= HTML_LIMIT * 4


@settings(deadline=None)
@given(some.text("<>/!-?&;#'\"= \nabscriptyle[]"))
def test_any_html_becomes_text(html):
    assert isinstance(plain_text(html), str)


@settings(deadline=None)
@given(some.dictionaries(some.sampled_from(list(ROW)), some.text("a9 -.:T<>&/é\x00\n", max_size=60)))
def test_any_row_is_a_valid_post_or_is_rejected_with_a_reason(changes):
    try:
        post = post_from_row(ROW | changes, "unix.stackexchange.com")
    except (BadRecord, NotAPost) as problem:
        assert str(problem)
        return
    assert post["title"]
    assert len(post["text"]) <= TEXT_LIMIT
    bson.encode(post)


def test_names_of_sites_are_recognised():
    assert is_site("serverfault.com")
    assert is_site("unix.meta.stackexchange.com")
    assert not any(
        map(is_site, ["", "Posts.xml", "serverfault", "..com", "a b.com", "x/../y.com", "a" * 60 + ".com"])
    )
