"""The addresses of step 1's parts, and new members of its API."""

from dataclasses import dataclass

from tests.support.client import PASSWORD, Client, Reader, new_name
from tests.support.responses import expect
from tests.support.running_step import RunningStep
from tests.support.submission import Submission


@dataclass(frozen=True)
class Parts:
    """The face and the API. They have `posts`, newest first, all with `word` and of one `topic`."""

    running: RunningStep
    face: str
    api: str
    word: str
    topic: str
    posts: list[Submission]


def new_member(api: str) -> Reader:
    """Return a new member of the API, signed in."""
    name = new_name()
    expect(Client(api).post("/members", json={"_id": name, "password": PASSWORD}), 201)
    made = expect(Client(api).post("/tokens", json={"username": name, "password": PASSWORD}), 201)
    return Reader(api, name, made.json()["token"])
