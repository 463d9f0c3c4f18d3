"""The report as one page, and as Markdown with files of plots beside it."""

import re
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from workshop.compare.report.content import RAW, Content

if TYPE_CHECKING:
    from markupsafe import Markup

NO_BREAK, JOINER = "\u00a0", "\u2060"
FIGURE = re.compile(r"(?<=\d) (?=(?:%|ms|s|µs|MB|/|of \d)(?:\W|\d|$))|(?<=[≥×≈]) (?=\d)")
RANGE = re.compile(r"(?<=\d)–(?=\d)")
WORDS = re.compile(r"`([^`]*)`")


def page(content: Content) -> str:
    """Return the page: HTML with all that it needs in it."""
    from markupsafe import Markup  # noqa: PLC0415

    return _render("index.html", content, {"words": _marked, "svg": lambda plot: Markup(plot.svg)})  # noqa: S704


def markdown(content: Content) -> str:
    """Return the same as Markdown."""
    return _render("report.md", content, {"words": _plain})


def headline(content: Content, folder: str) -> str:
    """Return the verdict, the capacities and the first table as Markdown, with links to the report."""
    return _render("headline.md", content, {"words": _plain}, folder=folder)


def _render(
    template: str, content: Content, filters: dict[str, Callable[[Any], "Markup"]], **names: str
) -> str:
    from jinja2 import Environment, PackageLoader  # noqa: PLC0415

    loader = PackageLoader("workshop.compare.report")
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(filters)
    return environment.get_template(template).render(content=content, raw=RAW, **names).rstrip() + "\n"


def _marked(text: str) -> "Markup":
    """Return text as HTML; words in backticks are code, and figures stay on one line."""
    from markupsafe import Markup  # noqa: PLC0415

    escaped = WORDS.sub(r"<code>\1</code>", escape(text))
    return Markup(RANGE.sub(f"{JOINER}–{JOINER}", FIGURE.sub(NO_BREAK, escaped)))  # noqa: S704


def _plain(text: str) -> "Markup":
    """Return text that Markdown shows as it is; words in backticks stay code."""
    from markupsafe import Markup  # noqa: PLC0415

    words = re.split("(`[^`]*`)", escape(text, quote=False).replace("\n", " "))
    words[::2] = [re.sub(r"([\\*_\[\]|])", r"\\\1", each) for each in words[::2]]
    return Markup("".join(words))  # noqa: S704
