"""Opens a file for reading: decompresses it if necessary, and converts UTF-16 to UTF-8."""

import bz2
import codecs
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from zstandard import ZstdError

from workshop.load.files.zstd import ZstdReader
from workshop.load.problems import LoadError

ACCEPTED = (
    "reddit submissions as NDJSON or mongoexport (.json, .ndjson), a JSON array or a saved listing of them, "
    "the saved response of an archive's API, or a Stack Exchange Posts.xml; each also packed as .gz, .zst, "
    ".bz2, .xz or alone in a .zip"
)

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
"""Frames without content, which some programs write first: RFC 8878, section 3.1.2."""

_ZIP = b"PK\x03\x04"
_BZIP2 = b"BZh"
_XZ = b"\xfd7zXZ\x00"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_OTHERS = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it first (7z x FILE) and load the Posts.xml in it",
    b"Rar!\x1a\x07": "a RAR archive: unpack it first (unrar x FILE)",
    b"PAR1": "a Parquet file: write its rows as JSON lines first",
    b"SQLite format 3\x00": "an SQLite database: write its rows as JSON lines first",
    b"%PDF": "a PDF",
}
_BUFFER = 1024 * 1024
_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, ZstdError, lzma.LZMAError, zipfile.BadZipFile)
_Read = Callable[[int], bytes]


class OpenFile(io.BufferedReader):
    """The decompressed bytes of a file. Reading raises LoadError."""

    def __init__(self, path: Path) -> None:
        self._unpacked = _Unpacked(path)
        super().__init__(self._unpacked, _BUFFER)

    @property
    def done(self) -> int:
        """The number of bytes of the file itself that are read."""
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
                "Everything before that is loaded. Download the file again and repeat the load."
            ) from problem
        except OSError as problem:
            why = problem.strerror or "it is damaged and cannot be unpacked"
            raise LoadError(
                f"{self._path} cannot be read: {why}. Everything before that is loaded."
            ) from problem
        buffer[: len(data)] = data
        self.done = self._file.tell()
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def _open(path: Path) -> io.FileIO:
    try:
        if path.is_dir():
            inside = path / "Posts.xml"
            if inside.is_file():
                raise LoadError(f"{path} is a directory. Name a file in it, such as {inside}.")
            raise LoadError(f"{path} is a directory. Name a file in it: {ACCEPTED}.")
        if path.exists() and not path.is_file():
            raise LoadError(f"{path} is not a regular file. Save its content to a file first.")
        return path.open("rb", buffering=0)
    except FileNotFoundError:
        raise LoadError(f"There is no file {path}.") from None
    except OSError as problem:
        raise LoadError(f"{path} cannot be opened: {problem.strerror}.") from None


def _unpacker(path: Path, file: io.FileIO) -> _Read:
    start = file.read(16)
    file.seek(0)
    if not start:
        raise LoadError(f"{path} is empty. Accepted are {ACCEPTED}.")
    for magic, what in _OTHERS.items():
        if start.startswith(magic):
            raise LoadError(f"{path} is {what}.")
    read: _Read = file.read
    if start.startswith(_GZIP):
        read = gzip.GzipFile(fileobj=file).read1
    elif start.startswith(_ZSTD) or _SKIPPABLE.match(start):
        read = ZstdReader(file).read
    elif start.startswith(_BZIP2):
        read = bz2.BZ2File(file).read1
    elif start.startswith(_XZ):
        read = lzma.LZMAFile(file).read1  # noqa: SIM115 - closed with what it reads
    elif start.startswith(_ZIP):
        read = _only_member(path, file).read1
    return _Utf8(read)


def _only_member(path: Path, file: io.FileIO) -> zipfile.ZipExtFile:
    """Return the one file in a zip archive."""
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        raise LoadError(
            f"{path} is a zip archive that is damaged or was cut short: it cannot be unpacked. "
            "Download the file again."
        ) from None
    members = [each for each in archive.infolist() if not each.is_dir() and "__MACOSX" not in each.filename]
    if len(members) != 1:
        raise LoadError(
            f"{path} is a zip archive of {len(members)} files: unpack it first (unzip FILE), then name one."
        )
    try:
        return cast(zipfile.ZipExtFile, archive.open(members[0]))
    except (RuntimeError, NotImplementedError) as problem:
        raise LoadError(f"{path} is a zip archive that cannot be unpacked here: {problem}.") from None


class _Utf8:
    """Passes bytes on, and converts UTF-16, in which some programs for Windows save text, to UTF-8."""

    def __init__(self, read: _Read) -> None:
        self._read = read
        self._decoder: codecs.IncrementalDecoder | None = None
        self._ready = b""
        self._began = False

    def __call__(self, size: int) -> bytes:
        """Return up to `size` bytes, at least one unless there are no more."""
        if not self._began:
            self._begin(size)
        while self._decoder and not self._ready:
            data = self._read(size)
            self._ready = self._decoder.decode(data, final=not data).encode()
            if not data:
                self._decoder = None
        if not self._ready:
            return b"" if self._decoder else self._read(size)
        piece, self._ready = self._ready[:size], self._ready[size:]
        return piece

    def _begin(self, size: int) -> None:
        self._began = True
        while len(self._ready) < len(_UTF16[0]) and (data := self._read(size)):
            self._ready += data
        if self._ready.startswith(_UTF16):
            self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
            self._ready = self._decoder.decode(self._ready).encode()
