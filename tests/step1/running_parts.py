"""Where step 1's parts are, and its members as the API makes them."""

from dataclasses import dataclass

from tests.support.client import PASSWORD, Client, Reader, new_name
from tests.support.responses import expect
from tests.support.running_step import RunningStep
from tests.support.submission import Submission


@dataclass(frozen=True)
class Parts:
    """Where the face and the API are; `posts` are there, newest first, all with `word` and of one `topic`."""

    running: RunningStep
    face: str
    api: str
    word: str
    topic: str
    posts: list[Submission]


def new_member(api: str) -> Reader:
    """A new member of the API's, signed in."""
    name = new_name()
    expect(Client(api).post("/members", json={"_id": name, "password": PASSWORD}), 201)
    made = expect(Client(api).post("/tokens", json={"username": name, "password": PASSWORD}), 201)
    return Reader(api, name, made.json()["token"])
