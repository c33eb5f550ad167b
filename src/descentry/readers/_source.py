"""A log to read: a file, a folder, or bytes from a pipe; opened once, looked at by every reader."""

from __future__ import annotations

import functools
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from descentry.core.errors import TooLargeError

HEAD = 1 << 16  # enough to tell most formats
OPENING = 1 << 21  # enough for the preamble that launchers of many processes print before the first loss
MAX_LINE = 1 << 24  # a line of 16 MiB is no log line
MAX_DOCUMENT = 1 << 29  # JSON and text that must be held whole
_GZIP = b"\x1f\x8b\x08"
_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


class Source:
    """A file, folder or pipe.

    Args:
        path: Where it is; None for bytes that came from a pipe.
        name: The path as the user wrote it; every error names it so.
        data: The bytes, when there is no path.
        stem: A name for the run in the bytes.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        name: str | None = None,
        data: bytes | None = None,
        stem: str = "stdin",
    ) -> None:
        self.path = path
        self._stem = stem
        self.name = name if name is not None else str(path)
        self._data = data

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.path is not None and self.path.is_dir()

    @property
    def stem(self) -> str:
        """A name for the run in it: the file's name without its ending."""
        return self.path.name.removesuffix(self.path.suffix) if self.path else self._stem

    @functools.cached_property
    def size(self) -> int:
        """Bytes in the file."""
        return len(self._data) if self._data is not None else self._file.stat().st_size

    @property
    def _file(self) -> Path:
        if self.path is None:
            raise ValueError("bytes from a pipe have no path")
        return self.path

    def open(self) -> IO[bytes]:
        """The bytes as a binary stream; the caller closes it."""
        return io.BytesIO(self._data) if self._data is not None else self._file.open("rb")

    def read_bytes(self, limit: int = MAX_DOCUMENT) -> bytes:
        """All bytes.

        Raises:
            TooLargeError: There are more than ``limit``.
        """
        if self.size > limit:
            raise TooLargeError(
                f"{self.size / 2**20:,.0f} MiB is over this format's limit of {limit / 2**20:,.0f} MiB",
                where=self.name,
                how="Give the part that holds the metrics, or write them as CSV, Parquet or event files.",
            )
        with self.open() as stream:
            return stream.read()

    @functools.cached_property
    def head(self) -> bytes:
        """The first 64 KiB."""
        if self.is_folder:
            return b""
        with self.open() as stream:
            return stream.read(HEAD)

    @functools.cached_property
    def is_text(self) -> bool:
        """Whether the head reads as text: no NUL bytes outside UTF-16, few control characters."""
        sample = self.head
        if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
            return True
        control = sum(
            sample.count(c) for c in (b"\x00", b"\x01", b"\x02", b"\x03", b"\x04", b"\x05", b"\x06", b"\x0e")
        )
        return bool(sample) and b"\x00" not in sample and control <= len(sample) // 100

    @property
    def encoding(self) -> str:
        """UTF-16 where a byte-order mark says so, else UTF-8 (a mark at its start is dropped)."""
        return "utf-16" if self.head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"

    @functools.cached_property
    def text(self) -> str:
        """The head as text, without ANSI codes and with plain newlines."""
        text = self.head.decode(self.encoding, errors="replace")
        return strip_ansi(text).replace("\r\n", "\n").replace("\r", "\n")

    @functools.cached_property
    def opening(self) -> str:
        """The first 2 MiB as text, like ``text``; for formats whose launchers print a long preamble."""
        if self.size <= HEAD:
            return self.text
        with self.open() as stream:
            text = stream.read(OPENING).decode(self.encoding, errors="replace")
        return strip_ansi(text).replace("\r\n", "\n").replace("\r", "\n")

    @functools.cached_property
    def text_lines(self) -> tuple[str, ...]:
        """The lines of ``text``, split once for all formats; the last may be cut short."""
        return tuple(self.text.split("\n"))

    @functools.cached_property
    def opening_lines(self) -> tuple[str, ...]:
        """The lines of ``opening``; the last may be cut short."""
        return tuple(self.opening.split("\n"))

    @functools.cached_property
    def ends_whole(self) -> bool:
        """Whether the last line is ended, so that nothing in it can be cut short."""
        with self.open() as stream:
            stream.seek(max(0, self.size - 4))
            return stream.read().rstrip(b"\x00").endswith((b"\n", b"\r"))

    @functools.cached_property
    def head_lines(self) -> tuple[str, ...]:
        """The lines of the head; the last is dropped when the head cuts it short."""
        return self.text_lines[:-1] if self.size > HEAD else self.text_lines

    def lines(self, start: int = 0) -> Iterator[str]:
        r"""Every line from byte ``start`` on, without ANSI codes; ``\n``, ``\r\n`` and ``\r`` all end one.

        Raises:
            TooLargeError: A line is longer than 16 MiB.
        """
        with (
            self.open() as raw,
            io.TextIOWrapper(raw, encoding=self.encoding, errors="replace", newline=None) as stream,
        ):
            raw.seek(start)
            while line := stream.readline(MAX_LINE):
                if len(line) >= MAX_LINE:
                    raise TooLargeError(
                        "a line is longer than 16 MiB", where=self.name, how="This is not a text log."
                    )
                yield strip_ansi(line).rstrip("\n")

    def json(self) -> Any:
        """The whole file as one JSON document; NaN and Infinity are accepted.

        Raises:
            TooLargeError: It is too long, or nested too deeply.
            ValueError: It is not JSON.
        """
        return parse_json(self.read_bytes().decode(self.encoding, errors="replace"), self.name)


