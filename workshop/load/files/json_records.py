"""Reads JSON records one by one: a record a line, or an array or other run of values over any lines.

Memory stays flat at any size: what is held is one record, and a record longer than LONGEST is not held.
Nothing in the middle ends a file: what is no JSON is told, and reading goes on where the next record begins.
"""

import codecs
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from workshop.load.json_text import (
    DECODER,
    NOT_UTF8,
    SEPARATORS,
    end_of_broken,
    list_inside,
    mended,
    parse,
    reason,
    without_mark,
)
from workshop.load.problems import BadRecord, LoadError
from workshop.load.source import Part

LONGEST = 16 * 1024 * 1024
"""Bytes of one line, and characters of one value in an array."""

LARGE = 1024 * 1024
"""Bytes from which an object that only wraps a list is read as the list, one record after the other."""

_CHUNK = 256 * 1024
_KEPT = 4096
_OPEN_ENDS = (b"{", b"[", b",", b":")
_BETWEEN = re.compile(rf"[{SEPARATORS}\[\]]*")
_KEY = re.compile(r'"(?:[^"\\]|\\.)*"\s*:\s*', re.DOTALL)
_UNFINISHED = 16
"""Characters at the end that may be half of a number, a name or an escape."""

_BROKEN = re.compile(r"[\udc80-\udcff]")
_TOO_LONG = f"longer than {LONGEST // 1024**2} MiB"


def lines(stream: io.BufferedReader) -> Iterator[Part]:
    """The JSON value of each line, and values over several lines from where there is one."""
    number = 0
    while line := stream.readline(LONGEST + 1):
        number += 1
        where = f"line {number:,}"
        if len(line) > LARGE and list_inside(line[:LARGE].decode(errors="replace")):
            yield from values(stream, line, number)
            return
        if len(line) > LONGEST and not line.endswith(b"\n"):
            _skip_line(stream)
            yield Part(where, BadRecord(_TOO_LONG))
            continue
        line = without_mark(line)
        try:
            yield Part(where, parse(line) if line else None)
        except (ValueError, RecursionError, BadRecord) as problem:
            if isinstance(problem, json.JSONDecodeError) and _goes_on(line, stream):
                yield from values(stream, line + b"\n", number)
                return
            yield Part(where, BadRecord(reason(problem)))


def _skip_line(stream: io.BufferedReader) -> None:
    while (rest := stream.readline(LONGEST)) and not rest.endswith(b"\n"):
        pass


def _goes_on(line: bytes, stream: io.BufferedReader) -> bool:
    """Whether a value goes on in the next line, as pretty-printed ones do."""
    following = stream.peek(_CHUNK).lstrip()
    if line.endswith(b"["):
        return bool(following)
    return line.endswith(_OPEN_ENDS) and bool(following) and not following.startswith(b"{")


def values(stream: io.BufferedReader, read: bytes = b"", line: int = 1) -> Iterator[Part]:
    """Each value in any arrays, wrapped or not, or of several values in a row.

    `read` is what was read of the stream before, from line number `line` on. Raises LoadError for a file
    that ends in the middle.
    """
    text = _Text(stream, read, line)
    count = 0
    while text.following():
        where = f"value {count + 1:,}" + (f" (line {text.line:,})" if text.line > 1 else "")
        value = text.value(count)
        if value is not _NOTHING:
            count += 1
            yield Part(where, value)
    if text.failure:
        raise text.failure
    if text.open:
        raise LoadError(f"The array ends too early: it was cut short. The {count:,} values in it are loaded.")


_NOTHING = object()
"""In place of a value that is none: the beginning of a wrapper, or what stands beside the list in one."""


