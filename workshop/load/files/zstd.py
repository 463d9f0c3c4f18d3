"""Reads zstd files of the kind that Pushshift writes: several frames, and windows of up to 2 GiB."""

import io

from zstandard import ZstdDecompressor

WINDOW = 2**31
"""Bytes of the longest accepted window. A file made with `zstd --long=31` needs as much memory."""

_CHUNK = 64 * 1024
_SLICE = 1024
"""Bytes to decompress at a time. However well they are compressed, the result stays within tens of
megabytes.
"""


class ZstdReader:
    """The decompressed bytes of a zstd file. Unlike zstandard's own reader it detects a truncated file."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self._unpack = ZstdDecompressor(max_window_size=WINDOW)
        self._frame = self._unpack.decompressobj()
        self._inside = False
        self._packed = memoryview(b"")
        self._ready = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, at least one unless the file has ended.

        Raises EOFError when it ends inside a frame, and zstandard.ZstdError for what is not zstd.
        """
        while not self._ready:
            if not self._packed:
                self._packed = memoryview(self._file.read(_CHUNK))
            if not self._packed and self._inside:
                raise EOFError
            if not self._packed:
                return b""
            self._ready = memoryview(self._next())
        piece = bytes(self._ready[:size])
        self._ready = self._ready[size:]
        return piece

    def _next(self) -> bytes:
        part = self._packed[:_SLICE]
        data = self._frame.decompress(part)
        self._inside = not self._frame.eof
        self._packed = self._packed[len(part) - len(self._frame.unused_data) :]
        if self._frame.eof:
            self._frame = self._unpack.decompressobj()
        return data