def source_of(path: Path, name: str) -> Source:
    """A file; what is in it where gzip packed it, and what comes out of it where it is a pipe.

    Raises:
        TooLargeError: There is more in it than a log may hold.
    """
    if not path.is_file():  # `<(zcat train.log.gz)`
        with path.open("rb") as stream:
            return source_of_stream(stream, name)
    with path.open("rb") as stream:
        packed = stream.read(len(_GZIP)) == _GZIP
        stream.seek(0)
        data = _unpacked(stream, name) if packed else None
    if data is None:
        return Source(path, name=name)
    return Source(None, name=name, data=data, stem=Path(path.name.removesuffix(".gz")).stem)


def source_of_stream(stream: IO[bytes], name: str) -> Source:
    """What comes through a pipe, unpacked where gzip packed it.

    Raises:
        TooLargeError: More comes than a log may hold.
    """
    data = stream.read(MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        raise TooLargeError(
            f"more than {MAX_DOCUMENT >> 20} MiB came through the pipe",
            where=name,
            how="Save it to a file, and explain that.",
        )
    return Source(None, name=name, data=_unpacked(io.BytesIO(data), name) if data.startswith(_GZIP) else data)


def _unpacked(packed: IO[bytes], name: str) -> bytes:
    """What gzip packed, as far as it can be unpacked.

    Raises:
        TooLargeError: It is more than a log may hold.
    """
    import zlib

    parts, size = [], 0
    member = zlib.decompressobj(wbits=31)
    while block := packed.read(HEAD):
        while block:
            try:
                parts.append(member.decompress(block))
            except zlib.error:
                return b"".join(parts)  # damaged: the text ends inside a line, which its reader notes
            size += len(parts[-1])
            if size > MAX_DOCUMENT:
                raise TooLargeError(
                    f"more than {MAX_DOCUMENT >> 20} MiB are packed in it",
                    where=name,
                    how="Unpack it, and explain the file.",
                )
            block = member.unused_data
            if member.eof:
                member = zlib.decompressobj(wbits=31)
    parts.append(member.flush())
    return b"".join(parts)


def strip_ansi(text: str) -> str:
    """The text without terminal escape codes."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def parse_json(text: str, where: str) -> Any:
    """One JSON value.

    Raises:
        TooLargeError: It is nested too deeply.
        ValueError: It is not JSON.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise TooLargeError("the JSON is nested too deeply for a log", where=where) from None
