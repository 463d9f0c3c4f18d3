"""Opens a file for reading, unpacking it where it is packed."""

import gzip
import io
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zstandard import ZstdError

from workshop.load.problems import LoadError
from workshop.load.zstd import ZstdReader

ACCEPTED = (
    "reddit submissions as NDJSON or mongoexport (.json, .ndjson), a JSON array or a saved listing of them, "
    "or a Stack Exchange Posts.xml; each also packed as .gz or .zst"
)

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
"""Frames without content, which some packers write first: RFC 8878, section 3.1.2."""

_OTHERS = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it first (7z x FILE) and load the Posts.xml in it",
    b"PK\x03\x04": "a zip archive: unpack it first (unzip FILE)",
    b"BZh": "packed with bzip2: unpack it first (bunzip2 FILE)",
    b"\xfd7zXZ\x00": "packed with xz: unpack it first (unxz FILE)",
    b"\xff\xfe": "text in UTF-16: save it as UTF-8 first",
    b"\xfe\xff": "text in UTF-16: save it as UTF-8 first",
}
_BUFFER = 1024 * 1024
_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, ZstdError)
_Read = Callable[[int], bytes]


class OpenFile(io.BufferedReader):
    """The unpacked bytes of a file; `done` says how many packed ones are read. Reading raises LoadError."""

    def __init__(self, path: Path) -> None:
        self._unpacked = _Unpacked(path)
        super().__init__(self._unpacked, _BUFFER)

    @property
    def done(self) -> int:
        """Bytes of the file itself that are read."""
        return self._unpacked.done


class _Unpacked(io.RawIOBase):
    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _open(path)
        self._read = _unpacker(path, self._file)
        self.done = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._read(len(buffer))
        except _DAMAGED as problem:
            cut = isinstance(problem, EOFError)
            what = "ends too early: it was cut short" if cut else "is damaged: it cannot be unpacked"
            raise LoadError(
                f"{self._path} {what} (at byte {self._file.tell():,}). "
                "What came before is loaded. Fetch the file again and load it anew."
            ) from problem
        except OSError as problem:
            raise LoadError(f"{self._path} cannot be read: {problem.strerror}.") from problem
        buffer[: len(data)] = data
        self.done = self._file.tell()
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def _open(path: Path) -> io.FileIO:
    try:
        if path.is_dir():
            raise LoadError(f"{path} is a directory. Name a file in it: {ACCEPTED}.")
        if path.exists() and not path.is_file():
            raise LoadError(f"{path} is not a regular file. Save what it gives to a file first.")
        return path.open("rb", buffering=0)
    except FileNotFoundError:
        raise LoadError(f"There is no file {path}.") from None
    except OSError as problem:
        raise LoadError(f"{path} cannot be opened: {problem.strerror}.") from None


def _unpacker(path: Path, file: io.FileIO) -> _Read:
    start = file.read(8)
    file.seek(0)
    if not start:
        raise LoadError(f"{path} is empty. Accepted are {ACCEPTED}.")
    for magic, what in _OTHERS.items():
        if start.startswith(magic):
            raise LoadError(f"{path} is {what}.")
    if start.startswith(_GZIP):
        return gzip.GzipFile(fileobj=file).read1
    if start.startswith(_ZSTD) or _SKIPPABLE.match(start):
        return ZstdReader(file).read
    return file.read
