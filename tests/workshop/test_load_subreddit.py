"""Loading a subreddit through the real PRAW, from a server that speaks Reddit's API and has its faults."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import praw.config
import pytest
from reddit_server import CLIENT_ID, CLIENT_SECRET, Fault, RedditServer

from workshop.load.loading import Loading
from workshop.load.problems import LoadError, Problem
from workshop.load.reddit_api import subreddit
from workshop.load.reddit_api.subreddit import SubredditSource
from workshop.ports import free_port


def submission(number: int, **changes: Any) -> dict[str, Any]:
    """Return a submission as the API gives it today."""
    name = f"ab{number}"
    given = {
        "id": name,
        "name": f"t3_{name}",
        "subreddit": "Python",
        "subreddit_name_prefixed": "r/Python",
        "title": f"Stone {number} &amp; <more>",
        "selftext": "Across & on.",
        "author": "walker",
        "created_utc": 1_700_000_000.0 + number,
        "score": number,
        "ups": number,
        "upvote_ratio": 0.97,
        "num_comments": 2,
        "over_18": False,
        "url": f"https://www.reddit.com/r/Python/comments/{name}/stone/",
        "permalink": f"/r/Python/comments/{name}/stone/",
        "thumbnail": "self",
        "edited": False,
    }
    return given | changes


@pytest.fixture
def reddit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedditServer]:
    """The server. PRAW finds it by a praw.ini, and its credentials in the environment."""
    with RedditServer() as server:
        (tmp_path / "praw.ini").write_text(server.praw_ini)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        monkeypatch.setenv("praw_client_id", CLIENT_ID)
        monkeypatch.setenv("praw_client_secret", CLIENT_SECRET)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.chdir(tmp_path.parent)
        monkeypatch.setattr(praw.config.Config, "CONFIG", None)
        server.subreddits["python"] = [submission(number) for number in range(250, 0, -1)]
        yield server


def load(name: str = "python", limit: int | None = None) -> list[Any]:
    return list(SubredditSource(name, limit).records(0))


def test_every_post_of_all_pages_comes_once(reddit):
    posts = load()
    assert sorted(post["_id"] for post in posts) == sorted(f"t3_ab{number}" for number in range(1, 251))
    assert [requested.status for requested in reddit.listings] == [200] * 6
    assert {requested.path for requested in reddit.listings} == {"/r/python/new", "/r/python/top"}
    assert reddit.tokens == 1
    assert all("stepping-stones" in agent for agent in reddit.agents)


def test_entities_of_a_post_are_decoded_once(reddit):
    post = next(post for post in load() if post["_id"] == "t3_ab7")
    assert post["title"] == "Stone 7 &amp; <more>"
    assert (post["author"], post["topic"], post["score"], post["thumbnail"]) == ("walker", "Python", 7, "")
    assert post["permalink"] == "https://www.reddit.com/r/Python/comments/ab7/stone/"


def test_newest_and_best_posts_alternate(reddit):
    reddit.subreddits["python"] = [submission(number, score=300 - number) for number in range(250, 0, -1)]
    assert [post["_id"] for post in load()[:6]] == [f"t3_ab{n}" for n in (250, 1, 249, 2, 248, 3)]


def test_load_ends_at_reddits_limit_of_a_thousand(reddit):
    reddit.subreddits["python"] = [submission(number) for number in range(1300, 0, -1)]
    assert len(load()) == 1000


@pytest.mark.parametrize("name", ["r/python", "/r/Python/", "https://www.reddit.com/r/python/", "PYTHON"])
def test_a_name_may_come_as_people_write_it(name, reddit):
    assert len(load(name)) == 250


@pytest.mark.parametrize(
    "name", ["", "x", "two words", "../etc", "r/", "a" * 30, "python?x=1", "https://x.example/r/a"]
)
def test_impossible_name_is_reported(name, reddit):
    with pytest.raises(LoadError, match="is not the name of a subreddit"):
        SubredditSource(name)
    assert reddit.requests == []


def test_loading_again_updates(reddit, database):
    first = Loading(SubredditSource("python", 40), database["posts"], limit=40).run()
    reddit.subreddits["python"][0]["score"] = 4000
    again = Loading(SubredditSource("python", 40), database["posts"], limit=40).run()
    assert (first.new, again.new, again.updated, again.unchanged) == (40, 0, 1, 39)
    assert database["posts"].count_documents({}) == 40


def test_a_deleted_author_and_a_bad_post_do_not_stop_the_load(reddit):
    reddit.subreddits["python"][0] |= {"author": "[deleted]"}
    reddit.subreddits["python"][1] |= {"title": "  "}
    records = load()
    assert records[0]["author"] == "[deleted]"
    assert [record for record in records if isinstance(record, Problem)] == [
        Problem("t3_ab249", "title is missing")
    ]
    assert len(records) == 250


def test_an_expired_token_is_renewed(reddit):
    reddit.expire_after = 3
    assert len(load()) == 250
    assert reddit.tokens == 2
    assert [requested.status for requested in reddit.listings] == [200, 200, 200, 401, 200, 200, 200]


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "600", "x-ratelimit-reset": "2"},
        {"retry-after": "2"},
        {
            "retry-after": "2",
            "x-ratelimit-remaining": "5",
            "x-ratelimit-used": "595",
            "x-ratelimit-reset": "1",
        },
    ],
)
def test_too_many_requests_wait_as_long_as_reddit_says(headers, reddit):
    reddit.faults.append(Fault(429, headers, {"message": "Too Many Requests", "error": 429}))
    notes: list[str] = []
    assert len(list(SubredditSource("python", note=notes.append).records(0))) == 250
    first, second = reddit.listings[:2]
    assert (first.status, second.status) == (429, 200)
    assert second.at - first.at > 1.9
    assert len(notes) == 1


def test_too_many_requests_without_a_time_wait_longer_each_time(reddit):
    reddit.faults.extend(Fault(429, {}, {}) for _ in range(2))
    assert len(load()) == 250
    first, second, third = reddit.listings[:3]
    assert second.at - first.at > 0.9
    assert third.at - second.at > 1.8


def test_endless_rate_limit_is_reported(reddit, monkeypatch):
    monkeypatch.setattr(subreddit, "MAX_TRIES", 2)
    reddit.faults.extend(Fault(429, {}, {}) for _ in range(50))
    with pytest.raises(LoadError, match=r"refuses more requests for now\. Try again in ten minutes"):
        load()
    assert len(reddit.listings) == 3


@pytest.mark.parametrize("hours", ["7200", "nan", "-1", "inf"])
def test_wait_of_hours_ends_the_load(hours, reddit):
    reddit.faults.append(Fault(429, {"retry-after": hours}, {}))
    with pytest.raises(LoadError, match="refuses more requests for now"):
        load()
    assert len(reddit.listings) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_temporary_error_is_retried(status, reddit):
    reddit.faults.append(Fault(status, {}, b"<html>oops</html>"))
    assert len(load()) == 250
    assert [requested.status for requested in reddit.listings[:2]] == [status, 200]


def test_cut_connection_after_refusals_is_retried(reddit):
    reddit.faults.extend([Fault(401, {}, {}), Fault(401, {}, {}), Fault(0)])
    assert len(load()) == 250
    assert [requested.status for requested in reddit.listings[:4]] == [401, 401, 0, 200]


def test_lasting_error_is_reported_and_earlier_posts_are_kept(reddit, database):
    source = SubredditSource("python")
    loading = Loading(source, database["posts"], batch=10)

    def closed() -> Iterator[Any]:
        for count, record in enumerate(SubredditSource("python").records(0)):
            if count == 120:
                reddit.faults.extend(Fault(503) for _ in range(9))
            yield record

    source.records = lambda start: closed()  # type: ignore[method-assign]
    with pytest.raises(LoadError, match=r"Reddit has a problem of its own \(HTTP 503\)"):
        loading.run()
    assert database["posts"].count_documents({}) == loading.tally.new >= 120


@pytest.mark.parametrize(
    ("closed", "message"),
    [
        (None, "There is no r/closed"),
        (Fault(404, {}, {"message": "Not Found", "error": 404}), "There is no r/closed"),
        (Fault(403, {}, {"reason": "private", "message": "Forbidden", "error": 403}), "r/closed is private"),
        (Fault(403, {}, {"message": "Forbidden", "error": 403}), "r/closed is private"),
        (
            Fault(404, {}, {"reason": "banned", "message": "Not Found"}),
            "r/closed cannot be read: Reddit says it is banned",
        ),
        (Fault(403, {}, {"reason": "quarantined"}), "Reddit says it is quarantined"),
        (Fault(451, {}, {}), "Reddit says it is out of reach .HTTP 451"),
        (Fault(200, {}, b"<html>"), "Reddit's response is not understood"),
        (Fault(200, {}, {"kind": "Listing"}), "Reddit's response is not understood"),
        (Fault(200, {}, [1, 2]), "Reddit's response is not understood"),
        (Fault(200, {"x-ratelimit-remaining": "many"}, {}), "Reddit's response is not understood"),
        (Fault(401, {}, {}), "Reddit refuses the credentials"),
    ],
)
def test_unreadable_subreddit_is_reported(closed, message, reddit):
    if closed is not None:
        reddit.subreddits["closed"] = closed
    with pytest.raises(LoadError, match=message):
        load("closed")


def test_wrong_credentials_are_reported_with_advice(reddit, monkeypatch):
    monkeypatch.setenv("praw_client_secret", "wrong")
    with pytest.raises(
        LoadError,
        match=r"refuses the credentials \(HTTP 401\): make a .script. app at https://www\.reddit\.com/prefs/apps",
    ):
        load()
    assert reddit.listings == []


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(200, {}, {"error": "invalid_grant"}), r"refuses the credentials \(invalid_grant\)"),
        (Fault(403, {}, b"<html>"), r"refuses the credentials \(HTTP 403\)"),
        (Fault(503, {}, b""), r"Reddit has a problem of its own \(HTTP 503\)"),
        (Fault(200, {}, b"<html>"), "Reddit's response is not understood"),
        (Fault(429, {}, {}), "refuses more requests for now"),
    ],
)
def test_failed_sign_in_is_reported(fault, message, reddit, monkeypatch):
    monkeypatch.setattr(subreddit, "MAX_TRIES", 0)
    reddit.token_faults.extend([fault] * 10)
    with pytest.raises(LoadError, match=message):
        load()


@pytest.mark.parametrize("missing", ["praw_client_id", "praw_client_secret"])
def test_message_about_missing_credentials_says_what_to_set(missing, reddit, monkeypatch):
    monkeypatch.delenv(missing)
    with pytest.raises(LoadError) as caught:
        SubredditSource("python")
    for word in ("https://www.reddit.com/prefs/apps", "praw_client_id", "praw_client_secret", "praw.ini"):
        assert word in str(caught.value)
    assert reddit.requests == []


def test_credentials_may_be_in_praw_ini(reddit, tmp_path, monkeypatch):
    monkeypatch.delenv("praw_client_id")
    monkeypatch.delenv("praw_client_secret")
    monkeypatch.setenv("praw_site", "mine")
    own = f"[mine]\nclient_id={CLIENT_ID}\nclient_secret={CLIENT_SECRET}\nuser_agent=my own agent\n"
    (tmp_path / "praw.ini").write_text(reddit.praw_ini + own)
    assert len(load()) == 250
    assert all("my own agent" in agent for agent in reddit.agents)


def test_unusable_praw_ini_is_reported(reddit, tmp_path, monkeypatch):
    monkeypatch.setenv("praw_site", "elsewhere")
    with pytest.raises(
        LoadError, match=r"praw_site is elsewhere, but no praw\.ini has a section \[elsewhere\]"
    ):
        SubredditSource("python")
    monkeypatch.delenv("praw_site")
    monkeypatch.setattr(praw.config.Config, "CONFIG", None)
    (tmp_path / "praw.ini").write_text("client_id=x\n")
    with pytest.raises(LoadError, match=r"praw\.ini cannot be used: "):
        SubredditSource("python")


def test_unreachable_reddit_is_reported(reddit, tmp_path):
    address = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "praw.ini").write_text(reddit.praw_ini.replace(reddit.url, address))
    with pytest.raises(LoadError, match=r"Reddit cannot be reached \(ConnectionError\)"):
        load()
    assert reddit.requests == []
