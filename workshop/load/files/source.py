"""A file of posts, whichever of the accepted formats it has: what it holds decides, not its name."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from workshop.load import json_records, xml_rows
from workshop.load.listing import is_bare, submissions
from workshop.load.opening import ACCEPTED, OpenFile
from workshop.load.post import Document
from workshop.load.problems import BadRecord, LoadError, NotAPost, Problem
from workshop.load.reddit import post_from_reddit
from workshop.load.source import Identity, Part, Record
from workshop.load.stackexchange import is_site, post_from_row

Format = Literal["line", "value", "row"]
"""What the file begins with: a JSON line, an array or other run of JSON values, or rows of XML."""

VERSION = 2
"""To be raised when the same file is counted in other records: an interrupted load then starts over."""

_HEAD = 64 * 1024
_SUFFIXES = re.compile(r"[-._]?posts(\.xml)?(\.gz|\.zst|\.bz2|\.xz|\.zip|\.7z)?$", re.IGNORECASE)
_ADDRESS = re.compile(r"^https?://(www\.)?|/.*$")
_HTML = re.compile(rb"(<!--.*?-->\s*)?<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_JSON_LINE = re.compile(rb'^[\s,\x1e]*(?P<first>[\[{])\s*["{\[]', re.MULTILINE)
_SITES = re.compile(
    r"(?:[a-z0-9-]+\.){0,2}(?:stackexchange\.com|stackoverflow\.com|serverfault\.com|superuser\.com"
    r"|askubuntu\.com|mathoverflow\.net|stackapps\.com)"
)
"""The names of Stack Exchange's sites, which a folder further up may have; nearer ones may have any."""


class FileSource:
    """The posts in a file. Making one raises LoadError for a file that is none of those accepted."""

    unit: Literal["bytes", "posts"] = "bytes"

    def __init__(self, path: Path, site: str = "") -> None:
        self._path = path
        self.name = path.name
        self.format = _format(path)
        self.site = (_ADDRESS.sub("", site.lower()) or _site_of(path)) if self.format == "row" else ""
        if self.site and not is_site(self.site):
            raise LoadError(
                f"{site} is not a site's name. It looks like --site serverfault.com, or SITE=serverfault.com."
            )
        facts = path.stat()
        self.total: int | None = facts.st_size
        self.identity = Identity(
            f"file:{path.resolve()}",
            f"{facts.st_size}:{facts.st_mtime_ns}:{self.format}:{self.site}:{VERSION}",
        )
        self.position = 0
        self._file: OpenFile | None = None

    @property
    def done(self) -> int:
        """Bytes of the file that are read, packed ones where it is packed."""
        return self._file.done if self._file else 0

    def records(self, start: int) -> Iterator[Record]:
        """Each record behind the first `start` lines, values or rows. Raises LoadError for a damaged file."""
        with OpenFile(self._path) as self._file:
            parts = self._parts(self._file)
            for number, part in enumerate(parts, 1):
                if number > start:
                    yield from self._records_in(number, part)

    def _parts(self, file: OpenFile) -> Iterator[Part]:
        if self.format == "row":
            return xml_rows.rows(file)
        return json_records.values(file) if self.format == "value" else json_records.lines(file)

    def _records_in(self, number: int, part: Part) -> Iterator[Record]:
        """One record, or those of a listing; the place moves on with the last, so that none is left out."""
        where, value = part
        if value is None:
            return
        if self.format == "row" or is_bare(value):
            self.position = number
            yield self._record(where, value)
            return
        found = list(submissions(value))
        for index, each in enumerate(found, 1):
            if index == len(found):
                self.position = number
            yield self._record(where + (f", item {index}" if len(found) > 1 else ""), each)

    def _record(self, where: str, value: dict[str, Any] | BadRecord | NotAPost) -> Record:
        try:
            return self._document(value)
        except BadRecord as problem:
            return Problem(where, str(problem))
        except NotAPost as problem:
            return Problem(where, str(problem), bad=False)

    def _document(self, value: dict[str, Any] | BadRecord | NotAPost) -> Document:
        if isinstance(value, BadRecord | NotAPost):
            raise value
        return post_from_row(value, self.site) if self.format == "row" else post_from_reddit(value)


def _format(path: Path) -> Format:
    with OpenFile(path) as file:
        head = _head(file).removeprefix(b"\xef\xbb\xbf").lstrip()
    if _HTML.match(head):
        raise LoadError(
            f"{path} is a web page, not posts: where it was fetched from may have answered with an error. "
            "Open it in a browser to see what it says."
        )
    if head.startswith(b"<"):
        return "row"
    begins = _JSON_LINE.search(head)
    if head.startswith((b"{", b"[")):
        return "value" if head.startswith(b"[") else "line"
    if begins and b"\0" not in head:  # behind what a program said before, say
        return "value" if begins["first"] == b"[" else "line"
    what = "holds nothing but spaces" if not head else "is none of the accepted files"
    raise LoadError(f"{path} {what}. Accepted are {ACCEPTED}.")


def _head(file: OpenFile) -> bytes:
    head = b""
    while len(head) < _HEAD and (data := file.read1(_HEAD - len(head))):
        head += data
    return head


def _site_of(path: Path) -> str:
    """The Stack Exchange site a dump is from, by its or a folder's name.

    So dumps are named when they come out of their archives: `serverfault.com/Posts.xml`,
    `stackoverflow.com-Posts/Posts.xml`.
    """
    folders = [each.name.lower() for each in path.resolve().parents]
    for name in (path.name.lower(), *folders[:1]):
        short = _SUFFIXES.sub("", name)
        if is_site(short):
            return short
    return next((found[0] for name in folders if (found := _SITES.match(name))), "")
