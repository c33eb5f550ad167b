"""A canvas of braille dots, two across and four down a character; a curve on it keeps its every extreme."""

from __future__ import annotations

import numpy as np

from descentry.core.data import Series
from descentry.report._columns import columns
from descentry.report._scale import Scale

_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


def curve(
    series: Series, scale: Scale | None, width: int, height: int, first: int, last: int
) -> tuple[list[str], list[int]]:
    """The curve between two steps as ``height`` lines of ``width`` characters.

    In each column of dots the line reaches from the lowest to the highest value logged there.

    Returns:
        The lines, and the columns of characters that hold values which are not finite.
    """
    dots = np.zeros((4 * height, 2 * width), dtype=bool)
    parts = columns(series, 2 * width, first, last)
    if scale is not None and parts.at.size:
        top = 4 * height - 1

        def rows(values: np.ndarray) -> np.ndarray:
            return top - np.clip(np.rint(scale.at(values) * top), 0, top).astype(np.int64)

        low, high, enter, leave = rows(parts.low), rows(parts.high), rows(parts.first), rows(parts.last)
        for i, column in enumerate(parts.at):
            dots[high[i] : low[i] + 1, column] = True
            if parts.joined[i]:
                _line(dots, int(parts.at[i - 1]), int(leave[i - 1]), int(column), int(enter[i]))
    cells = dots.reshape(height, 4, width, 2)
    codes = (cells * _DOTS[None, :, None, :]).sum(axis=(1, 3))
    lines = ["".join(chr(0x2800 + c) if c else " " for c in row) for row in codes]
    return lines, sorted({int(c) // 2 for c in parts.broken})


def _line(dots: np.ndarray, left: int, start: int, right: int, stop: int) -> None:
    """Joins two points: each column is filled over the stretch that the line crosses in it."""
    slope = (stop - start) / (right - left)
    for column in range(left, right + 1):
        edges = [min(max(x, left), right) for x in (column - 0.5, column + 0.5)]
        a, b = sorted(round(start + slope * (x - left)) for x in edges)
        dots[a : b + 1, column] = True
