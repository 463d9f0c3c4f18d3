"""Reads JSON records one by one: a record in each line, or a sequence of values such as an array.

Memory use does not grow with the file: one record is held at a time, and none longer than LONGEST. Nothing in
the middle ends the file: what is not JSON is reported, and reading goes on at the next record.
"""

import codecs
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from workshop.load.files.json_text import (
    DECODER,
    NOT_UTF8,
    SEPARATORS,
    find_end_of_broken,
    find_wrapped_list,
    parse,
    parse_lenient,
    reason,
    strip_bom,
)
from workshop.load.problems import BadRecord, LoadError
from workshop.load.source import RawRecord

LONGEST = 16 * 1024 * 1024
"""Bytes of one line, and characters of one value in an array."""

LARGE = 1024 * 1024
"""Bytes from which an object that only wraps a list is read as the list, one record after the other."""

_CHUNK = 256 * 1024
_OVERLAP = 4096
_OPEN_ENDS = (b"{", b"[", b",", b":")
_SEPARATORS = re.compile(rf"[{SEPARATORS}\[\]]*")
_KEY = re.compile(r'"(?:[^"\\]|\\.)*"\s*:\s*', re.DOTALL)
_TAIL = 16
"""Characters at the end that may be half of a number, a name or an escape."""

_BROKEN = re.compile(r"[\udc80-\udcff]")
_TOO_LONG = f"longer than {LONGEST // 1024**2} MiB"


def lines(stream: io.BufferedReader) -> Iterator[RawRecord]:
    """Yield the JSON value of each line. Where a value continues over several lines, read values from there
    on.
    """
    number = 0
    while line := stream.readline(LONGEST + 1):
        number += 1
        where = f"line {number:,}"
        if len(line) > LARGE and find_wrapped_list(line[:LARGE].decode(errors="replace")):
            yield from values(stream, line, number)
            return
        if len(line) > LONGEST and not line.endswith(b"\n"):
            _skip_line(stream)
            yield RawRecord(where, BadRecord(_TOO_LONG))
            continue
        line = strip_bom(line)
        try:
            yield RawRecord(where, parse(line) if line else None)
        except (ValueError, RecursionError, BadRecord) as problem:
            if isinstance(problem, json.JSONDecodeError) and _continues(line, stream):
                yield from values(stream, line + b"\n", number)
                return
            yield RawRecord(where, BadRecord(reason(problem)))


def _skip_line(stream: io.BufferedReader) -> None:
    while (rest := stream.readline(LONGEST)) and not rest.endswith(b"\n"):
        pass


def _continues(line: bytes, stream: io.BufferedReader) -> bool:
    """Return whether a value continues in the next line, as pretty-printed ones do."""
    following = stream.peek(_CHUNK).lstrip()
    if line.endswith(b"["):
        return bool(following)
    return line.endswith(_OPEN_ENDS) and bool(following) and not following.startswith(b"{")


def values(stream: io.BufferedReader, read: bytes = b"", line: int = 1) -> Iterator[RawRecord]:
    """Yield each value of arrays, wrapped or not, or of several values in a row.

    `read` is what was already read of the stream, from line number `line` on. Raises LoadError for a file
    that ends in the middle of a value.
    """
    buffer = _Buffer(stream, read, line)
    count = 0
    while buffer.next_character():
        where = f"value {count + 1:,}" + (f" (line {buffer.line:,})" if buffer.line > 1 else "")
        value = buffer.value(count)
        if value is not _NO_VALUE:
            count += 1
            yield RawRecord(where, value)
    if buffer.failure:
        raise buffer.failure
    if buffer.open_arrays:
        raise LoadError(f"The array ends too early: it was cut short. Its {count:,} values are loaded.")


_NO_VALUE = object()
"""The result where there is no record: at the beginning of a wrapper, or beside the list in it."""


