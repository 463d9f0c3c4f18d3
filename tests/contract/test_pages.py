"""HTML pages: text of other people is escaped, and a page loads only the application's own files."""

from urllib.parse import urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup

from tests.support.browser import Browser, parse
from tests.support.client import Client, Reader
from tests.support.corpus import Corpus
from tests.support.responses import expect

pytestmark = pytest.mark.face

PAGES = ("/", "/search?q={word}", "/recommended", "/posts/{id}", "/login", "/signup", "/nothing", "/?page=0")
MEMBERS_PAGES = ("/", "/me", "/tags", "/tags/river", "/likes", "/hidden", "/posts/{id}", "/search?q={word}")
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}


def filled(path: str, corpus: Corpus) -> str:
    return path.format(word=corpus.word, id=corpus.rich[0].post_id)


def loaded(page: BeautifulSoup) -> set[str]:
    """Return the addresses of all that a page loads by itself."""
    return {
        str(element[attribute])
        for name, attribute in LOADING.items()
        for element in page.select(f"{name}[{attribute}]")
    }


def check_inline(page: BeautifulSoup) -> None:
    """Raise AssertionError if a page has scripts or styles of its own in it, which the policy forbids."""
    assert not page.select("script:not([src])")
    assert not page.select("style, [style]")
    for element in page.find_all(True):
        assert not [name for name in element.attrs if name.lower().startswith("on")], element


@pytest.mark.parametrize("path", PAGES)
def test_pages_load_their_own_files_only(browser: Browser, corpus: Corpus, path: str) -> None:
    page = BeautifulSoup(browser.get(filled(path, corpus)).text, "html.parser")
    check_inline(page)
    addresses = loaded(page)
    assert addresses
    for address in addresses:
        absolute = urljoin(browser.url, address)
        assert urlsplit(absolute).netloc == urlsplit(browser.url).netloc, address
        if "/images/" not in address:
            expect(browser.get(address), 200)


@pytest.mark.parametrize("path", MEMBERS_PAGES)
def test_members_pages_load_their_own_files_only(member: Browser, corpus: Corpus, path: str) -> None:
    page = member.page(filled(path, corpus))
    check_inline(page)
    assert page.select_one("meta[name=csrf-token]")["content"]
    assert all(
        urlsplit(urljoin(member.url, each)).netloc == urlsplit(member.url).netloc for each in loaded(page)
    )


def test_text_of_others_is_escaped(browser: Browser, corpus: Corpus) -> None:
    for submission in corpus.hostile:
        page = browser.page(f"/posts/{submission.post_id}")
        check_inline(page)
        shown = " ".join(page.select_one("main").get_text(" ").split())
        assert " ".join(submission.title.split()) in shown
        assert not page.select("main img[src=x], main svg[onload]")
        assert not [link for link in page.select("a[href]") if str(link["href"]).startswith("javascript:")]


def test_hostile_posts_do_not_break_a_list(browser: Browser, corpus: Corpus) -> None:
    for submission in corpus.hostile:
        page = browser.page("/search", q=submission.title[:200].split("\r")[0])
        check_inline(page)


@pytest.mark.parametrize(
    "requested", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "'-alert(1)-'"]
)
def test_query_is_shown_as_text(browser: Browser, corpus: Corpus, requested: str) -> None:
    page = browser.page("/search", q=requested)
    check_inline(page)
    assert page.select_one("input[name=q]")["value"] == requested
    assert "49" not in page.select_one("input[name=q]")["value"]


def test_an_error_page_repeats_no_markup(browser: Browser) -> None:
    for path in (
        "/<script>alert(1)</script>",
        "/?<script>alert(1)</script>=1",
        "/posts/<svg onload=alert(1)>",
    ):
        response = expect(browser.get(path), 400, 404)
        check_inline(BeautifulSoup(response.text, "html.parser"))


def test_an_error_page_shows_who_is_signed_in(member: Browser, regular: Reader) -> None:
    errors = {"/search?q=": 400, "/posts/t3_zzzzzzzzzzz": 404, "/tags/NO": 422}
    errors |= {"/nothing": 404, "/images/nothing": 404, "/logout": 405}
    for path, status in errors.items():
        response = expect(member.get(path), status)
        page = parse(response)
        assert regular.username in page.select_one("header").get_text(), path
        token = str(page.select_one("header form[action='/logout'] input[name=csrf_token]")["value"])
        assert {"cookie", "accept"} <= {each.strip().lower() for each in response.headers["Vary"].split(",")}
        assert "private" in response.headers["Cache-Control"]
    assert member.leads_to(expect(member.post("/logout", data={"csrf_token": token}), 303)) == "/"
    for path in ("/nothing", "/search?q="):
        assert regular.username not in member.get(path).text


def test_page_has_a_language_and_a_title(browser: Browser, corpus: Corpus) -> None:
    for path in ("/", f"/posts/{corpus.rich[0].post_id}", "/login"):
        page = browser.page(path)
        assert page.html["lang"] == "en"
        assert page.title.get_text(strip=True)
    assert corpus.rich[0].title in browser.page(f"/posts/{corpus.rich[0].post_id}").title.get_text()


def test_page_requests_pictures_from_the_face(browser: Browser, visitor: Client, corpus: Corpus) -> None:
    shown = corpus.pictured["png"]
    page = browser.page(f"/posts/{shown.post_id}")
    assert [image for image in page.select("main img") if image["src"] == f"/images/{shown.post_id}"]
    assert shown.thumbnail not in str(page.select("img"))
