"""A file of posts in any of the accepted formats. Its content decides the format, not its name."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from workshop.load.files import json_records, xml_rows
from workshop.load.files.listing import is_submission, submissions
from workshop.load.files.opening import ACCEPTED, OpenFile
from workshop.load.posts.post import Document
from workshop.load.posts.reddit import post_from_reddit
from workshop.load.posts.stackexchange import is_site, post_from_row
from workshop.load.problems import BadRecord, LoadError, NotAPost, Problem
from workshop.load.source import Identity, RawRecord, Record

Format = Literal["line", "value", "row"]
"""What the file begins with: a JSON line, an array or another sequence of JSON values, or rows of XML."""

VERSION = 2
"""Increase it when the records of the same file are counted in another way: an interrupted load then starts
over.
"""

_HEAD = 64 * 1024
_SUFFIXES = re.compile(r"[-._]?posts(\.xml)?(\.gz|\.zst|\.bz2|\.xz|\.zip|\.7z)?$", re.IGNORECASE)
_ADDRESS = re.compile(r"^https?://(www\.)?|/.*$")
_HTML = re.compile(rb"(<!--.*?-->\s*)?<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_JSON_LINE = re.compile(rb'^[\s,\x1e]*(?P<first>[\[{])\s*["{\[]', re.MULTILINE)
_SITES = re.compile(
    r"(?:[a-z0-9-]+\.){0,2}(?:stackexchange\.com|stackoverflow\.com|serverfault\.com|superuser\.com"
    r"|askubuntu\.com|mathoverflow\.net|stackapps\.com)"
)
"""The names of Stack Exchange's sites, which a folder further up may have. A nearer folder may name any
site.
"""


class FileSource:
    """The posts in a file. The constructor raises LoadError for a file in none of the accepted formats."""

    unit: Literal["bytes", "posts"] = "bytes"

    def __init__(self, path: Path, site: str = "") -> None:
        self._path = path
        self.name = path.name
        self.format = _format(path)
        self.site = (_ADDRESS.sub("", site.lower()) or _site_of(path)) if self.format == "row" else ""
        if self.site and not is_site(self.site):
            raise LoadError(
                f"{site} is not the name of a site. Examples: --site serverfault.com, SITE=serverfault.com."
            )
        status = path.stat()
        self.total: int | None = status.st_size
        self.identity = Identity(
            f"file:{path.resolve()}",
            f"{status.st_size}:{status.st_mtime_ns}:{self.format}:{self.site}:{VERSION}",
        )
        self.position = 0
        self._file: OpenFile | None = None

    @property
    def done(self) -> int:
        """The number of bytes of the file that are read, compressed ones if it is compressed."""
        return self._file.done if self._file else 0

    def records(self, start: int) -> Iterator[Record]:
        """Yield each record after the first `start` lines, values or rows. Raises LoadError for a damaged
        file.
        """
        with OpenFile(self._path) as self._file:
            raw_records = self._raw_records(self._file)
            for number, raw in enumerate(raw_records, 1):
                if number > start:
                    yield from self._records_in(number, raw)

    def _raw_records(self, file: OpenFile) -> Iterator[RawRecord]:
        if self.format == "row":
            return xml_rows.rows(file)
        return json_records.values(file) if self.format == "value" else json_records.lines(file)

    def _records_in(self, number: int, raw: RawRecord) -> Iterator[Record]:
        """Yield one record, or those of a listing. The position moves on with the last one, so that none is
        left out after an interruption.
        """
        where, value = raw
        if value is None:
            return
        if self.format == "row" or is_submission(value):
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
            f"{path} is a web page, not posts. Perhaps the server that it was downloaded from responded with "
            "an error; open it in a browser to see."
        )
    if head.startswith(b"<"):
        return "row"
    begins = _JSON_LINE.search(head)
    if head.startswith((b"{", b"[")):
        return "value" if head.startswith(b"[") else "line"
    if begins and b"\0" not in head:  # for example after other output of a program
        return "value" if begins["first"] == b"[" else "line"
    what = "contains only spaces" if not head else "is in none of the accepted formats"
    raise LoadError(f"{path} {what}. Accepted are {ACCEPTED}.")


def _head(file: OpenFile) -> bytes:
    head = b""
    while len(head) < _HEAD and (data := file.read1(_HEAD - len(head))):
        head += data
    return head


def _site_of(path: Path) -> str:
    """Return the Stack Exchange site of a dump, from the name of the file or a folder.

    Extracted archives have these names: `serverfault.com/Posts.xml`, `stackoverflow.com-Posts/Posts.xml`.
    """
    folders = [each.name.lower() for each in path.resolve().parents]
    for name in (path.name.lower(), *folders[:1]):
        short = _SUFFIXES.sub("", name)
        if is_site(short):
            return short
    return next((found[0] for name in folders if (found := _SITES.match(name))), "")
