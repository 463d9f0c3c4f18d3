"""What counts as a word, in which languages, and what is said where there is none to search for."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.contract.face import Face
from tests.contract.shapes import check_collection, check_post, ids
from tests.support.browser import Browser
from tests.support.client import Client, Reader
from tests.support.eventually import eventually
from tests.support.submission import Submission, new_topic, new_word

COMMON_HAN = frozenset("我在工作三年了好使用编程石")
"""Characters of the texts around the words, and of other tests."""


def han() -> str:
    """A Chinese character, most likely in no other text."""
    return secrets.choice([each for each in map(chr, range(0x4E00, 0x9FFF)) if each not in COMMON_HAN])


def hangul() -> str:
    return chr(secrets.choice(range(0xAC00, 0xD7A3)))


@dataclass
class Words:
    """Words of the run's own."""

    place: str = field(default_factory=lambda: han() + han())
    tower: str = field(default_factory=lambda: han() + han())
    city: str = field(default_factory=lambda: hangul() + hangul())
    glued: str = field(default_factory=new_word)
    language: str = field(default_factory=new_word)
    library: str = field(default_factory=new_word)
    hyphened: str = field(default_factory=new_word)
    accented: str = field(default_factory=new_word)


@pytest.fixture(scope="module")
def words() -> Words:
    return Words()


@pytest.fixture(scope="module")
def posts(face: Face, words: Words, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The ids of posts with these words, by what they are for."""
    w, topic = words, new_topic()
    texts = {
        "title": (f"我在{w.place}工作三年了", ""),
        "text": ("Stones", f"{w.place}{w.tower}が好きです"),
        "apart": ("Stones", f"{w.tower}へ、そして{w.place}まで"),
        "korean": ("Stones", f"{w.city}에서 살고 있어요"),
        "glued": (f"使用{w.glued}编程", ""),
        "plus": (f"Using {w.language}++ at work", ""),
        "sharp": (f"Using {w.language}# at work", ""),
        "library": (f"All about {w.library}.js", f"An e-{w.hyphened} about it"),
        "accents": (f"A naïve {w.accented}é", ""),
    }
    made = {name: Submission(title, topic, 1_600_000_000, text) for name, (title, text) in texts.items()}
    path: Path = tmp_path_factory.mktemp("words") / "words.ndjson"
    path.write_text("".join(each.line() for each in made.values()), encoding="utf-8")
    face.load("--file", str(path))

    def loaded() -> None:
        assert Client(face.url).json("/search", q=f"{w.accented}e")["_meta"]["total"] == 1

    eventually(loaded)
    return {name: each.post_id for name, each in made.items()}


def test_words_are_found_where_no_spaces_part_them(
    visitor: Client, words: Words, posts: dict[str, str]
) -> None:
    def found(query: str) -> list[str]:
        return ids(visitor.items("/search", q=query))

    for post in visitor.items("/search", q=words.place):
        check_post(post)
    with_place = found(words.place)
    assert set(with_place) == {posts["title"], posts["text"], posts["apart"]}
    assert with_place[0] == posts["title"]
    assert set(found(words.place[0])) == set(with_place)
    assert set(found(f"{words.place}{words.tower}")) == set(with_place)
    assert found(f"{words.place}{words.tower}")[0] == posts["text"]
    assert found(f'"{words.place}{words.tower}"') == [posts["text"]]
    assert set(found(f"{words.place} -{words.tower}")) == {posts["title"]}
    assert found(words.city) == [posts["korean"]]
    assert found(words.glued) == found(f"{words.glued}编程") == [posts["glued"]]


def test_signs_hyphens_accents_and_quotes_make_sense(
    visitor: Client, words: Words, posts: dict[str, str]
) -> None:
    def found(query: str) -> set[str]:
        return set(ids(visitor.items("/search", q=query)))

    both = {posts["plus"], posts["sharp"]}
    assert found(words.language) == found(f"{words.language}++") == found(f"{words.language}#") == both
    assert found(f'"{words.language}++"') == {posts["plus"]}
    assert found(f'"{words.language}#"') == {posts["sharp"]}
    assert posts["library"] in found(f"{words.library}.js")
    assert found(f'"{words.library}.js"') == found(f'"e-{words.hyphened}"') == {posts["library"]}
    assert found(words.hyphened) == {posts["library"]}
    assert found(f"{words.accented}e") == found(f"{words.accented}É") == {posts["accents"]}
    assert found(f'"{words.library} stones"') == set()
    assert found(f"{words.language} -{words.library}") == both


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("the who", "stop words"),
        ('"to be or not to be"', "stop words"),
        ("-O2", "exclusions"),
        ('the -石 -"two words"', "exclusions"),
        ("!!! ???", "No words"),
    ],
)
def test_a_search_that_can_find_nothing_says_why(
    visitor: Client, regular: Reader, browser: Browser, query: str, reason: str
) -> None:
    for client in (visitor, regular):
        body = client.json("/search", q=query)
        check_collection(body, page=1, max_results=25)
        assert reason in body["_meta"]["reason"]
    page = browser.page("/search", q=query)
    assert body["_meta"]["reason"] in page.select_one("main").get_text()


def test_a_search_that_might_have_found_something_has_no_reason(visitor: Client, browser: Browser) -> None:
    for query in (new_word(), f"the {new_word()}", f"{new_word()} -stones"):
        body = visitor.json("/search", q=query)
        assert body["_meta"] == {"page": 1, "max_results": 25, "total": 0}
    assert "other words" in browser.page("/search", q=new_word()).select_one("main").get_text()
