"""Fuzzing: the API responds to generated requests as its own OpenAPI document says.

FUZZ_EXAMPLES sets how many cases of each operation are tried; the total is printed at the end.
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.step1.running_parts import Parts, new_member
from tests.support.budget import budget
from tests.support.client import PASSWORD, Client, Reader
from tests.support.responses import expect

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance, content_type_conformance]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "20"))
ENDS_TOKENS = ("delete", "/tokens/current")
HASHING = {("post", "/members"), ("post", "/tokens"), ENDS_TOKENS}
"""Paths where each case hashes a password, which takes time."""

OPERATIONS = {
    *(("get", path) for path in ("/posts", "/posts/{id}", "/search", "/marks", "/members/{id}")),
    *(("get", path) for path in ("/recommended", "/topics", "/tags", "/tags/{tag}", "/me")),
    *(("get", path) for path in ("/likes", "/like-counts", "/hidden")),
    *(("get", path) for path in ("/images/{post_id}", "/health/live", "/health/ready", "/metrics")),
    *(("get", path) for path in ("/openapi.json", "/docs", "/.well-known/jwks.json", "/tokens/current")),
    *(("post", path) for path in ("/members", "/tokens", "/posts/{post_id}/share")),
    *(
        (verb, f"/posts/{{post_id}}/{path}")
        for verb in ("put", "delete")
        for path in ("tags/{tag}", "like", "hide")
    ),
    ("patch", "/members/{id}"),
    ENDS_TOKENS,
}


@pytest.fixture(scope="module")
def tried() -> Iterator[Counter[str]]:
    counted: Counter[str] = Counter()
    yield counted
    print(f"\n{counted.total()} cases over {len(counted)} operations")


@pytest.fixture(scope="module")
def sender(parts: Parts) -> Reader:
    return new_member(parts.api)


@pytest.fixture(scope="module")
def document(parts: Parts) -> Any:
    return Client(parts.api).json("/openapi.json")


def test_all_operations_are_known(document: Any) -> None:
    assert {(method, path) for path, item in document["paths"].items() for method in item} == OPERATIONS


@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS))
def test_responses_match_the_openapi_document(
    parts: Parts, document: Any, sender: Reader, tried: Counter[str], method: str, path: str
) -> None:
    operation = schemathesis.openapi.from_dict(document)[path][method.upper()]
    known = [parts.posts[0].post_id, parts.posts[1].post_id]
    if path.startswith("/members"):
        known = [sender.username]
    session = requests.Session()
    session.trust_env = False

    @budget(EXAMPLES // 3 if (method, path) in HASHING else EXAMPLES)
    @given(case=operation.as_strategy(), there=st.sampled_from([None, *known, *known]))
    def send(case: schemathesis.Case, there: str | None) -> None:
        tried[f"{method} {path}"] += 1
        for name in {"id", "post_id"} & set(case.path_parameters or ()):
            if there is not None:
                case.path_parameters[name] = there
        token = new_token(sender) if (method, path) == ENDS_TOKENS else sender.token
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        case.call_and_validate(base_url=parts.api, session=session, headers=headers, checks=CHECKS)

    send()


def new_token(reader: Reader) -> str:
    """Return another token of the same member."""
    made = Client(reader.url).post("/tokens", json={"username": reader.username, "password": PASSWORD})
    return str(expect(made, 201).json()["token"])
