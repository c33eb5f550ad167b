"""CRC-32C (Castagnoli), as TFRecord files use it, of one record or of many alike at once.

The checksum is linear over bits: what a byte adds to it depends on the byte and on its distance from the
end alone. So one table for each distance turns it into look-ups that numpy does for a million records at
a time, and records that differ from a known one in a few bytes need only those looked up.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

UInt32s = npt.NDArray[np.uint32]
Bytes = npt.NDArray[np.uint8]

REACH = 4096  # bytes from the end that have a table: 4 MiB of them
_SHORT = 64  # below this, a plain loop is faster than numpy
_POLYNOMIAL = 0x82F63B78
_MASK = 0xA282EAD8


@functools.cache
def _first() -> UInt32s:
    table: UInt32s = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1).astype(np.uint32)
    return table


@functools.cache
def _first_list() -> list[int]:
    return [int(entry) for entry in _first()]


@functools.cache
def _tables(count: int) -> UInt32s:
    """uint32[count, 256]: what a byte adds to the checksum, by its distance from the end."""
    tables = np.empty((count, 256), dtype=np.uint32)
    tables[0] = first = _first()
    for d in range(1, count):
        tables[d] = first[tables[d - 1] & 0xFF] ^ (tables[d - 1] >> 8)
    return tables


def _tables_for(length: int) -> UInt32s:
    """Tables that reach ``length`` bytes; made for 256 bytes at first, since most records are that short."""
    return _tables(256 if length <= 256 else REACH)


def crc32c(data: bytes) -> int:
    """The checksum of some bytes."""
    register = 0xFFFF_FFFF
    if len(data) < _SHORT:
        table = _first_list()
        for byte in data:
            register = table[(register ^ byte) & 0xFF] ^ (register >> 8)
        return register ^ 0xFFFF_FFFF
    for start in range(0, len(data), REACH):
        chunk = np.frombuffer(data, np.uint8, min(REACH, len(data) - start), start).copy()
        lead = min(4, len(chunk))
        chunk[:lead] ^= np.frombuffer(register.to_bytes(4, "little"), np.uint8, lead)
        distance = np.arange(len(chunk) - 1, -1, -1)
        added = np.bitwise_xor.reduce(_tables_for(len(chunk))[distance, chunk])
        register = (register >> 8 * lead) ^ int(added)
    return register ^ 0xFFFF_FFFF


def masked(crc: int) -> int:
    """The checksum as TFRecord stores it, so that checksums of checksums stay sound."""
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFF_FFFF


def unmasked(stored: UInt32s) -> UInt32s:
    """The checksums behind masked ones."""
    rotated: UInt32s = stored - np.uint32(_MASK)
    out: UInt32s = (rotated >> np.uint32(17)) | (rotated << np.uint32(15))
    return out


def of_rows(rows: Bytes, length: int, columns: list[int], crc: int) -> UInt32s:
    """The checksums of records that differ from the first of them in a few columns only.

    Args:
        rows: uint8[n, at least length], one record a row.
        length: How many bytes each record has, at most ``REACH``.
        columns: Where they may differ from the first.
        crc: The checksum of the first.
    """
    tables = _tables_for(length)
    out = np.full(len(rows), crc, dtype=np.uint32)
    for column in columns:
        out ^= tables[length - 1 - column][rows[:, column] ^ rows[0, column]]
    return out
