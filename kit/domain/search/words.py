"""Words to search for, also in languages that put no spaces between them.

For MongoDB a word is what is between spaces and punctuation, so of 我在东京工作 it keeps one word that
nobody searches for. So a post also keeps, in the field WORDS of the same index, each character of such a run
and each pair of neighbours, as search engines do where they have no dictionary. Queries are split in the same
way. Queries and posts without such runs are not touched, and cost nothing.
"""

import re
import unicodedata
from collections.abc import Iterator

from pymongo.collection import Collection

from kit.mongo.client import Document

LETTERS = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Japanese
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  # Chinese
    "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"  # Korean, whose words end in particles
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece"  # Thai and Lao
    "\u1000-\u103f\u1050-\u109f\u1780-\u17d3"  # Burmese and Khmer
)
"""The letters of languages without spaces between words, as the inside of a character class."""

SEARCHED = 10_000
"""How many characters of a text get such words. There is a limit, as an event contains a post and its words
twice.
"""

_RUN = re.compile(f"[{LETTERS}]+")
_GLUED = re.compile(rf"[^\W{LETTERS}]+(?=[{LETTERS}])|(?<=[{LETTERS}])[^\W{LETTERS}]+")
_PIECE = re.compile(r'-?"[^"]*"?|\S+')


def words_of(title: str, text: str) -> str:
    """Return the value of WORDS for a post; "" for most. Words of the title are there twice, as they weigh
    more.
    """
    of_title = _words(title)
    return " ".join((*of_title, *of_title, *_words(text)))


def search_for(query: str) -> str:
    """Return a query in the form for MongoDB's `$search`."""
    if not _RUN.search(query):
        return query
    return " ".join(_taken_apart(piece) for piece in _PIECE.findall(query))


def why_nothing(posts: Collection[Document], query: str) -> str | None:
    """Say why a search finds nothing, whatever the posts; None where no post has the words."""
    match = {"$text": {"$search": search_for(query)}}
    plan = posts.database.command("explain", {"find": posts.name, "filter": match}, verbosity="queryPlanner")
    parsed = next(_parsed(plan), None)
    if parsed is None or parsed["terms"]:
        return None
    if parsed["negatedTerms"] or parsed["negatedPhrases"]:
        return (
            "Only exclusions: a - before a word leaves out the posts that have it. Add a word to search for."
        )
    if any(character.isalnum() for character in query):
        return "Only stop words: words as common as these are not searched for. Add a rarer one."
    return "No words: signs alone are not searched for."


def _words(text: str) -> list[str]:
    """List the words to keep of a text, each once, in their order."""
    if text.isascii():
        return []
    text = unicodedata.normalize("NFKC", text[:SEARCHED])
    found: dict[str, None] = {}
    for run in _RUN.findall(text):
        found |= dict.fromkeys((*run, *_pairs(run)))
    if found:
        found |= dict.fromkeys(_GLUED.findall(text))
    return list(found)


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)]


def _taken_apart(piece: str) -> str:
    runs = _RUN.findall(unicodedata.normalize("NFKC", piece))
    if not runs:
        return piece
    if piece.startswith("-"):
        bare = piece[1:].strip('"')
        return f'-"{bare}"'
    pairs = [part for run in runs for part in (_pairs(run) or [run])]
    if piece.startswith('"'):
        return " ".join((*pairs, piece))
    return " ".join((*pairs, *_GLUED.findall(piece)))


def _parsed(plan: object) -> Iterator[Document]:
    """Find what MongoDB made of the query, wherever that is in its plan."""
    parts = plan.values() if isinstance(plan, dict) else plan if isinstance(plan, list) else ()
    if isinstance(plan, dict) and "parsedTextQuery" in plan:
        yield plan["parsedTextQuery"]
    for part in parts:
        yield from _parsed(part)
