"""Nothing is requested twice for a page: the requests between processes are those that the README shows."""

from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.step2.running_parts import SERVICES, Parts
from tests.support.client import Client, Reader
from tests.support.responses import expect

OF_SYNC = ("/changes/", "/copies/")
OTHERS = ("/health/", "/metrics", "/.well-known/")
"""The beginnings of routes that others use all the time."""

REQUESTS: dict[tuple[str, str], list[str]] = {
    ("GET", "/search?q={word}"): ["hide", "search", "tag", "like"],
    ("GET", "/"): ["hide", "posts", "tag", "like"],
    ("GET", "/recommended"): ["tag", "like", "hide", "recommend"],
    ("GET", "/posts/{post}"): ["posts", "tag", "like", "hide"],
    ("GET", "/likes"): ["like", "posts", "tag", "hide"],
    ("GET", "/hidden"): ["hide", "posts", "tag", "like"],
    ("GET", "/tags/{tag}"): ["tag", "posts", "like", "hide"],
    ("GET", "/tags"): ["tag"],
    ("GET", "/me"): ["members", "tag", "like", "hide", "share"],
    ("PUT", "/posts/{post}/like"): ["like"],
    ("POST", "/posts/{post}/share"): ["share"],
}
"""The services that get a request, for each request of a signed-in reader to the face."""


def requests_so_far(parts: Parts) -> Counter[str]:
    """Count the requests of the face to each service."""
    found: Counter[str] = Counter()
    for service in SERVICES:
        if service == "sync":
            continue
        text = expect(Client(parts.url(service)).get("/metrics"), 200).text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                route = sample.labels.get("route", "")
                if sample.name == "http_requests_total" and not route.startswith((*OF_SYNC, *OTHERS)):
                    found[service] += int(sample.value)
    return found


@pytest.fixture
def marked(parts: Parts, member: Reader, tag: str) -> Reader:
    """A member who has tagged, liked and hidden posts."""
    for path in (f"{parts.posts[0].post_id}/tags/{tag}", f"{parts.posts[0].post_id}/like"):
        expect(member.put(f"/posts/{path}"), 200)
    expect(member.put(f"/posts/{parts.posts[1].post_id}/hide"), 200)
    return member


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_requests_of_a_signed_in_reader(
    parts: Parts, marked: Reader, tag: str, method: str, path: str
) -> None:
    address = path.format(word=parts.word, post=parts.posts[0].post_id, tag=tag)
    body = {"to": "ann@example.org"} if path.endswith("/share") else None
    before = requests_so_far(parts)
    expect(marked.request(method, address, json=body), 200, 201)
    assert requests_so_far(parts) - before == Counter(REQUESTS[method, path])


@pytest.mark.parametrize(("path", "service"), [("/", "posts"), ("/search?q={word}", "search")])
def test_requests_of_a_visitor(parts: Parts, path: str, service: str) -> None:
    before = requests_so_far(parts)
    expect(Client(parts.face).get(path.format(word=parts.word)), 200)
    assert requests_so_far(parts) - before == Counter([service])
