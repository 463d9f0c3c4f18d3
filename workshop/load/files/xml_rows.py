"""Reads the rows of a Stack Exchange `Posts.xml` one by one, with memory that does not grow with the file.

Each row is parsed by itself, so an invalid row does not affect others, and nothing that a file may declare is
used. Dumps do contain invalid rows, with references to characters that XML forbids.
"""

import codecs
import html
import io
import re
from collections.abc import Iterator
from xml.parsers import expat

from workshop.load.problems import BadRecord, LoadError
from workshop.load.source import RawRecord

LONGEST = 2 * 1024 * 1024
"""Bytes of one row; a body has at most 30,000 characters."""

_CHUNK = 64 * 1024
_ROW = b"<row"
_ENDS = (b"</posts", b"</row", b"<row ", b"<row\t", b"<row\n", b"<row\r")
_OVERLAP = 64
_TOO_LONG = f"longer than {LONGEST // 1024**2} MiB"
_ROOT = re.compile(rb"<([A-Za-z_][^\s<>/]{0,39})")
_COMMENTS = re.compile(rb"<\?.*?\?>|<!--.*?-->", re.DOTALL)
_ENCODING = re.compile(rb"""<\?xml[^>]*\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)\b", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,8}));|(\w{1,32};)?)")
_XML_ENTITIES = {"amp;", "lt;", "gt;", "quot;", "apos;"}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def rows(stream: io.BufferedReader) -> Iterator[RawRecord]:
    """Yield the rows of the file. Raises LoadError for another kind of file, or one that ends in the middle
    of a row.
    """
    buffer = _Buffer(stream)
    encoding = _read_head(buffer)
    count = 0
    while buffer.find_row():
        count += 1
        where = f"row {count:,} (line {buffer.line:,})"
        raw = buffer.take_row()
        yield RawRecord(where, BadRecord(_TOO_LONG) if raw is None else _row(raw, encoding))
    if buffer.failure:
        raise buffer.failure


def _row(raw: bytes, encoding: str) -> dict[str, str] | BadRecord:
    try:
        return _attributes(raw, encoding)
    except (expat.ExpatError, ValueError, LookupError):
        pass
    try:
        return _attributes(_repair(raw.decode(encoding, "replace")).encode(), "utf-8")
    except expat.ExpatError as problem:
        return BadRecord(
            f"not valid XML: {expat.ErrorString(problem.code)} at character {problem.offset + 1}"
        )


def _attributes(raw: bytes, encoding: str) -> dict[str, str]:
    found: list[dict[str, str]] = []
    parser = expat.ParserCreate(encoding)
    parser.StartElementHandler = lambda _name, attributes: found.append(attributes)
    parser.Parse(raw if raw.endswith(b"/>") else raw.removesuffix(b">") + b"/>", True)
    return found[0]


def _repair(row: str) -> str:
    """Return the row without the characters that XML forbids, and with stray `&` and `<` escaped."""
    return "<" + _FORBIDDEN.sub("", _REFERENCE.sub(_allowed, row[1:])).replace("<", "&lt;")


def _allowed(found: re.Match[str]) -> str:
    hexadecimal, decimal, name = found.groups()
    if hexadecimal or decimal:
        number = int(hexadecimal, 16) if hexadecimal else int(decimal)
        is_allowed = number <= 0x10FFFF and not _FORBIDDEN.match(chr(number))
        return found[0] if is_allowed else ""
    if name in _XML_ENTITIES:
        return found[0]
    meant = html.unescape(found[0])
    return meant if meant != found[0] and name else "&amp;" + found[0][1:]


def _read_head(buffer: "_Buffer") -> str:
    """Return the encoding that the file declares. Raises LoadError for what is not a dump of posts."""
    head = buffer.head()
    declared = _ENCODING.search(head)
    encoding = "utf-8"
    if declared:
        try:
            encoding = codecs.lookup(declared[1].decode()).name
        except LookupError:
            raise LoadError(f"The XML is in an encoding unknown here: {declared[1].decode()}.") from None
    # UTF-16 was converted to UTF-8 when the file was opened.
    encoding = "utf-8" if encoding.startswith("utf-16") else encoding
    begins = _COMMENTS.sub(b"", head)
    if _DOCTYPE.search(begins.partition(_ROW)[0]):
        raise LoadError(
            "The XML was refused: it declares a DTD or entities, which no Stack Exchange dump does."
        )
    root = _ROOT.search(begins)
    if root and root[1] not in (b"posts", b"row"):
        name = root[1].decode(errors="replace")
        raise LoadError(f"This is XML with <{name}> in it, not a Stack Exchange Posts.xml.")
    return encoding


class _Buffer:
    """The bytes of a stream. `buffer` holds at most a row and a chunk; what is before `position` is used."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self.buffer = b""
        self.position = 0
        self.failure: LoadError | None = None
        self._line, self._counted = 1, 0

    @property
    def line(self) -> int:
        """The line that `position` is in."""
        self._line += self.buffer.count(b"\n", self._counted, self.position)
        self._counted = self.position
        return self._line

    def head(self) -> bytes:
        """Return the beginning of the file."""
        while len(self.buffer) < _CHUNK and self._read_more():
            pass
        return self.buffer[:_CHUNK]

    def find_row(self) -> bool:
        """Move to the next row. Return False at the end of the file."""
        while True:
            start = self.buffer.find(_ROW, self.position)
            after = self.buffer[start + len(_ROW) : start + len(_ROW) + 1]
            if start >= 0 and after and not after.isspace() and after not in b"/>":
                self.position = start + len(_ROW)  # another element, such as <rows>
            elif start >= 0 and after:
                self.position = start
                return True
            else:
                self.position = start if start >= 0 else max(self.position, len(self.buffer) - len(_ROW))
                if not self._read_more():
                    return start >= 0

    def take_row(self) -> bytes | None:
        """Return the row that begins here, None if it is too long to hold. Raises LoadError if it never
        ends.
        """
        searched, too_long = 1, False
        while not (end := self._end_of_row(searched)):
            searched = max(len(self.buffer) - self.position - len(_ENDS[0]), 1)
            if searched > LONGEST:
                too_long, searched = True, 1
                self.position = len(self.buffer) - _OVERLAP
            if not self._read_more():
                end = len(self.buffer)
                if not self.buffer[self.position :].rstrip().endswith(b">"):
                    raise self.failure or self._cut_short(too_long)
                break
        row = self.buffer[self.position : end].rstrip()
        self.position = end
        return None if too_long else row

    def _end_of_row(self, searched: int) -> int:
        """Return where the row ends, 0 if that is not in the buffer. A `<` in an attribute is invalid, but
        occurs.
        """
        end = self.buffer.find(b"<", self.position + searched)
        while end >= 0:
            before = self.buffer[max(self.position, end - _OVERLAP) : end].rstrip()
            if before.endswith(b"/>") or self.buffer.startswith(_ENDS, end):
                return end
            end = self.buffer.find(b"<", end + 1)
        return 0

    def _cut_short(self, too_long: bool) -> LoadError:
        if too_long:
            return LoadError(
                f"A row of the XML is longer than {LONGEST // 1024**2} MiB. The rows before are read."
            )
        return LoadError(
            f"The XML ends too early or is invalid at line {self.line:,}: it was cut short. "
            "The rows before are read."
        )

    def _read_more(self) -> bool:
        """Read on. Return False at the end, with the reason in `failure`."""
        _ = self.line
        try:
            data = self._stream.read1(_CHUNK)
        except LoadError as problem:
            self.failure, data = problem, b""
        self.buffer = self.buffer[self.position :] + data
        self.position = self._counted = 0
        return bool(data)
