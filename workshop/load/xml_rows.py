"""Reads the rows of a Stack Exchange `Posts.xml` one by one; memory stays flat at any size."""

import io
from collections.abc import Iterator
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from workshop.load.problems import LoadError

LONGEST = 2 * 1024 * 1024
"""Bytes of one row; a body has at most 30,000 characters."""


def rows(stream: io.BufferedReader) -> Iterator[dict[str, str]]:
    """The attributes of each row. Raises LoadError where it stops being such a file."""
    source = _Guarded(stream)
    root = None
    count = 0
    try:
        for _, element in iterparse(source, events=("start",), forbid_dtd=True):
            source.unused = 0
            if root is None:
                root = element
                if root.tag != "posts":
                    raise LoadError(
                        f"This is XML with <{root.tag[:40]}> in it, not a Stack Exchange Posts.xml."
                    )
            elif element.tag == "row":
                yield element.attrib
                count += 1
                root.clear()
    except ParseError as problem:
        line, column = problem.position
        raise LoadError(
            f"The XML breaks off or breaks its rules at line {line:,}, column {column + 1:,}. "
            f"The {count:,} rows before are read."
        ) from None
    except DefusedXmlException:
        raise LoadError(
            "The XML declares a DTD or entities, which no Stack Exchange dump does: refused."
        ) from None


class _Guarded:
    """A stream for the parser, which would keep a row of any length in memory."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self.unused = 0

    def read(self, size: int = 16 * 1024, /) -> bytes:
        if self.unused > LONGEST:
            raise LoadError(
                f"A row of the XML is longer than {LONGEST // 1024**2} MiB. The rows before are read."
            )
        data = self._stream.read1(size)
        self.unused += len(data)
        return data
