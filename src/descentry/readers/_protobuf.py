"""The protobuf wire format, just enough to find the fields of a message, with every bound checked.

Nothing is copied: a message is a range of bytes, and its fields are ranges within it. A message inside a
message is walked only when a reader asks for it, so that no nesting, however deep, costs anything.
The format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

_FIXED = {FIXED64: 8, FIXED32: 4}
_LONGEST_VARINT = 10


class ProtobufError(ValueError):
    """The bytes are not a protobuf message."""


def fields(data: bytes, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, int, int, int]]:
    """The fields of the message in ``data[start:stop]``: number, wire type, and where the content stands.

    Raises:
        ProtobufError: The bytes are not a message, or a field runs past the end.
    """
    end = len(data) if stop is None else stop
    position = start
    while position < end:
        # Nearly all keys and lengths are of one byte: a run has millions of them.
        key = data[position]
        position += 1
        if key >= 0x80:
            key, position = _varint(data, position - 1, end)
        wire = key & 7
        if wire == BYTES:
            if position < end and data[position] < 0x80:
                begin = position + 1
                position = begin + data[position]
            else:
                length, begin = _varint(data, position, end)
                position = begin + length
        elif wire == VARINT:
            begin = position
            _, position = _varint(data, position, end)
        elif wire in _FIXED:
            begin = position
            position += _FIXED[wire]
        else:
            raise ProtobufError(f"wire type {wire}")
        if position > end or key < 8:
            raise ProtobufError("a field runs past the end of its message, or has no number")
        yield key >> 3, wire, begin, position


def _varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    """A varint and the position after it.

    Raises:
        ProtobufError: It does not end before ``end``.
    """
    value = shift = 0
    last = min(end, position + _LONGEST_VARINT)
    while position < last:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position
        shift += 7
    raise ProtobufError("a varint does not end")


def unsigned(data: bytes, start: int, stop: int) -> int:
    """The varint in ``data[start:stop]``, as uint64.

    Raises:
        ProtobufError: It does not end there.
    """
    return _varint(data, start, stop)[0]


def signed(data: bytes, start: int, stop: int) -> int:
    """The varint in ``data[start:stop]``, as int32 or int64 are written (two's complement).

    Raises:
        ProtobufError: It does not end there.
    """
    value = _varint(data, start, stop)[0]
    return value - (1 << 64) if value >> 63 else value


def zigzag(data: bytes, start: int, stop: int) -> int:
    """The varint in ``data[start:stop]``, as sint32 or sint64 are written.

    Raises:
        ProtobufError: It does not end there.
    """
    value = _varint(data, start, stop)[0]
    return (value >> 1) ^ -(value & 1)


def double(data: bytes, start: int) -> float:
    """The fixed64 at ``start``, as a double."""
    return float(struct.unpack_from("<d", data, start)[0])


def text(data: bytes, start: int, stop: int) -> str:
    """The string in ``data[start:stop]``; bad bytes become U+FFFD."""
    return data[start:stop].decode("utf-8", errors="replace")


def encode_varint(value: int) -> bytes:
    """A non-negative integer, or a negative one as int64, as a varint."""
    value &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode(number: int, content: int | float | bytes | str) -> bytes:
    """A field: an int as a varint, a float as a double, bytes and text with their length before them."""
    if isinstance(content, int):
        return encode_varint(number << 3 | VARINT) + encode_varint(content)
    if isinstance(content, float):
        return encode_varint(number << 3 | FIXED64) + struct.pack("<d", content)
    raw = content.encode() if isinstance(content, str) else content
    return encode_varint(number << 3 | BYTES) + encode_varint(len(raw)) + raw
