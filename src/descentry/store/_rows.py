"""Rows on their way: packed as they are logged, and encoded column by column as they are stored.

Metrics that are logged together are a group: they share one row number, step and time.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from descentry.core.data import Floats, Ints

Rows = npt.NDArray[Any]  # structured: step, row, time, value[k]


_OBJECTS = 120  # bytes of memory that a row takes besides its own while it waits


class Group:
    """Metrics that are logged together: how a row of them is packed, and the bytes it takes as it waits."""

    __slots__ = ("dtype", "names", "pack", "weight")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        packer = struct.Struct(f"<qqd{len(names)}d")
        self.pack = packer.pack
        self.weight = packer.size + _OBJECTS
        self.dtype = np.dtype(
            [("step", "<i8"), ("row", "<i8"), ("time", "<f8"), ("value", "<f8", (len(names),))]
        )

    def rows(self, packed: Iterable[bytes]) -> Rows:
        """Packed rows as an array."""
        return np.frombuffer(b"".join(packed), self.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """One metric: int64[n] rows (increasing) and steps, float64[n] times and values."""

    row: Ints
    step: Ints
    time: Floats
    value: Floats

    def then(self, more: Points) -> Points:
        """These points and more of them, by their rows; a row that comes twice counts once."""
        return _in_order([self, more])


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Rows of a group as columns; ``value`` is float64[k, n]."""

    names: tuple[str, ...]
    row: Ints
    step: Ints
    time: Floats
    value: Floats

    @staticmethod
    def of(group: Group, rows: Rows) -> Block:
        """The columns of some rows."""
        return Block(group.names, rows["row"], rows["step"], rows["time"], rows["value"].T)


def gather(blocks: Iterable[Block]) -> dict[str, Points]:
    """The points of every metric, in the order in which metrics were first logged."""
    together: dict[tuple[str, ...], list[Block]] = {}
    for block in blocks:
        together.setdefault(block.names, []).append(block)
    pieces: dict[str, list[Points]] = {}
    for names in list(together):
        parts = together.pop(names)
        row, step, time = (
            np.concatenate([getattr(p, column) for p in parts]) for column in ("row", "step", "time")
        )
        value = np.concatenate([p.value for p in parts], axis=1)
        parts.clear()
        for j, name in enumerate(names):
            pieces.setdefault(name, []).append(Points(row, step, time, value[j]))
    found = {name: _in_order(parts) for name, parts in pieces.items()}
    return dict(sorted(found.items(), key=lambda item: int(item[1].row[0])))


def _in_order(parts: list[Points]) -> Points:
    """The points of a metric by their rows."""
    first = parts[0]
    if len(parts) == 1 and (first.row[1:] > first.row[:-1]).all():
        return first
    row, step, time, value = (
        np.concatenate([getattr(p, column) for p in parts]) for column in ("row", "step", "time", "value")
    )
    _, order = np.unique(row, return_index=True)
    return Points(row[order], step[order], time[order], value[order])


def encode(values: npt.NDArray[Any], *, differences: bool = False) -> bytes:
    """Eight-byte numbers for the file: their bytes put plane by plane, then deflated at the fastest level.

    Steps and rows shrink to nothing, times to a third, losses that were single precision to a half. A
    thousand values take about a tenth of a millisecond, outside Python's lock.
    """
    whole = np.ascontiguousarray(values).view("<i8").ravel()
    if differences:
        whole = np.diff(whole, prepend=np.int64(0))
    return zlib.compress(whole.view(np.uint8).reshape(-1, 8).T.tobytes(), 1)


def decode(blob: bytes, shape: tuple[int, ...], dtype: str, *, differences: bool = False) -> npt.NDArray[Any]:
    """What ``encode`` was given.

    Raises:
        ValueError: The bytes are damaged, or hold another number of values.
    """
    wanted = 8 * int(np.prod(shape))
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(blob, wanted + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if len(raw) != wanted or not stream.eof:
        raise ValueError("not as many values as there should be")
    whole = np.ascontiguousarray(np.frombuffer(raw, np.uint8).reshape(8, -1).T).view("<i8").ravel()
    if differences:
        whole = np.cumsum(whole)
    return whole.view(dtype).reshape(shape)
