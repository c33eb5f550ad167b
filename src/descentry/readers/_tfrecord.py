"""TFRecord framing: where each record of a stream stands, in windows that fit in memory.

A record is its length (uint64), the masked CRC-32C of the length, the bytes, and their masked CRC-32C.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np

from descentry.core.data import Ints
from descentry.readers._crc32c import crc32c, masked

HEADER = 12
FOOTER = 4
WINDOW = 1 << 25
# Images and graphs can be longer, and hold no scalar: they are passed over without being read.
LONGEST = 1 << 26

# An event begins with its wall time (field 1, fixed64), and is shorter than 4 GiB.
_NEXT = re.compile(rb"(?=.{4}\0{4}.{4}\x09)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the stream.

    Attributes:
        data: Its bytes.
        start: int64[n], where the contents of each whole record in it start.
        length: int64[n], how many bytes they have.
        first: How many records of the stream are before it.
    """

    data: bytes
    start: Ints
    length: Ints
    first: int


class Records:
    """The records of a stream; iterate once, then see what was wrong.

    Attributes:
        damaged: Bytes passed over because no record starts where one should.
        cut: Bytes of an unfinished record at the end.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._spans: dict[bytes, int] = {}
        self._lost = False
        self.damaged = 0
        self.cut = 0

    def __iter__(self) -> Iterator[Window]:
        data, count = b"", 0
        while True:
            starts, spans, position, wanted = self._walk(data)
            if starts:
                start, span = np.array(starts, dtype=np.int64), np.array(spans, dtype=np.int64)
                yield Window(data, start + HEADER, span - HEADER - FOOTER, count)
                count += len(starts)
            data = data[position:]
            if wanted > LONGEST:
                if self._skip(wanted, len(data)):
                    data, count = b"", count + 1
                    continue
                return
            more = self._stream.read(max(WINDOW, wanted - len(data)))
            if not more:
                self.damaged += len(data) if self._lost else 0
                self.cut = 0 if self._lost else len(data)
                return
            data += more

    def _walk(self, data: bytes) -> tuple[list[int], list[int], int, int]:
        """Where whole records start, their spans, where the next one starts, and how many bytes it needs."""
        starts: list[int] = []
        spans: list[int] = []
        known = self._spans
        position, size = 0, len(data)
        # The tightest loop there is: a log of a million points comes by here a million times.
        while True:
            header = data[position : position + HEADER]
            span = known.get(header)
            if span is None:
                if len(header) < HEADER:
                    return starts, spans, position, HEADER
                if header_holds(header):
                    known[header] = int.from_bytes(header[:8], "little") + HEADER + FOOTER
                    self._lost = False
                    continue
                position = self._next(data, position)
                continue
            if position + span > size:
                return starts, spans, position, span
            starts.append(position)
            spans.append(span)
            position += span

    def _next(self, data: bytes, position: int) -> int:
        """Where the next sound header starts, or the last bytes that could begin one."""
        self._lost = True
        found = max(position + 1, len(data) - HEADER)
        for match in _NEXT.finditer(data, position + 1):
            if header_holds(data[match.start() : match.start() + HEADER]):
                found = match.start()
                break
        self.damaged += found - position
        return found

    def _skip(self, span: int, seen: int) -> bool:
        """Passes over a record whose first bytes are read; false where the stream ends before it."""
        here = self._stream.tell()
        end = self._stream.seek(0, 2)
        left = here - seen + span
        if left > end:
            self.cut = end - here + seen
            return False
        self._stream.seek(left)
        return True


def header_holds(header: bytes) -> bool:
    """Whether 12 bytes are a length and its checksum."""
    return len(header) == HEADER and masked(crc32c(header[:8])) == int.from_bytes(header[8:], "little")


def frame(record: bytes) -> bytes:
    """A record as it stands in the file."""
    length = struct.pack("<Q", len(record))
    checksums = (struct.pack("<I", masked(crc32c(part))) for part in (length, record))
    return length + next(checksums) + record + next(checksums)
