"""The log format of ``.wandb`` files: LevelDB's, under a header of W&B's own.

The file is blocks of 32 KiB. A record is a CRC-32 of type and data, the length (uint16), the type (uint8)
and the data; one that does not fit into the rest of its block goes on in the next as FIRST, MIDDLE … LAST.
LevelDB: https://github.com/google/leveldb/blob/main/doc/log_format.md
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO

BLOCK = 32 * 1024
PREAMBLE = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
# Longer than a row of metrics ever is; lists of files can be, and are not wanted.
LONGEST = 1 << 26

_HEAD = struct.Struct("<IHB")


class LogRecords:
    """The records of a stream; iterate once, then see what was wrong.

    Attributes:
        damaged: Bytes that were passed over.
        cut: Whether the stream ends inside a record.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.damaged = 0
        self.cut = False

    def __iter__(self) -> Iterator[bytes]:
        parts: list[bytes] = []
        size = 0
        for kind, data in self._pieces():
            if kind in (FULL, FIRST):
                self.damaged += size
                parts, size = [], 0
            elif not parts:
                self.damaged += len(data)
                continue
            size += len(data)
            if size <= LONGEST:
                parts.append(data)
            if kind in (FULL, LAST):
                if size <= LONGEST:
                    yield b"".join(parts)
                parts, size = [], 0
        self.cut |= bool(parts)

    def _pieces(self) -> Iterator[tuple[int, bytes]]:
        """The type and data of every sound piece; a damaged one takes the rest of its block with it."""
        position = len(PREAMBLE)
        while block := self._stream.read(BLOCK):
            while position + _HEAD.size <= len(block):
                checksum, length, kind = _HEAD.unpack_from(block, position)
                stop = position + _HEAD.size + length
                if stop > len(block) and len(block) < BLOCK:
                    break
                data = block[position + _HEAD.size : stop]
                if (
                    not FULL <= kind <= LAST
                    or stop > BLOCK
                    or zlib.crc32(data, zlib.crc32(bytes([kind]))) != checksum
                ):
                    self.damaged += len(block) - position
                    position = len(block)
                    break
                yield kind, data
                position = stop
            # Fewer than seven bytes at the end of a whole block are filling.
            self.cut |= position < len(block) < BLOCK
            position = 0


def write(records: list[bytes]) -> bytes:
    """A file of these records, as W&B lays it out."""
    out = bytearray(PREAMBLE)
    for record in records:
        start = 0
        while True:
            room = BLOCK - len(out) % BLOCK
            if room < _HEAD.size:
                out += bytes(room)
                room = BLOCK
            data = record[start : start + room - _HEAD.size]
            ends = start + len(data) == len(record)
            kind = (FULL if ends else FIRST) if start == 0 else (LAST if ends else MIDDLE)
            out += _HEAD.pack(zlib.crc32(data, zlib.crc32(bytes([kind]))), len(data), kind) + data
            start += len(data)
            if ends:
                break
    return bytes(out)
