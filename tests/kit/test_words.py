"""Words of languages without spaces, and their index."""

from typing import Any

import pytest
from pymongo import TEXT, IndexModel
from pymongo.database import Database

from kit.domain.indexes import INDEXES
from kit.domain.search.words import search_for, words_of
from kit.mongo.indexes import make_indexes


def test_other_texts_have_no_extra_words():
    for text in ("", "Plain words", "naïve café, 5 € – “quoted” 🪨", "Привет, мир", "שלום"):
        assert words_of(text, text) == ""
        assert search_for(text) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("東京", "東 京 東京"),
        ("東京へ、東京", "東 京 へ 東京 京へ"),
        ("使用Python3编程", "使 用 使用 编 程 编程 Python3"),
        ("서울에서 봄", "서 울 에 서울 울에 에서 봄"),
        ("ｶﾞｷ", "ガ キ ガキ"),
        ("ที่นี่", "ท ี ่ น ที ี่ ่น นี"),
    ],
)
def test_text_is_stored_as_its_characters_and_pairs(text, words):
    assert words_of("", text) == words


def test_words_of_the_longest_text_fit_into_an_event():
    text = "".join(chr(0x4E00 + (n * 7919) % 20_000) for n in range(40_000))
    assert len(words_of(text[:300], text).encode()) < 200_000


def test_words_of_the_title_weigh_more():
    assert words_of("東", "京").split() == ["東", "東", "京"]


@pytest.mark.parametrize(
    ("query", "requested"),
    [
        ("東京", "東京"),
        ("flask 東京タワー", "flask 東京 京タ タワ ワー"),
        ("猫", "猫"),
        ("使用Python编程", "使用 编程 Python"),
        ('"東京タワー"', '東京 京タ タワ ワー "東京タワー"'),
        ('"東京タワー', '東京 京タ タワ ワー "東京タワー'),
        ("東京 -東京タワー", '東京 -"東京タワー"'),
        ('東京 -"a 京"', '東京 -"a 京"'),
        ('東京 "two words" -flask', '東京 "two words" -flask'),
    ],
)
def test_queries_are_split_as_texts_are(query, requested):
    assert search_for(query) == requested


def test_index_of_an_earlier_version_is_made_again(database: Database[dict[str, Any]]):
    posts = database["posts"]
    earlier = IndexModel([("title", TEXT), ("text", TEXT)], name="words", weights={"title": 3, "text": 1})
    posts.create_indexes([earlier, *INDEXES["posts"][:1]])
    posts.insert_one({"title": "Stones", "words": "東京"})
    for _ in range(2):
        make_indexes(database, {"posts": INDEXES["posts"]})
        assert posts.index_information()["words"]["weights"] == {"title": 3, "text": 1, "words": 1}
        assert posts.count_documents({"$text": {"$search": "東京"}}) == 1
    assert set(posts.index_information()) == {"_id_", *(each.document["name"] for each in INDEXES["posts"])}
