"""Reddit records with all their faults, and the posts made of them."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.support.submission import Submission
from workshop.load.posts.post import TEXT_LIMIT, TITLE_LIMIT
from workshop.load.posts.reddit import post_from_reddit
from workshop.load.problems import BadRecord, NotAPost

FIELDS = {
    *(
        "_id",
        "_etag",
        "source",
        "title",
        "text",
        "author",
        "topic",
        "url",
        "permalink",
        "thumbnail",
        "created",
    ),
    *("score", "ups", "downs", "num_comments", "over_18", "love"),
}


def record(**changes: Any) -> dict[str, Any]:
    """Return a record of 2015; None removes a field."""
    given = json.loads(
        Submission("How to cross", "Python", 1_370_746_482, "On stones.", ups=9, downs=2).line()
    )
    return {name: value for name, value in (given | changes).items() if value is not None}


def modern(**changes: Any) -> dict[str, Any]:
    """Return a record as the API gives it today."""
    given = {
        "id": "1abcde2",
        "name": "t3_1abcde2",
        "subreddit": "learnpython",
        "title": "Modern",
        "selftext": "",
        "author": "somebody",
        "created_utc": 1_700_000_000,
        "score": 120,
        "ups": 120,
        "upvote_ratio": 0.9,
        "num_comments": 3,
        "over_18": False,
        "url": "https://stones.example.org/",
        "permalink": "/r/learnpython/comments/1abcde2/modern/",
        "thumbnail": "self",
    }
    return given | changes


def test_a_record_of_2015_has_all_fields_of_a_post():
    submission = Submission(
        "How to cross", "Python", 1_370_746_482, "On stones.", ups=9, downs=2, over_18=True
    )
    post = post_from_reddit(json.loads(submission.line()))
    assert set(post) == FIELDS
    assert {name: post[name] for name in submission.shown()} == submission.shown()
    assert post["love"] == 7


def test_modern_record_needs_no_downs_and_gets_a_complete_permalink():
    post = post_from_reddit(modern())
    assert (post["ups"], post["downs"], post["score"], post["love"]) == (120, 0, 120, 120)
    assert post["permalink"] == "https://www.reddit.com/r/learnpython/comments/1abcde2/modern/"
    assert (post["topic"], post["text"], post["thumbnail"], post["over_18"]) == ("learnpython", "", "", False)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"ups": 9, "downs": 2, "score": 6}, (9, 2, 6)),
        ({"ups": 9, "score": 6}, (9, 3, 6)),
        ({"ups": 9, "score": 9}, (9, 0, 9)),
        ({"ups": 0, "score": -4}, (0, 4, -4)),
        ({"downs": 2, "score": 6}, (8, 2, 6)),
        ({"ups": 9, "downs": 2}, (9, 2, 7)),
        ({"score": 6}, (6, 0, 6)),
        ({"ups": 9}, (9, 0, 9)),
        ({}, (0, 0, 0)),
    ],
)
def test_missing_votes_are_calculated_from_the_others(given, meant):
    votes: dict[str, Any] = {"ups": None, "downs": None, "score": None}
    post = post_from_reddit(record(**votes | given))
    assert (post["ups"], post["downs"], post["score"]) == meant


@pytest.mark.parametrize("value", [1_370_746_482, 1_370_746_482.0, "1370746482", "1.370746482e9"])
def test_created_may_be_any_kind_of_number(value):
    assert post_from_reddit(record(created_utc=value))["created"] == datetime(
        2013, 6, 9, 2, 54, 42, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [
        (1_370_746_482.1239, 123),
        ({"$date": "2013-06-09T02:54:42.123Z"}, 123),
        ({"$date": {"$numberLong": "1370746482123"}}, 123),
        ({"$date": 1_370_746_482_123}, 123),
        ({"$numberDouble": "1370746482.5"}, 500),
        ("2013-06-09T04:54:42.999999+02:00", 999),
        ("2013-06-09 02:54:42", 0),
    ],
)
def test_created_is_cut_to_milliseconds(value, milliseconds):
    created = post_from_reddit(record(created_utc=value))["created"]
    assert created == datetime(2013, 6, 9, 2, 54, 42, milliseconds * 1000, tzinfo=UTC)


def test_extended_json_numbers_are_unwrapped():
    post = post_from_reddit(record(ups={"$numberLong": "12"}, downs={"$numberInt": "2"}, score=None))
    assert (post["ups"], post["downs"], post["score"]) == (12, 2, 10)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("False", False),
        ("True", True),
        (True, True),
        (0, False),
        ("1", True),
        (None, False),
        ("", False),
        (1.0, True),
    ],
)
def test_booleans_may_be_words_and_numbers(value, meant):
    assert post_from_reddit(record(over_18=value))["over_18"] is meant


def test_an_id_that_an_import_made_a_number_comes_from_the_name():
    assert post_from_reddit(record(id=180097, name="t3_180097"))["_id"] == "t3_180097"
    assert post_from_reddit(record(id=180097, name=None))["_id"] == "t3_180097"
    assert post_from_reddit(record(id="t3_abc", name=None))["_id"] == "t3_abc"


def test_an_author_that_an_import_made_a_number_is_text_again():
    assert post_from_reddit(record(author=16807))["author"] == "16807"
    assert post_from_reddit(record(author=None))["author"] == "[deleted]"


def test_entities_are_decoded_once():
    post = post_from_reddit(
        record(title="a &lt; b &amp;&amp; c &amp;lt; d &copy;", selftext="&gt;&gt;&gt; import this")
    )
    assert post["title"] == "a < b && c &lt; d &copy;"
    assert post["text"] == ">>> import this"
    assert post_from_reddit(record(title="write &amp;"), escaped=False)["title"] == "write &amp;"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("First\n\n&amp;#x200B;\n\nSecond&amp;nbsp;line", "First\n\nSecond line"),
        ("5 &gt; 3 &amp;amp; so on &amp;copy;", "5 > 3 & so on ©"),
        ("In code: `&amp;lt;b&amp;gt;`", "In code: `&lt;b&gt;`"),
        ("a\u200bb\ufeffc\u2060d", "abcd"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("&amp;bogus; &amp;#; &amp;#x; a&b;c", "&bogus; &#; &#x; a&b;c"),
    ],
)
def test_markdown_entities_and_invisible_characters_are_removed_from_the_text(given, meant):
    assert post_from_reddit(record(selftext=given))["text"] == meant


def test_invisible_characters_are_removed_from_the_title():
    title = post_from_reddit(record(title="&amp;#x200B;Stone&amp;nbsp;one\u200b &amp;amp;"))["title"]
    assert title == "Stone one &amp;"


def test_nan_counts_as_a_missing_value():
    nan = dict.fromkeys(("author", "selftext", "score", "ups", "downs", "num_comments", "over_18"), math.nan)
    post = post_from_reddit(record(**nan))
    assert (post["author"], post["text"], post["score"], post["over_18"]) == ("[deleted]", "", 0, False)


def test_post_without_a_subreddit_is_in_its_authors_own():
    advert = record(
        subreddit=None, permalink="/comments/aaj101/an_advert/", author="writer_one", promoted=True
    )
    assert post_from_reddit(advert)["topic"] == "u_writer_one"


def test_author_may_be_an_account_object():
    post = post_from_reddit(
        modern(author={"name": "ann", "id": "t2_x"}, subreddit={"display_name": "learnpython"})
    )
    assert (post["author"], post["topic"]) == ("ann", "learnpython")


def test_spaces_in_an_address_are_encoded():
    url = 'https://files.example.org/my cat "1".jpg?q=a b'
    assert (
        post_from_reddit(record(url=url))["url"] == "https://files.example.org/my%20cat%20%221%22.jpg?q=a%20b"
    )


INVALID_ADDRESSES = (
    *(
        "self",
        "default",
        "nsfw",
        "",
        None,
        7,
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "//x.example/y",
    ),
    *(
        "ftp://x.example/",
        "http://",
        "https:///path",
        "http://[",
        "http://a b/",
        "http://x.example/\x00",
        "/r/x",
    ),
    *("http://x.example/" + "a" * 2000, "http://x.example/\ud800"),
)


@pytest.mark.parametrize("value", INVALID_ADDRESSES, ids=ascii)
def test_invalid_web_address_becomes_none(value):
    assert post_from_reddit(record(thumbnail=value))["thumbnail"] == ""


def test_addresses_are_kept_and_unescaped():
    post = post_from_reddit(
        record(url="HTTPS://x.example/a?b=1&amp;c=2", thumbnail="http://x.example:8080/t.png")
    )
    assert post["url"] == "HTTPS://x.example/a?b=1&c=2"
    assert post["thumbnail"] == "http://x.example:8080/t.png"
    assert (
        post_from_reddit(record(url="/r/Python/comments/x/"))["url"]
        == "https://www.reddit.com/r/Python/comments/x/"
    )


def test_text_is_limited_and_valid_for_mongodb():
    post = post_from_reddit(
        record(title="x\x00y\n z\ud800 " + "t" * 400, selftext="a\r\nb\rc\x07\t" + "t" * 50_000)
    )
    assert len(post["title"]) == TITLE_LIMIT
    assert post["title"].startswith("xy z\ufffd ttt")
    assert post["title"].endswith("t…")
    assert len(post["text"]) == TEXT_LIMIT
    assert post["text"].startswith("a\nb\nc\tttt")
    bson.encode(post)


def test_numbers_are_limited_to_64_bits():
    post = post_from_reddit(record(ups=10**30, downs=-5, score="-1e30", num_comments=-3))
    assert (post["ups"], post["downs"], post["score"]) == (2**63 - 1, 0, -(2**63))
    assert post["num_comments"] == 0
    bson.encode(post)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": None, "name": None}, "id is missing"),
        ({"id": "a b", "name": None}, "id is not a submission's id, such as 1fymy0"),
        ({"id": 1.5, "name": None}, "id is not a submission's id, such as 1fymy0"),
        ({"title": None}, "title is missing"),
        ({"title": " \n "}, "title is missing"),
        ({"title": ["x"]}, "title is not text"),
        ({"selftext": {"a": 1}}, "selftext is not text"),
        ({"created_utc": None}, "created_utc is missing"),
        ({"created_utc": "yesterday"}, "created_utc is not a date"),
        ({"created_utc": True}, "created_utc is not a date"),
        ({"created_utc": [1]}, "created_utc is not a date"),
        ({"created_utc": math.nan}, "created_utc is not a date"),
        ({"created_utc": math.inf}, "created_utc is not a date between 1970 and 2100"),
        ({"created_utc": 10**400}, "created_utc is not a date between 1970 and 2100"),
        ({"created_utc": 0}, "created_utc is not a date between 1970 and 2100"),
        ({"created_utc": 1_370_746_482_000}, "created_utc is not a date between 1970 and 2100"),
        ({"score": "many"}, "score is not a number"),
        ({"score": math.inf}, "score is not a number"),
        ({"ups": [1]}, "ups is not a number"),
        ({"num_comments": "9" * 5000}, "num_comments is not a number"),
        ({"over_18": "perhaps"}, "over_18 is neither true nor false"),
        ({"permalink": None}, "subreddit is missing, and permalink does not name it"),
        (
            {"permalink": "http://www.reddit.com/user/x/"},
            "subreddit is missing, and permalink does not name it",
        ),
    ],
)
def test_bad_record_is_rejected_with_a_reason(changes, reason):
    with pytest.raises(BadRecord) as caught:
        post_from_reddit(record(**changes))
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "comment", [{"name": "t1_c0abc", "id": "c0abc", "body": "x"}, {"id": "c0abc", "body": "x"}]
)
def test_comment_is_skipped_and_not_bad(comment):
    with pytest.raises(NotAPost, match="a comment"):
        post_from_reddit(comment)


def test_etag_changes_with_the_content():
    base = modern()
    etag = post_from_reddit(base)["_etag"]
    assert post_from_reddit(dict(base, upvote_ratio=0.1))["_etag"] == etag
    changes: list[dict[str, Any]] = [
        *(
            {"title": "Other"},
            {"selftext": "x"},
            {"author": "x"},
            {"subreddit": "x"},
            {"url": "https://x.example"},
        ),
        *({"permalink": "/r/x/"}, {"thumbnail": "https://x.example"}, {"created_utc": 1_700_000_000.001}),
        *({"score": 1}, {"ups": 1}, {"downs": 1}, {"num_comments": 1}, {"over_18": True}, {"name": "t3_x"}),
    ]
    etags = [post_from_reddit(base | change)["_etag"] for change in changes]
    assert len({etag, *etags}) == len(changes) + 1


text = some.text("aZ9 -_.:/&;<é石🪨\ud800\x00\r\n", max_size=60)
anything = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | text,
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(some.sampled_from(["$date", "$numberLong", "a"]), inner, max_size=3)
    ),
    max_leaves=5,
)
names = some.sampled_from([*modern(), "downs", "body"])


@settings(deadline=None)
@given(some.dictionaries(names, anything))
def test_any_record_is_a_valid_post_or_is_rejected_with_a_reason(changes):
    try:
        post = post_from_reddit(modern() | changes)
    except (BadRecord, NotAPost) as problem:
        assert str(problem)
        return
    assert set(post) == FIELDS
    assert bson.decode(bson.encode(post))["title"] == post["title"] != ""
    assert len(post["title"]) <= TITLE_LIMIT
    assert len(post["text"]) <= TEXT_LIMIT
    for name in ("url", "permalink", "thumbnail"):
        assert post[name] == "" or post[name].lower().startswith(("http://", "https://"))
    assert isinstance(post["over_18"], bool)
    assert post["created"].tzinfo is UTC
    assert post["created"].microsecond % 1000 == 0
    assert post["love"] == post["ups"] - post["downs"]
    assert min(post["ups"], post["downs"], post["num_comments"]) >= 0