class _Text:
    """A stream's text: `buffer` holds as much as is needed, and what is before `position` is used."""

    def __init__(self, stream: io.BufferedReader, read: bytes, line: int) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self.buffer = self._decode(read)
        self.position = 0
        self.open = 0
        """Arrays that are not closed."""
        self.failure: LoadError | None = None
        self._before = "\n"
        self._wrappers = 0
        self._line, self._counted = line, 0

    @property
    def line(self) -> int:
        """The line that `position` is in."""
        self._line += self.buffer.count("\n", self._counted, self.position)
        self._counted = self.position
        return self._line

    def following(self) -> str:
        """The first character of the next value, "" at the end."""
        while True:
            between = _BETWEEN.match(self.buffer, self.position)
            if between and between[0]:
                self.open = max(self.open + between[0].count("[") - between[0].count("]"), 0)
                self._before = (self._before + between[0])[-200:]
                self.position = between.end()
            if self.position == len(self.buffer):
                if not self._more():
                    return ""
            elif self.buffer[self.position] == "}":
                self._wrappers = max(self._wrappers - 1, 0)
                self.position += 1
            else:
                return self.buffer[self.position]

    def value(self, count: int) -> Any:
        """The value that begins here, or _NOTHING; `count` is how many came before it."""
        if self._wrappers and self._passes_key():
            return _NOTHING
        while True:
            try:
                value, end = DECODER.raw_decode(self.buffer, self.position)
            except (ValueError, RecursionError) as problem:
                why = reason(problem, self.position)  # before more is read, which moves the position
                if not self._is_unfinished(problem):
                    return self._broken(why)
                if self._enter():
                    return _NOTHING
                if len(self.buffer) - self.position > LONGEST:
                    return self._too_long(count)
                if self._more():
                    continue
                if end_of_broken(self.buffer, self.position, self._before, is_last=True):
                    return self._broken(why)
                raise self.failure or LoadError(
                    f"Value {count + 1:,} is not sound JSON: the file was cut short in the middle of it. "
                    f"The {count:,} before it are loaded."
                ) from None
            broken = _BROKEN.search(self.buffer, self.position, end)
            self._pass(end)
            return BadRecord(NOT_UTF8) if broken else value

    def _pass(self, end: int) -> None:
        self.position, self._before = end, ""

    def _is_unfinished(self, problem: Exception) -> bool:
        return isinstance(problem, json.JSONDecodeError) and (
            problem.msg.startswith("Unterminated string") or problem.pos >= len(self.buffer) - _UNFINISHED
        )

    def _enter(self) -> bool:
        """Go on inside the list of an object that only wraps it, where that is a large one."""
        if len(self.buffer) - self.position < LARGE or self.buffer[self.position] != "{":
            return False
        found = list_inside(self.buffer, self.position)
        if found is None:
            return False
        start, objects = found
        self._wrappers += objects
        self._pass(start)
        return True

    def _passes_key(self) -> bool:
        """Pass over what stands beside the list in a wrapper: a key and its value, unless that is a list."""
        while True:
            key = _KEY.match(self.buffer, self.position)
            if key is None and self.buffer[self.position] == '"' and self._more():
                continue
            if key is None:
                return False
            try:
                start = key.end()
                if self.buffer[start : start + 1] != "[":
                    _, start = DECODER.raw_decode(self.buffer, start)
            except json.JSONDecodeError as problem:
                if self._is_unfinished(problem) and self._more():
                    continue
            self._pass(start)
            return True

    def _broken(self, why: str) -> Any:
        """What a value that is no JSON may still be, else a BadRecord; passes on to where it ends."""
        while (end := end_of_broken(self.buffer, self.position, self._before)) is None:
            if len(self.buffer) - self.position > LONGEST or not self._more():
                break
        if end is None:
            end = end_of_broken(self.buffer, self.position, "", is_last=True)
        if end is None:
            return self._skip(why)
        text = self.buffer[self.position : end]
        self._pass(end)
        try:
            return BadRecord(NOT_UTF8) if _BROKEN.search(text) else mended(text)
        except (ValueError, RecursionError):
            return BadRecord(why)

    def _skip(self, why: str) -> BadRecord:
        """Pass over what is too long to be held."""
        before = self._before
        while (end := end_of_broken(self.buffer, self.position, before, is_whole=False)) is None:
            self.position = max(self.position, len(self.buffer) - _KEPT)
            if not self._more():
                end = len(self.buffer)
                break
        self._pass(end)
        return BadRecord(why)

    def _too_long(self, count: int) -> BadRecord:
        skipped = self._skip(_TOO_LONG)
        if self.position == len(self.buffer):
            raise self.failure or LoadError(
                f"Value {count + 1:,} is {_TOO_LONG}, and the file ends in it. "
                f"The {count:,} before it are loaded."
            )
        return skipped

    def _more(self) -> bool:
        """Read on, the further the longer the value; False at the end, with its reason in `failure`."""
        _ = self.line
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
        self.buffer, self.position, self._counted = "".join(pieces), 0, 0
        return len(self.buffer) > len(rest)
