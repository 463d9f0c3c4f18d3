"""Query parameters: a route accepts those that it knows, each once, each by its rule."""

import pytest

from tests.support.browser import Browser, parse
from tests.support.client import Client, Reader
from tests.support.responses import expect, expect_error, expect_message

pytestmark = pytest.mark.face

PAGED = ("/?", "/search?q=stone&", "/tags?", "/tags/river?", "/likes?", "/hidden?")
INVALID_PAGES = (
    "0",
    "-1",
    "",
    "abc",
    "1.5",
    "%2B1",
    "1e3",
    "0x1",
    "%20",
    "%D9%A1",
    "%EF%BC%91",
    "null",
    "1,2",
    "%00",
    "[1]",
    "NaN",
)
INVALID_SIZES = (*INVALID_PAGES, "51", "1000000")
REFUSED = (
    *(
        "/recommended?topic=x&page=1",
        "/recommended?max_results=5",
        "/posts/t3_zzz?page=1",
        "/images/t3_zzz?size=1",
    ),
    *(
        "/me?page=1",
        "/?q=stone",
        "/?topic=x",
        "/search?q=stone&topic=x",
        "/search?q=stone&sort=new",
        "/tags?q=a",
    ),
    *(
        "/?where=%7B%7D",
        "/?projection=%7B%7D",
        "/?aggregate=1",
        "/?PAGE=1",
        "/?page%00=1",
        "/?=1",
        "/?page[]=1",
    ),
    *(
        "/?page[$gt]=1",
        "/search?q[$ne]=a",
        "/recommended?topic[$gt]=",
        "/recommended?topic.x=1",
        "/tags/a?tag=b",
        "/likes?tag=b",
        "/hidden?q=b",
    ),
)


@pytest.mark.parametrize("number", INVALID_PAGES)
@pytest.mark.parametrize("route", PAGED)
def test_page_is_a_whole_number_from_1(regular: Reader, route: str, number: str) -> None:
    expect_message(regular.get(f"{route}page={number}"), 400, "page")


@pytest.mark.parametrize("number", INVALID_SIZES)
@pytest.mark.parametrize("route", PAGED)
def test_max_results_is_a_whole_number_from_1_to_50(regular: Reader, route: str, number: str) -> None:
    expect_message(regular.get(f"{route}max_results={number}"), 400, "max_results")


@pytest.mark.parametrize("route", PAGED)
def test_pages_and_sizes_at_their_limits_are_accepted(regular: Reader, route: str) -> None:
    for query in ("page=1", "max_results=1", "max_results=50", "page=1000&max_results=50"):
        expect(regular.get(route + query), 200)


@pytest.mark.parametrize("path", REFUSED)
def test_an_unknown_parameter_is_named(regular: Reader, path: str) -> None:
    expect_error(regular.get(path), 400)


def test_message_names_the_unknown_parameter(visitor: Client) -> None:
    expect_message(visitor.get("/?page=1&colour=red&size=2"), 400, "colour", "size")


@pytest.mark.parametrize("verb", ["like", "hide", "tags/x"])
def test_verbs_accept_no_parameters(regular: Reader, post: str, verb: str) -> None:
    for method in ("PUT", "DELETE"):
        expect_message(regular.request(method, f"/posts/{post}/{verb}?force=1"), 400, "force")
    shown = regular.json(f"/posts/{post}")
    assert (shown["tags"], shown["liked"], shown["hidden"]) == ([], False, False)


def test_sharing_accepts_no_parameters(regular: Reader, post: str) -> None:
    fields = {"to": "a@example.org", "note": ""}
    expect_message(regular.post(f"/posts/{post}/share?to=b@example.org", json=fields), 400, "to")


@pytest.mark.parametrize("query", ["page=1&page=2", "page=1&page=1", "max_results=5&max_results=6"])
@pytest.mark.parametrize("route", PAGED)
def test_repeated_parameter_is_refused(regular: Reader, route: str, query: str) -> None:
    expect_message(regular.get(route + query), 400, query.partition("=")[0])


@pytest.mark.parametrize("query", ["", "q=", "q=%20", "q=%09", "q=%E3%80%80", "page=1", "q=a&q=b"])
def test_search_needs_one_query(visitor: Client, query: str) -> None:
    expect_message(visitor.get(f"/search?{query}"), 400, "q")


@pytest.mark.parametrize("character", ["a", "é", "石", "🪨", "%"])
def test_query_of_201_characters_is_too_long(visitor: Client, character: str) -> None:
    expect_message(visitor.get("/search", params={"q": character * 201}), 400, "200")


@pytest.mark.parametrize("code", [0, 1, 7, 8, 10, 13, 27, 31, 127, 128, 133, 159])
def test_control_characters_are_refused(visitor: Client, code: int) -> None:
    expect_message(visitor.get("/search", params={"q": f"a{chr(code)}b"}), 400, "control")
    expect_message(visitor.get("/recommended", params={"topic": f"a{chr(code)}b"}), 400, "control")


@pytest.mark.parametrize("topic", ["", "a" * 101, "石" * 101])
def test_a_topic_has_1_to_100_characters(visitor: Client, topic: str) -> None:
    expect_message(visitor.get("/recommended", params={"topic": topic}), 400, "topic")


@pytest.mark.parametrize(
    "topic", ["a" * 100, "石" * 100, "$where", '{"$ne": ""}', "a/b", "no.such.site.example"]
)
def test_any_other_topic_is_accepted(visitor: Client, topic: str) -> None:
    assert visitor.items("/recommended", topic=topic) == []


@pytest.mark.parametrize(
    "path", ["/?page=0", "/search", "/search?q=%00", "/?unknown=1", "/recommended?topic="]
)
def test_browser_gets_a_page_with_the_error(browser: Browser, path: str) -> None:
    response = expect(browser.get(path), 400)
    assert parse(response).select_one("main").get_text(strip=True)
