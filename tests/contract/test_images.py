"""`GET /images/{id}`: the picture of a post, fetched once and cached, never from a private address."""

import pytest

from tests.contract.face import Face
from tests.contract.picture_cases import NO_PICTURE, PRIVATE
from tests.support.client import Client
from tests.support.corpus import Corpus
from tests.support.image_site import ImageSite
from tests.support.pictures import MEDIA_TYPES, noise, picture
from tests.support.responses import expect, expect_error, expect_message, expect_retry_after

pytestmark = pytest.mark.face

BROWSERS_ACCEPT = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


@pytest.fixture(autouse=True)
def sees_image_site(face: Face) -> None:
    if not face.sees_image_site:
        pytest.skip("the running step may not fetch from the suite's image site: see conftest.py")


def path(corpus: Corpus, case: str) -> str:
    return f"/images/{corpus.pictured[case].post_id}"


@pytest.mark.parametrize("ending", MEDIA_TYPES)
def test_each_format_is_sent_unchanged(visitor: Client, corpus: Corpus, ending: str) -> None:
    response = expect(visitor.get(path(corpus, ending), headers={"Accept": BROWSERS_ACCEPT}), 200)
    assert response.headers["Content-Type"] == MEDIA_TYPES[ending]
    assert response.content == picture(ending)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("case", "ending"),
    [
        *(("linked", "jpg"), ("linked-query", "gif"), ("preferred", "webp"), ("mislabelled", "gif")),
        *(("redirected", "png"), ("hops", "png")),
    ],
)
def test_picture_of_each_case_is_found(visitor: Client, corpus: Corpus, case: str, ending: str) -> None:
    response = expect(visitor.get(path(corpus, case)), 200)
    assert response.headers["Content-Type"] == MEDIA_TYPES[ending]
    assert response.content == picture(ending)


def test_a_thumbnail_is_preferred(visitor: Client, corpus: Corpus, images: ImageSite) -> None:
    expect(visitor.get(path(corpus, "preferred")), 200)
    assert images.hits("/not-preferred.png") == 0


def test_a_picture_is_fetched_once(visitor: Client, corpus: Corpus, images: ImageSite) -> None:
    before = images.hits("/cached.png")
    first = expect(visitor.get(path(corpus, "cached")), 200)
    fetched = images.hits("/cached.png")
    assert fetched > before
    responses = [expect(visitor.get(path(corpus, "cached")), 200) for _ in range(4)]
    assert {response.content for response in [first, *responses]} == {picture("png")}
    assert images.hits("/cached.png") == fetched


def test_picture_has_an_etag_and_may_be_cached(visitor: Client, corpus: Corpus) -> None:
    response = expect(visitor.get(path(corpus, "etag")), 200)
    assert "max-age" in response.headers["Cache-Control"]
    tag = {"If-None-Match": response.headers["ETag"]}
    unchanged = expect(visitor.get(path(corpus, "etag"), headers=tag), 304)
    assert unchanged.content == b""
    expect(visitor.get(path(corpus, "etag"), headers={"If-None-Match": '"other"'}), 200)


def test_two_mebibytes_are_shown_and_one_byte_more_is_not(visitor: Client, corpus: Corpus) -> None:
    assert expect(visitor.get(path(corpus, "largest")), 200).content == noise(2 * 1024 * 1024)
    expect_message(visitor.get(path(corpus, "too-large")), 404, "larger")


@pytest.mark.parametrize("case", ["large", "large-unannounced"])
def test_much_larger_file_is_not_shown(visitor: Client, corpus: Corpus, case: str) -> None:
    expect_message(visitor.get(path(corpus, case)), 404, "larger")


@pytest.mark.parametrize("case", sorted(NO_PICTURE | {"svg"}))
def test_file_that_is_no_picture_is_not_shown(visitor: Client, corpus: Corpus, case: str) -> None:
    expect_error(visitor.get(path(corpus, case)), 404)


@pytest.mark.parametrize("case", ["none", "adult"])
def test_post_without_a_picture_gets_not_found(visitor: Client, corpus: Corpus, case: str) -> None:
    expect_message(visitor.get(path(corpus, case)), 404, "no picture")


@pytest.mark.parametrize("post_id", ["t3_zzzzzzzzzzz", "nonsense", "..%2f..%2fetc%2fpasswd", "%00"])
def test_picture_of_an_unknown_post_is_not_found(visitor: Client, post_id: str) -> None:
    expect_error(visitor.get(f"/images/{post_id}"), 404)


@pytest.mark.parametrize("case", PRIVATE)
def test_private_addresses_are_not_fetched(
    visitor: Client, corpus: Corpus, images: ImageSite, case: str
) -> None:
    expect_error(visitor.get(path(corpus, case)), 404)
    assert images.hits(f"/private-{case}.png") == 0


def test_endless_redirects_are_given_up(visitor: Client, corpus: Corpus, images: ImageSite) -> None:
    before = images.hits("/loop.png")  # the site may have served other steps, too
    expect_message(visitor.get(path(corpus, "loop")), 404, "redirect")
    assert before < images.hits("/loop.png") <= before + 10


def test_refusal_of_the_other_site_is_reported(visitor: Client, corpus: Corpus) -> None:
    for _ in range(2):
        expect_retry_after(visitor.get(path(corpus, "unreachable")), 503)


@pytest.mark.parametrize("case", ["slow", "silent"])
def test_slow_site_is_given_up(visitor: Client, corpus: Corpus, case: str) -> None:
    expect_error(visitor.get(path(corpus, case)), 504)
