"""A program answers with the right titles, whatever the topic is called, by few requests for few fields."""

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from workshop.learn.observing.observed import Missing, Observed
from workshop.learn.observing.recording import Recorder, recorded
from workshop.load.posts.post import Document, document

SINCE, PAGE = 105, 50
"""How many posts of the topic the program should find, and how many a page has at most."""

PAGES = -(-SINCE // PAGE)
NEEDED = {"title", "num_comments"}
LONGEST_SECONDS = 60.0


def titles_are_right(step: Observed) -> None:
    """The program prints the titles of all posts of a topic since a day, the most comments first."""
    topic = f"learn-{secrets.token_hex(4)}"
    with _posts(step, topic, SINCE) as (day, expected):
        printed, recorder = _run(step, topic, day)
    if not recorder.exchanges:
        raise Missing("The program sent no GET request to the address in the variable API_URL.")
    _compare(printed, expected)


def any_topic_is_a_topic(step: Observed) -> None:
    """A topic with quotation marks and other signs in its name is a topic like others."""
    topic = f'Tom\'s "learning" & C++ {secrets.token_hex(4)}'
    with _posts(step, topic, 3) as (day, expected):
        printed, _ = _run(step, topic, day)
    if printed != expected:
        raise Missing(
            f"For the topic {topic} it printed {len(printed)} titles, and not the 3 that there are. "
            "Is the text of `where` made with json.dumps?"
        )


def requests_are_few(step: Observed) -> None:
    """It needs one request for each page, and asks for no field that it does not need."""
    topic = f"learn-{secrets.token_hex(4)}"
    with _posts(step, topic, SINCE) as (day, _):
        _, recorder = _run(step, topic, day)
    if len(recorder.exchanges) > PAGES + 1:
        raise Missing(
            f"For {SINCE} posts it sent {len(recorder.exchanges)} requests, and {PAGES} pages of {PAGE} have "
            "them all. Does `where` leave out all others, and has each page as many posts as is allowed?"
        )
    for exchange in recorder.exchanges:
        fields = {name for post in exchange.response.json().get("_items", []) for name in post}
        surplus = sorted(name for name in fields - NEEDED if not name.startswith("_"))
        if surplus:
            raise Missing(
                f"It needs the titles only, and got {', '.join(surplus[:4])} and so on, too: a page had "
                f"{len(exchange.response.content):,} bytes. `projection` says which fields to send."
            )


def _run(step: Observed, topic: str, day: str) -> tuple[list[str], Recorder]:
    """Return the lines that the program prints, and the record of its requests."""
    with recorded(step.address("STEP1_API_PORT")) as recorder:
        printed = step.program(
            "step1_rest.discussed", topic, day, env={"API_URL": recorder.url}, seconds=LONGEST_SECONDS
        )
    return [line.strip() for line in printed.splitlines() if line.strip()], recorder


def _compare(printed: list[str], expected: list[str]) -> None:
    wrong = [title for title in printed if title not in expected]
    if wrong:
        raise Missing(
            f"Of the {len(printed)} titles that it printed, {len(wrong)} belong to other topics or to older "
            f"posts, such as: {wrong[0]}. `where` says which posts are wanted."
        )
    if len(set(printed)) < len(expected):
        raise Missing(
            f"The topic has {len(expected)} posts since then, and it printed {len(set(printed))} of them. "
            f"A page has at most {PAGE}, and a day begins at midnight."
        )
    if len(printed) > len(expected):
        raise Missing(f"It printed {len(printed)} titles for {len(expected)} posts: some more than once.")
    place = next((i for i, title in enumerate(expected) if printed[i] != title), None)
    if place is not None:
        raise Missing(f"The order is wrong: title {place + 1} should be {expected[place]}. See `sort`.")


@contextmanager
def _posts(step: Observed, topic: str, count: int) -> Iterator[tuple[str, list[str]]]:
    """Store `count` posts of a topic since a day inside the block, and others that are older or of another
    topic. Yield the day, and the titles that are expected.
    """
    day = datetime(2001, 1, 1, tzinfo=UTC) + timedelta(days=random.randrange(1000))  # noqa: S311
    comments = random.sample(range(10_000), count)
    wanted = [_post(topic, day + timedelta(minutes=i), number) for i, number in enumerate(comments)]
    older = [_post(topic, day - timedelta(seconds=1 + i), 10_000 + i) for i in range(count)]
    others = [_post(f"{topic}-2", day + timedelta(days=1), 10_000 + i) for i in range(3)]
    stored = [*wanted, *older, *others]
    with step.databases() as client:
        posts = client["monolith"]["posts"]
        posts.insert_many(stored)
        try:
            most_first = sorted(wanted, key=lambda post: post["num_comments"], reverse=True)
            yield f"{day:%Y-%m-%d}", [post["title"] for post in most_first]
        finally:
            posts.delete_many({"_id": {"$in": [post["_id"] for post in stored]}})


def _post(topic: str, created: datetime, comments: int) -> Document:
    name = secrets.token_hex(8)
    return document(
        post_id=f"t3_{name}",
        source="reddit",
        title=f"Question {name}",
        text="What do you think of it?",
        author="learner",
        topic=topic,
        url=f"https://example.org/{name}",
        permalink=f"https://example.org/{name}",
        thumbnail="",
        created=created,
        score=1,
        ups=1,
        downs=0,
        num_comments=comments,
        over_18=False,
    )
