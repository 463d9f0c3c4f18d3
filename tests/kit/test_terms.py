"""A chapter explains each term of the glossary where it first uses it: by a link."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from markdown_it.token import Token

from tests.support.files import ROOT, name_of
from tests.support.markdown import inline_tokens, slug, tokens

GLOSSARY = ROOT / "docs/glossary.md"
READMES = sorted(ROOT.glob("step[0-9]_*/README.md"))
CHAPTER = "make check STEP="
"""What only a chapter has, which leads through exercises."""

EVERYDAY = {
    "Command": "what one types into a terminal, too",
    "Copy": "what one makes of a file, too",
    "Deadline": "any time that must be kept",
    "Domain": "of names, too",
    "Mark": "explained by the tags, likes and hides it stands for",
    "Port": "a number in an address, too",
    "Reader": "who reads, as everywhere",
    "Share": "a button of the page, and a part of anything",
    "Signal": "what ends a process, too",
    "Topic": "what anything is about",
    "Version": "of any program, too",
    "View": "Flask's, too",
}
"""Terms that are everyday words as well, and how; a chapter may use them as such without a link."""


@cache
def terms() -> list[str]:
    """Return the terms, the longest first: a change stream is no stream."""
    headings = re.findall(r"^### (.+)$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    return sorted(headings, key=len, reverse=True)


@cache
def pattern() -> re.Pattern[str]:
    """Return what matches any term, in singular or plural; its group n is term n."""
    return re.compile("|".join(rf"(\b{_word(term)}\b)" for term in terms()))


def _word(term: str) -> str:
    begin, last = re.escape(term[:-1]), term[-1]
    if term[1:] == term[1:].lower():  # no acronym or name, which is written as it is
        begin = f"(?i:{begin})"
    return f"{begin}(?:ies|y)" if last == "y" else f"{begin}{last}(?:e?s)?"


def uses(parts: list[Token]) -> Iterator[tuple[str, str]]:
    """Yield the terms that the prose of a text uses, in their order, and where each leads if it is a link."""
    for inline in inline_tokens(parts):
        target = ""
        for each in inline.children or ():
            if each.type == "link_open":
                target = str(each.attrs["href"])
            elif each.type == "link_close":
                target = ""
            elif each.type == "text":
                for match in pattern().finditer(each.content):
                    yield terms()[(match.lastindex or 0) - 1], target


def without_link(path: Path) -> list[str]:
    """Return the terms whose first use in a text is no link to the glossary."""
    first: dict[str, str] = {}
    for term, target in uses(tokens(path)):
        first.setdefault(term, target)
    missing = {term for term, target in first.items() if not target.endswith(f"glossary.md#{slug(term)}")}
    return sorted(missing - {*EVERYDAY})


def test_first_use_of_a_term_links_to_the_glossary() -> None:
    chapters = [path for path in READMES if CHAPTER in path.read_text(encoding="utf-8")]
    assert {name_of(path): found for path in chapters if (found := without_link(path))} == {}


def test_exceptions_are_terms() -> None:
    assert {*EVERYDAY} <= {*terms()}


def test_terms_are_found_in_prose_only_and_by_their_longest_name(tmp_path: Path) -> None:
    file = tmp_path / "chapter.md"
    file.write_text(
        "# A gateway\n\nThe [seam](docs/glossary.md#seam), `capture`, two seams, *change streams*, rest.\n"
        "\n| Verb |\n|---|\n| [queries](glossary.md#query) by REST |\n\n```\nponds\n```\n"
    )
    assert [*uses(tokens(file))] == [
        ("Seam", "docs/glossary.md#seam"),
        ("Seam", ""),
        ("Change stream", ""),
        ("Verb", ""),
        ("Query", "glossary.md#query"),
        ("REST", ""),
    ]
    assert without_link(file) == ["Change stream", "REST", "Verb"]
