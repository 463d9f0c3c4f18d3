"""The command-line client of the API: each command as a person calls it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.step1.running_parts import Parts
from tests.support.client import PASSWORD, Reader
from workshop.ports import free_port

Call = Callable[..., str]


def call(api: str, *arguments: str, token: str = "", code: int = 0, typed: str | None = None) -> str:
    """Return what the command prints; `typed` is what the person types."""
    done = subprocess.run(
        [sys.executable, "-m", "step1_rest.client", *arguments],
        env={**os.environ, "API_URL": api, "STONES_TOKEN": token},
        input=typed,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def test_search_prints_posts(parts: Parts) -> None:
    lines = call(parts.api, "search", parts.word, "--max-results", "5").splitlines()
    assert len(lines) == 5
    assert all(parts.word in line for line in lines)
    assert {line.split()[0] for line in lines} <= {each.post_id for each in parts.posts}


def test_search_without_results_is_reported(parts: Parts) -> None:
    assert call(parts.api, "search", f"{parts.word}x") == "Nothing found.\n"


def test_list_accepts_a_filter_and_a_sort(parts: Parts) -> None:
    requested = json.dumps({"topic": parts.topic, "score": {"$gte": 225}})
    lines = call(parts.api, "posts", "--where", requested, "--sort", "-score").splitlines()
    assert [int(line.split()[1]) for line in lines] == [229, 228, 227, 226, 225]


def test_recommend_and_show_print_posts(parts: Parts) -> None:
    first = call(parts.api, "recommend", "--topic", parts.topic).splitlines()[0].split()[0]
    assert first == parts.posts[-1].post_id
    assert parts.posts[-1].title in call(parts.api, "show", first)


def test_json_option_prints_the_response_unchanged(parts: Parts) -> None:
    content = json.loads(
        call(parts.api, "--json", "search", parts.word, "--page", "2", "--max-results", "20")
    )
    assert content["_meta"] == {"page": 2, "max_results": 20, "total": 30}
    assert len(content["_items"]) == 10


def test_a_reader_signs_in_and_marks(parts: Parts, member: Reader, tag: str) -> None:
    token = call(parts.api, "sign-in", member.username, typed=f"{PASSWORD}\n").split()[-1]
    post = parts.posts[7].post_id
    assert call(parts.api, "tag", post, tag, token=token) == f"{post}: {tag}\n"
    assert member.json(f"/posts/{post}")["tags"] == [tag]
    assert call(parts.api, "tag", post, tag, "--off", token=token) == f"{post}: no tags\n"
    assert call(parts.api, "like", post, token=token) == f"{post}: 1 like it\n"
    assert call(parts.api, "like", post, "--off", token=token) == f"{post}: 0 like it\n"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["like", "t3_zzzzzzzzzzz"], "Sign in first"),
        (["show", "t3_zzzzzzzzzzz"], "no post|nothing"),
        (["posts", "--where", "score > 50"], "where must be a JSON object"),
        (["posts", "--sort", "love"], "sort takes"),
        (["search", "x" * 201], "longer than 200"),
    ],
)
def test_error_is_printed_in_one_line(parts: Parts, arguments: list[str], found: str) -> None:
    output = call(parts.api, *arguments, code=1)
    assert output.startswith("Error: ")
    assert len(output.splitlines()) == 1
    assert any(each.lower() in output.lower() for each in found.split("|")), output


def test_bad_token_is_reported(parts: Parts) -> None:
    assert "not valid" in call(parts.api, "search", parts.word, token="wrong", code=1)


def test_wrong_password_is_reported(parts: Parts, member: Reader) -> None:
    output = call(parts.api, "sign-in", member.username, "--password", "not the right one", code=1)
    assert "do not belong together" in output


def test_api_that_is_away_is_reported_with_its_address() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    output = call(address, "search", "flask", code=1)
    assert "The API cannot be reached" in output
    assert address in output
