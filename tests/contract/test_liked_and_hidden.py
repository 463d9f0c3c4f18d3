"""`GET /likes` and `GET /hidden`: the posts that a reader liked and those they hid, the latest first."""

import pytest
from bs4 import BeautifulSoup

from tests.contract.face import Face
from tests.contract.shapes import check_collection, check_post, ids
from tests.support.browser import Browser, posts_on
from tests.support.client import Client, Reader
from tests.support.corpus import Corpus
from tests.support.eventually import eventually
from tests.support.responses import expect, expect_unauthorized

LISTS = [("likes", "like", "liked"), ("hidden", "hide", "hidden")]
MISSING = "t3_zzzzzzzzzzz"


def shown_likes(page: BeautifulSoup, post: str) -> str:
    """Return what the like button of a post says."""
    button = page.select_one(f'[data-post="{post}"] [data-verb="like"]')
    return " ".join(button.get_text(" ").split())


@pytest.mark.parametrize(("name", "verb", "field"), LISTS)
def test_latest_liked_and_hidden_posts_come_first(
    reader: Reader, corpus: Corpus, name: str, verb: str, field: str
) -> None:
    known = [each.post_id for each in (corpus.dated[2], corpus.dated[0], corpus.dated[1], corpus.paged[0])]
    for post in known:
        expect(reader.put(f"/posts/{post}/{verb}"), 200)
    body = reader.json(f"/{name}")
    check_collection(body, page=1, max_results=25)
    assert ids(body["_items"]) == known[::-1]
    assert body["_meta"]["total"] == len(known)
    for post in body["_items"]:
        check_post(post, marked=True)
        assert post[field] is True
    pages = list(reader.pages(f"/{name}", max_results=3))
    assert [ids(page["_items"]) for page in pages] == [known[:0:-1], known[:1]]
    assert reader.items(f"/{name}", page=9) == []

    # A mark that is set again keeps its place; a mark that is removed and set again comes first.
    expect(reader.put(f"/posts/{known[0]}/{verb}"), 200)
    expect(reader.put(f"/posts/{known[1]}/tags/river"), 200)
    assert ids(reader.items(f"/{name}")) == known[::-1]
    expect(reader.delete(f"/posts/{known[0]}/{verb}"), 200)
    assert ids(reader.items(f"/{name}")) == known[:0:-1]
    expect(reader.put(f"/posts/{known[0]}/{verb}"), 200)
    assert ids(reader.items(f"/{name}")) == [known[0], *known[:0:-1]]


@pytest.mark.parametrize(("name", "verb", "field"), LISTS)
def test_lists_show_the_readers_own_marks_only(
    reader: Reader, other: Reader, visitor: Client, post: str, name: str, verb: str, field: str
) -> None:
    assert reader.items(f"/{name}") == []
    expect(reader.put(f"/posts/{post}/{verb}"), 200)
    assert ids(reader.items(f"/{name}")) == [post]
    assert post not in ids(other.all_items(f"/{name}"))
    expect_unauthorized(visitor.get(f"/{name}"))


def test_hidden_post_is_still_liked(reader: Reader, post: str) -> None:
    for verb in ("like", "hide"):
        expect(reader.put(f"/posts/{post}/{verb}"), 200)
    (liked,), (hidden,) = reader.items("/likes"), reader.items("/hidden")
    assert liked == hidden
    assert (liked["liked"], liked["hidden"]) == (True, True)


def test_profile_links_to_the_lists_and_a_form_unhides_a_post(member: Browser, corpus: Corpus) -> None:
    hidden, liked = (corpus.spare.pop().post_id for _ in range(2))
    headers = {"X-CSRFToken": member.page_token()}
    for post, verb in ((hidden, "hide"), (hidden, "like"), (liked, "like")):
        expect(member.put(f"/posts/{post}/{verb}", headers=headers), 200)
    profile = member.page("/me")
    links = {str(link["href"]) for link in profile.select("main .counts a")}
    assert links == {"/tags", "/likes", "/hidden"}
    assert posts_on(member.page("/likes"))[:2] == [liked, hidden]

    page = member.page("/hidden?max_results=50")
    assert hidden in posts_on(page)
    form = page.select_one(f'[data-post="{hidden}"] form[method=post][action$="/unhide"]')
    fields = {str(field["name"]): str(field["value"]) for field in form.select("input")}
    response = expect(member.post(str(form["action"]), data=fields), 303)
    assert member.leads_to(response) == "/hidden?max_results=50"
    assert hidden not in posts_on(member.page("/hidden"))
    assert member.get(f"/posts/{hidden}", headers={"Accept": "application/json"}).json()["hidden"] is False


def test_program_may_unhide_a_post_as_the_form_does(regular: Reader, post: str) -> None:
    expect(regular.put(f"/posts/{post}/hide"), 200)
    for _ in range(2):
        response = expect(regular.post(f"/posts/{post}/unhide"), 200)
        assert response.json() == {"post": post, "hidden": False}
    expect(regular.post(f"/posts/{MISSING}/unhide"), 404)


@pytest.mark.parametrize("path", ["/posts/{id}", "/search?q={title}", "/likes"])
def test_a_page_says_how_many_like_a_post(
    face: Face, member: Browser, regular: Reader, other: Reader, corpus: Corpus, path: str
) -> None:
    spare = corpus.spare.pop()
    address = path.format(id=spare.post_id, title=spare.title.split()[-1])
    expect(regular.put(f"/posts/{spare.post_id}/like"), 200)
    expect(other.put(f"/posts/{spare.post_id}/like"), 200)

    def check() -> None:
        assert shown_likes(member.page(address), spare.post_id) == "Like 2"

    eventually(check, face.deadline)
    for reader in (other, regular):
        expect(reader.delete(f"/posts/{spare.post_id}/like"), 200)
    if path != "/likes":
        assert shown_likes(member.page(address), spare.post_id) == "Like"