class _Buffer:
    """The text of a stream. `buffer` holds as much as needed; what is before `position` is used."""

    def __init__(self, stream: io.BufferedReader, read: bytes, line: int) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self.buffer = self._decode(read)
        self.position = 0
        self.open_arrays = 0
        """The number of arrays that are not closed."""
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

    def next_character(self) -> str:
        """Move to the next value. Return its first character, "" at the end."""
        while True:
            between = _SEPARATORS.match(self.buffer, self.position)
            if between and between[0]:
                self.open_arrays = max(self.open_arrays + between[0].count("[") - between[0].count("]"), 0)
                self._before = (self._before + between[0])[-200:]
                self.position = between.end()
            if self.position == len(self.buffer):
                if not self._read_more():
                    return ""
            elif self.buffer[self.position] == "}":
                self._wrappers = max(self._wrappers - 1, 0)
                self.position += 1
            else:
                return self.buffer[self.position]

    def value(self, count: int) -> Any:
        """Return the value that begins here, or _NO_VALUE. `count` is the number of values before it."""
        if self._wrappers and self._skip_key():
            return _NO_VALUE
        while True:
            try:
                value, end = DECODER.raw_decode(self.buffer, self.position)
            except (ValueError, RecursionError) as problem:
                why = reason(problem, self.position)  # now, as reading on moves the position
                if not self._is_unfinished(problem):
                    return self._recover(why)
                if self._enter_list():
                    return _NO_VALUE
                if len(self.buffer) - self.position > LONGEST:
                    return self._too_long(count)
                if self._read_more():
                    continue
                if find_end_of_broken(self.buffer, self.position, self._before, is_last=True):
                    return self._recover(why)
                raise self.failure or LoadError(
                    f"Value {count + 1:,} is not valid JSON: the file was cut short in the middle of it. "
                    f"The {count:,} before it are loaded."
                ) from None
            broken = _BROKEN.search(self.buffer, self.position, end)
            self._move_to(end)
            return BadRecord(NOT_UTF8) if broken else value

    def _move_to(self, end: int) -> None:
        self.position, self._before = end, ""

    def _is_unfinished(self, problem: Exception) -> bool:
        return isinstance(problem, json.JSONDecodeError) and (
            problem.msg.startswith("Unterminated string") or problem.pos >= len(self.buffer) - _TAIL
        )

    def _enter_list(self) -> bool:
        """Go on inside the list of a large object that only wraps it. Return whether there is one."""
        if len(self.buffer) - self.position < LARGE or self.buffer[self.position] != "{":
            return False
        found = find_wrapped_list(self.buffer, self.position)
        if found is None:
            return False
        start, objects = found
        self._wrappers += objects
        self._move_to(start)
        return True

    def _skip_key(self) -> bool:
        """Skip what is beside the list in a wrapper: a key and its value, unless that is a list."""
        while True:
            key = _KEY.match(self.buffer, self.position)
            if key is None and self.buffer[self.position] == '"' and self._read_more():
                continue
            if key is None:
                return False
            try:
                start = key.end()
                if self.buffer[start : start + 1] != "[":
                    _, start = DECODER.raw_decode(self.buffer, start)
            except json.JSONDecodeError as problem:
                if self._is_unfinished(problem) and self._read_more():
                    continue
            self._move_to(start)
            return True

    def _recover(self, why: str) -> Any:
        """Return what an invalid value may still be, else a BadRecord. Move to its end."""
        while (end := find_end_of_broken(self.buffer, self.position, self._before)) is None:
            if len(self.buffer) - self.position > LONGEST or not self._read_more():
                break
        if end is None:
            end = find_end_of_broken(self.buffer, self.position, "", is_last=True)
        if end is None:
            return self._skip(why)
        text = self.buffer[self.position : end]
        self._move_to(end)
        try:
            return BadRecord(NOT_UTF8) if _BROKEN.search(text) else parse_lenient(text)
        except (ValueError, RecursionError):
            return BadRecord(why)

    def _skip(self, why: str) -> BadRecord:
        """Skip a value that is too long to be held."""
        before = self._before
        while (end := find_end_of_broken(self.buffer, self.position, before, is_whole=False)) is None:
            self.position = max(self.position, len(self.buffer) - _OVERLAP)
            if not self._read_more():
                end = len(self.buffer)
                break
        self._move_to(end)
        return BadRecord(why)

    def _too_long(self, count: int) -> BadRecord:
        skipped = self._skip(_TOO_LONG)
        if self.position == len(self.buffer):
            raise self.failure or LoadError(
                f"Value {count + 1:,} is {_TOO_LONG}, and the file ends in it. "
                f"The {count:,} before it are loaded."
            )
        return skipped

    def _read_more(self) -> bool:
        """Read on, the more the longer the value is. Return False at the end, with the reason in
        `failure`.
        """
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
