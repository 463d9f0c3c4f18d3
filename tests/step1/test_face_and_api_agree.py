"""A change through the face is visible to clients of the API, and the other way round."""

import re
from pathlib import Path

import psutil
import pytest

from tests.step1.running_parts import Parts, new_member
from tests.support.client import Client, Reader, new_reader
from tests.support.responses import expect

PRIVATE = {"MONGODB_URI", "TOKEN_KEY"}


def test_marks_are_the_same_at_the_face_and_the_api(parts: Parts, tag: str) -> None:
    face = new_reader(parts.face)
    api = Reader(parts.api, face.username, face.token)
    post = parts.posts[10].post_id
    expect(face.put(f"/posts/{post}/tags/{tag}"), 200)
    expect(face.put(f"/posts/{post}/like"), 200)
    content = api.json(f"/posts/{post}")
    assert (content["tags"], content["liked"]) == ([tag], True)
    assert api.json("/tags")["_items"] == [{"tag": tag, "count": 1}]


def test_member_of_the_api_can_sign_in_at_the_face(parts: Parts) -> None:
    api = new_member(parts.api)
    face = Reader(parts.face, api.username, api.token)
    post = parts.posts[11].post_id
    expect(api.put(f"/posts/{post}/hide"), 200)
    assert face.json("/me")["counts"]["hidden"] == 1
    assert post not in {each["_id"] for each in face.all_items("/search", q=parts.word)}


def test_posts_are_the_same_at_the_face_and_the_api(parts: Parts) -> None:
    face = Client(parts.face).json(f"/posts/{parts.posts[0].post_id}")
    api = Client(parts.api).json(f"/posts/{parts.posts[0].post_id}")
    assert {name: value for name, value in api.items() if name not in ("_created", "_updated")} == face


def test_face_and_api_log_the_same_request_id(parts: Parts) -> None:
    for url in (parts.face, parts.api):
        given = expect(Client(url).get("/search?q=stone", headers={"X-Request-ID": "one-of-ours"}), 200)
        assert given.headers["X-Request-ID"] == "one-of-ours"
        made = expect(Client(url).get("/search?q=stone", headers={"X-Request-ID": "not\tours"}), 200)
        assert re.fullmatch("[0-9a-f]{32}", made.headers["X-Request-ID"])


def test_only_the_api_holds_its_credentials(parts: Parts) -> None:
    if not Path("/proc/self/environ").exists():
        pytest.skip("only Linux shows what a process was given")
    holding: dict[str, set[str]] = {"step1_rest.web": set(), "step1_rest.api.app": set()}
    for process in psutil.process_iter(["cmdline", "environ"]):
        command = " ".join(process.info["cmdline"] or [])
        ours = (process.info["environ"] or {}).get("STEP1_PORT") == str(parts.running.ports["STEP1_PORT"])
        for name, held in holding.items():
            if ours and f"{name}:make_app" in command:
                held |= {"there", *(PRIVATE & set(process.info["environ"]))}
    assert holding == {"step1_rest.web": {"there"}, "step1_rest.api.app": {"there", *PRIVATE}}
