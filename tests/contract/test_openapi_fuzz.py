"""Fuzzing: the face responds to generated requests as its OpenAPI document says.

Each operation gets a fixed number of random requests, for posts that exist and posts that do not.
"""

from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contract.face import Face
from tests.contract.test_operation import OPERATIONS
from tests.support.budget import budget
from tests.support.client import Client, Reader, new_reader, other_address
from tests.support.corpus import Corpus

pytestmark = pytest.mark.face

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance, content_type_conformance]
EXAMPLES = 25
HASHING = {"/signup", "/login"}
"""Paths where each example hashes a password, which takes time."""


@pytest.fixture(scope="module")
def document(face: Face) -> Any:
    return Client(face.url).json("/openapi.json")


@pytest.fixture(scope="module")
def sender(face: Face) -> Reader:
    return new_reader(face.url)


@pytest.fixture(scope="module")
def session(face: Face) -> requests.Session:
    """A session with its own address, so that failed sign-ins lock nobody else out."""
    made = Client(face.url, source=other_address()).session
    del made.headers["Accept"]
    return made


@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS))
def test_responses_match_the_openapi_document(
    face: Face,
    document: Any,
    session: requests.Session,
    sender: Reader,
    corpus: Corpus,
    method: str,
    path: str,
) -> None:
    operation: APIOperation = schemathesis.openapi.from_dict(document)[path][method.upper()]
    known = [corpus.rich[0].post_id, corpus.question.post_id]
    headers = {"Accept": "application/json"}
    if path != "/logout":  # which would end the token
        headers["Authorization"] = f"Bearer {sender.token}"

    @budget(EXAMPLES // 3 if path in HASHING else EXAMPLES)
    @given(case=operation.as_strategy(), post=st.sampled_from([None, *known, *known]))
    def send(case: schemathesis.Case, post: str | None) -> None:
        if post is not None and "{id}" in path:
            case.path_parameters["id"] = post
        case.call_and_validate(base_url=face.url, session=session, headers=headers, checks=CHECKS)

    send()
