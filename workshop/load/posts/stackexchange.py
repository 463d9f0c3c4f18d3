"""Turns a row of a Stack Exchange `Posts.xml` into a post. Only questions are posts.

Fields: https://meta.stackexchange.com/questions/2677 (the data dump's schema).
"""

import html
import re
from collections.abc import Mapping
from html.parser import HTMLParser

from workshop.load.posts import clean
from workshop.load.posts.post import NAME_LIMIT, NOBODY, TEXT_LIMIT, TITLE_LIMIT, Document, document
from workshop.load.problems import BadRecord, NotAPost

QUESTION = "1"
HTML_LIMIT = 5 * TEXT_LIMIT

_SITE = re.compile(r"(?:[a-z0-9-]{1,40}\.){1,4}(?:com|net|org)")
_ID = re.compile(r"[0-9]{1,15}")
_BLOCKS = {
    "p",
    "div",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "br",
    "hr",
    "table",
    "tr",
    *(f"h{n}" for n in range(1, 7)),
}
_HIDDEN = {"script", "style"}
_STRAY = re.compile(r"<(?!/?[a-zA-Z][^<>]{0,2000}>)")
_GAPS = re.compile(r"\n[ \t]*\n\s*")


def is_site(name: str) -> bool:
    """Return whether this is a name such as `serverfault.com`, of at most 50 characters."""
    return len(name) <= 50 and _SITE.fullmatch(name) is not None


def post_id(number: str, site: str) -> str:
    """Return the `_id` of a post. It is unique over all sites, as every site counts its posts from 1.

    Posts of Stack Overflow, and of a dump without a site, have the plain `se_12345`. Those of other sites
    have their name without `.com` or `.stackexchange.com`: `se_serverfault_12345`, `se_unix.meta_12345`. So
    the same row always has the same `_id`, whatever was loaded before, and two sites never overwrite each
    other: where neither has a name, the writer detects another site's post by its date, and leaves it.
    """
    short = site.removesuffix(".com").removesuffix(".stackexchange")
    return f"se_{number}" if short in {"", "stackoverflow"} else f"se_{short}_{number}"


def post_from_row(row: Mapping[str, str], site: str) -> Document:
    """Return the document of a question of `site`. Without a site ("") it has no permalink.

    `ups` and `downs` are the two sides of the score, as the dump has only the sum; `num_comments` counts
    answers and comments. Raises BadRecord with the reason, or NotAPost for answers, wikis and the like.
    """
    kind = row.get("PostTypeId", "")
    if not kind:
        raise BadRecord("PostTypeId is missing")
    if kind != QUESTION:
        raise NotAPost("not a question")
    number = row.get("Id", "")
    if not _ID.fullmatch(number):
        raise BadRecord("Id is not a number" if number else "Id is missing")
    title = clean.line(row.get("Title"), "Title", TITLE_LIMIT)
    if not title:
        raise BadRecord("Title is missing")
    score = clean.integer(row.get("Score"), "Score") or 0
    permalink = f"https://{site}/questions/{number}" if site else ""
    return document(
        post_id=post_id(number, site),
        source="stackexchange",
        title=title,
        text=clean.text(plain_text(row.get("Body", "")), "Body", TEXT_LIMIT),
        author=_author(row),
        topic=site or "stackexchange",
        url=permalink,
        permalink=permalink,
        thumbnail="",
        created=clean.moment(row.get("CreationDate"), "CreationDate"),
        score=score,
        ups=max(score, 0),
        downs=min(max(-score, 0), clean.INT64_MAX),
        num_comments=_count(row, "AnswerCount") + _count(row, "CommentCount"),
        over_18=False,
    )


def _author(row: Mapping[str, str]) -> str:
    # The dump has names as HTML.
    name = clean.line(html.unescape(row.get("OwnerDisplayName", "")), "OwnerDisplayName", NAME_LIMIT)
    number = row.get("OwnerUserId", "")
    return name or (f"user{number}" if _ID.fullmatch(number) else NOBODY)


def _count(row: Mapping[str, str], field: str) -> int:
    return clean.integer(row.get(field), field, low=0, high=2**31) or 0


def plain_text(markup: str) -> str:
    """Return the words of HTML, with each block on its own line, and without comments, scripts and styles."""
    reader = _TextExtractor()
    reader.feed(_only_tags(markup[:HTML_LIMIT]))
    reader.close()
    return _GAPS.sub("\n\n", "".join(reader.pieces)).strip()


def _only_tags(markup: str) -> str:
    """Remove comments, and escape each `<` that opens no complete tag: html.parser is slow at those."""
    first, *rest = markup.split("<!--")
    return _STRAY.sub("&lt;", first + "".join(piece.partition("-->")[2] for piece in rest))


class _TextExtractor(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden = tag
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)
