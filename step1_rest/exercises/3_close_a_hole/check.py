"""The directory of members tells nobody an address, and does what it is for."""

import json
import secrets
from dataclasses import dataclass
from functools import cache
from string import ascii_lowercase, digits
from typing import Any

import requests

from workshop.learn.observing.observed import Missing, Observed, Reader

LETTERS = sorted(digits + ascii_lowercase)
FOUND_LETTERS = 3
"""How many letters of an address are shown to have been found."""


@dataclass(frozen=True)
class Member:
    """A member of the check's, with an address that only they know."""

    reader: Reader
    email: str


def filters_tell_no_address(step: Observed) -> None:
    """Nobody finds out a member's address by filters."""
    member, _ = _members(step)
    for name, (true, false) in _filters(member).items():
        responses = [
            _directory(step, where=f'{{"_id":"{member.reader.name}",{each}}}') for each in (true, false)
        ]
        if _names(responses[0]) != _names(responses[1]):
            found, sent = _find(step, member)
            raise Missing(
                f"GET /directory?where={{{false}}} tells something of a member's address: {name}. "
                + (f"By {sent} such requests the check found that it begins with {found}." if found else "")
            )


def order_tells_no_address(step: Observed) -> None:
    """Nobody finds out a member's address by the order or by a projection."""
    members = _members(step)
    both = json.dumps({"_id": {"$in": [each.reader.name for each in members]}})
    up, down = (_names(_directory(step, where=both, sort=order)) for order in ("email", "-email"))
    if up != down:
        raise Missing("GET /directory?sort=email and sort=-email sort by the address.")
    for shown in (None, '{"email":1}', '{"email":1,"_id":1}', '{"created":0}'):
        text = _directory(step, where=both, **({"projection": shown} if shown else {})).text
        if any(each.email in text for each in members):
            raise Missing(f"GET /directory shows addresses, with projection={shown}.")


def the_directory_does_what_it_is_for(step: Observed) -> None:
    """Members are still found by name and by day, in the order of either."""
    first, second = sorted(each.reader.name for each in _members(step))
    both = {"_id": {"$in": [second, first]}}
    for asked, expected in (
        ({"where": {"_id": first}}, [first]),
        ({"where": {**both, "created": {"$gt": "2020-01-01"}}, "sort": "_id"}, [first, second]),
        ({"where": both, "sort": "-_id"}, [second, first]),
        ({"where": {**both, "created": {"$lt": "2020-01-01"}}}, []),
        ({"where": both, "sort": "-created,_id", "projection": {"created": 1}}, None),
    ):
        parameters = {name: json.dumps(each) if name != "sort" else each for name, each in asked.items()}
        response = _directory(step, **parameters)
        found = _names(response)
        if found is None or (expected is not None and found != expected):
            got = "no list" if found is None else f"{found}"
            raise Missing(
                f"GET /directory with {parameters} got {response.status_code} and {got}, "
                f"not {'both members' if expected is None else expected}."
            )
        if not all("created" in each for each in response.json()["_items"]):
            raise Missing("GET /directory does not say any more since when somebody is a member.")


def members_have_their_own_address(step: Observed) -> None:
    """A member sees and changes their own address, and nobody else's."""
    member, other = _members(step)
    path = f"{step.address('STEP1_API_PORT')}/members/{member.reader.name}"
    own = step.request("GET", path, reader=member.reader)
    if not own.ok or own.json().get("email") != member.email:
        raise Missing(f"GET /members/NAME got {own.status_code}, without the member's own address.")
    change: dict[str, Any] = {
        "json": {"email": f"new-{member.email}"},
        "headers": {"If-Match": own.headers["ETag"]},
    }
    for reader, status in ((other.reader, 403), (member.reader, 200)):
        got = step.request("PATCH", path, reader=reader, **change).status_code
        if got != status:
            raise Missing(f"PATCH /members/NAME got {got} instead of {status}.")
    if step.json("/me", reader=member.reader)["email"] != f"new-{member.email}":
        raise Missing("The profile does not show an address that was just changed.")


def others_notice_nothing(step: Observed) -> None:
    """Signing up works as before."""
    step.contract("tests/contract/test_signing_up.py")


def _filters(member: Member) -> dict[str, tuple[str, str]]:
    """Return pairs of conditions, by their kind. The first is true for the member, the second is not."""
    email, other = member.email, f"x-{member.email}"
    escaped = r"\u0065mail"
    return {
        "comparisons say whether it comes before or after a text": (
            f'"email":{{"$gte":"{email[0]}"}}',
            f'"email":{{"$lt":"{email[0]}"}}',
        ),
        "an equal value says what it is": (f'"email":"{email}"', f'"email":"{other}"'),
        "lists say whether it is among some": (
            f'"email":{{"$in":["{email}"]}}',
            f'"email":{{"$in":["{other}"]}}',
        ),
        "conditions may stand inside others": (
            f'"$or":[{{"$and":[{{"email":"{email}"}}]}}]',
            f'"$or":[{{"$and":[{{"email":"{other}"}}]}}]',
        ),
        "the name of a field can be written in another way": (
            f'"{escaped}":{{"$gte":"{email[0]}"}}',
            f'"{escaped}":{{"$lt":"{email[0]}"}}',
        ),
    }


def _find(step: Observed, member: Member) -> tuple[str, int]:
    """Return the first letters of the member's address, as far as comparisons tell them, and how many
    requests that took.
    """
    found, sent = "", 0
    while len(found) < FOUND_LETTERS:
        low, high = 0, len(LETTERS)
        while high - low > 1:
            middle = (low + high) // 2
            condition = {"_id": member.reader.name, "email": {"$gte": found + LETTERS[middle]}}
            names, sent = _names(_directory(step, where=json.dumps(condition))), sent + 1
            low, high = (middle, high) if names else (low, middle)
        found += LETTERS[low]
    return (found if member.email.startswith(found) else ""), sent


@cache
def _members(step: Observed) -> tuple[Member, Member]:
    """Return two members that the rules share."""
    return _member(step), _member(step)


def _member(step: Observed) -> Member:
    """Sign up a member with an address."""
    reader, email = step.sign_up(), f"{secrets.token_hex(8)}@example.org"
    path = f"{step.address('STEP1_API_PORT')}/members/{reader.name}"
    etag = step.request("GET", path, reader=reader).headers["ETag"]
    step.json(path, method="PATCH", reader=reader, json={"email": email}, headers={"If-Match": etag})
    return Member(reader, email)


def _directory(step: Observed, **parameters: str) -> requests.Response:
    """Return what a visitor gets from the directory."""
    return step.request("GET", f"{step.address('STEP1_API_PORT')}/directory", params=parameters)


def _names(response: requests.Response) -> list[str] | None:
    """Return the names in a response; None if it is an error."""
    return [each["_id"] for each in response.json()["_items"]] if response.ok else None
