"""Reads JSON records one by one: a record a line, or an array or other run of values over any lines.

Memory stays flat at any size: what is held is one record, and a record longer than LONGEST is not held.
"""

import codecs
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from workshop.load.problems import BadRecord, LoadError

LONGEST = 16 * 1024 * 1024
"""Bytes of one line, and characters of one value in an array."""

_CHUNK = 256 * 1024
_BETWEEN = re.compile(r"[ \t\r\n,]*")
_BROKEN = re.compile(r"[\udc80-\udcff]")
_TOO_LONG = f"longer than {LONGEST // 1024**2} MiB"
_NOT_UTF8 = "not UTF-8"


def lines(stream: io.BufferedReader) -> Iterator[Any]:
    """The JSON value of each line, None for an empty one, a BadRecord for one that has none."""
    first = True
    while line := stream.readline(LONGEST + 1):
        if len(line) > LONGEST and not line.endswith(b"\n"):
            _skip_line(stream)
            yield BadRecord(_TOO_LONG)
        else:
            line = (line.removeprefix(codecs.BOM_UTF8) if first else line).strip()
            yield _parse(line) if line else None
        first = False


def _skip_line(stream: io.BufferedReader) -> None:
    while (rest := stream.readline(LONGEST)) and not rest.endswith(b"\n"):
        pass


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line.decode())
    except UnicodeDecodeError:
        return BadRecord(_NOT_UTF8)
    except json.JSONDecodeError as problem:
        return BadRecord(f"not JSON: {problem.msg} at character {problem.pos + 1}")
    except ValueError:
        return BadRecord("not JSON: a number with too many digits")
    except RecursionError:
        return BadRecord("not JSON: nested too deeply")


def values(stream: io.BufferedReader) -> Iterator[Any]:
    """Each value in an array, or each of several values or arrays in a row; a BadRecord for broken text.

    Raises LoadError where it stops being JSON: unlike with lines, who knows where the next record begins?
    """
    text = _Text(stream)
    count, inside = 0, False
    while following := text.following():
        if following == "[" and not inside:
            inside = True
            text.position += 1
        elif following == "]" and inside:
            inside = False
            text.position += 1
        else:
            yield text.value(count)
            count += 1
    if text.failure:
        raise text.failure
    if inside:
        raise LoadError(f"The array ends too early: it was cut short. The {count:,} values in it are loaded.")


class _Text:
    """A stream's text: `buffer` holds as much as is needed, and what is before `position` is used."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self._json = json.JSONDecoder()
        self.buffer = ""
        self.position = 0
        self.failure: LoadError | None = None

    def following(self) -> str:
        """The next character that is neither space nor comma, "" at the end."""
        while True:
            between = _BETWEEN.match(self.buffer, self.position)
            self.position = between.end() if between else self.position
            if self.position < len(self.buffer) or not self._more():
                return self.buffer[self.position : self.position + 1]

    def value(self, count: int) -> Any:
        """The value that begins here; `count` is how many came before it."""
        while True:
            try:
                value, end = self._json.raw_decode(self.buffer, self.position)
            except (ValueError, RecursionError) as problem:
                if len(self.buffer) - self.position <= LONGEST and self._more():
                    continue
                raise self.failure or LoadError(
                    f"Value {count + 1:,} is {self._fault(problem)}; where the next begins cannot be told. "
                    f"The {count:,} before it are loaded."
                ) from None
            broken = _BROKEN.search(self.buffer, self.position, end)
            self.position = end
            return BadRecord(_NOT_UTF8) if broken else value

    def _fault(self, problem: ValueError | RecursionError) -> str:
        if len(self.buffer) - self.position > LONGEST:
            return _TOO_LONG
        return f"not sound JSON ({getattr(problem, 'msg', 'it cannot be parsed')})"

    def _more(self) -> bool:
        """Read on, the further the longer the value; False at the end, with its reason in `failure`."""
        rest = self.buffer[self.position :]
        wanted = max(_CHUNK, len(rest))
        pieces = [rest]
        try:
            while wanted > 0 and (data := self._stream.read1(wanted)):
                pieces.append(self._decode(data))
                wanted -= len(data)
        except LoadError as problem:
            self.failure = problem
        if len(pieces) == 1:
            pieces.append(self._decode(b"", final=True))
        self.buffer, self.position = "".join(pieces), 0
        return len(self.buffer) > len(rest)
