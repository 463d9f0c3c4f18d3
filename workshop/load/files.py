"""A file of posts, whichever of the accepted formats it has: what it holds decides, not its name."""

import json
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
from workshop.load.source import Identity, Record
from workshop.load.stackexchange import is_site, post_from_row

Format = Literal["line", "value", "row"]
"""What the file is made of: JSON lines, an array or other run of JSON values, or rows of XML."""

_HEAD = 64 * 1024
_OPEN_ENDS = (b"{", b"[", b",", b":")
_SUFFIXES = re.compile(r"[-._]?posts\.xml(\.gz|\.zst)?$|\.stackexchange\.xml$", re.IGNORECASE)


class FileSource:
    """The posts in a file. Making one raises LoadError for a file that is none of those accepted."""

    unit: Literal["bytes", "posts"] = "bytes"

    def __init__(self, path: Path, site: str = "") -> None:
        self._path = path
        self.name = path.name
        self.format = _format(path)
        self.site = site.lower() or _site_of(path)
        if self.site and not is_site(self.site):
            raise LoadError(f"{site} is not a site's name. It looks like --site serverfault.com.")
        facts = path.stat()
        self.total: int | None = facts.st_size
        self.identity = Identity(
            f"file:{path.resolve()}", f"{facts.st_size}:{facts.st_mtime_ns}:{self.format}:{self.site}"
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

    def _parts(self, file: OpenFile) -> Iterator[Any]:
        if self.format == "row":
            return xml_rows.rows(file)
        return json_records.values(file) if self.format == "value" else json_records.lines(file)

    def _records_in(self, number: int, part: Any) -> Iterator[Record]:
        """One record, or those of a listing; the place moves on with the last, so that none is left out."""
        if part is None:
            return
        if self.format == "row":
            self.position = number
            yield self._record(f"row {number:,}", part)
            return
        found = [part] if is_bare(part) else list(submissions(part))
        for index, value in enumerate(found, 1):
            if index == len(found):
                self.position = number
            yield self._record(
                f"{self.format} {number:,}" + (f", item {index}" if len(found) > 1 else ""), value
            )

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
    if head.startswith(b"<"):
        return "row"
    if head.startswith(b"["):
        return "value"
    if head.startswith(b"{"):
        return "value" if _over_several_lines(head) else "line"
    what = "holds nothing but spaces" if not head else "is none of the accepted files"
    raise LoadError(f"{path} {what}. Accepted are {ACCEPTED}.")


def _head(file: OpenFile) -> bytes:
    head = b""
    while len(head) < _HEAD and (data := file.read1(_HEAD - len(head))):
        head += data
    return head


def _over_several_lines(head: bytes) -> bool:
    """Whether the first JSON object goes on in the second line, as pretty-printed ones do."""
    first, _, rest = head.partition(b"\n")
    if not first.rstrip().endswith(_OPEN_ENDS) or rest.lstrip().startswith(b"{"):
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return bool(rest.strip())
    return False


def _site_of(path: Path) -> str:
    """The Stack Exchange site a dump is from, by its or its folder's name: `serverfault.com/Posts.xml`."""
    for name in (_SUFFIXES.sub("", path.name), path.resolve().parent.name):
        if is_site(name.lower()):
            return name.lower()
    return ""
