"""Where the columns of a picture begin and end among the points of a curve."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from descentry.core.data import Floats, Ints

FEW = 2  # up to so many points for each column they are all given

Scale = Literal["linear", "log"]


def cuts_of(x: Ints | Floats, low: float, high: float, columns: int, scale: Scale = "linear") -> Ints:
    """Where the columns of a picture begin and end, one column beyond either side, for lines that run on.

    Columns begin at multiples of their width, so that moving the picture moves them and changes none.

    Args:
        x: float64[n] or int64[n], never decreasing.
        low: The x at the left edge.
        high: The x at the right edge.
        columns: How many columns the picture has.
        scale: Whether columns are equally wide in x, or in its logarithm.

    Returns:
        int64[k + 1], strictly increasing; empty where there are no points.
    """
    first = max(0, int(_from(x, low)) - 1)
    last = min(len(x), int(_from(x, np.nextafter(high, math.inf))) + 1)
    if last <= first:
        return np.empty(0, np.int64)
    if last - first <= FEW * columns:
        return np.arange(first, last + 1)
    if scale == "log":
        floor = float(x[min(int(_from(x, np.nextafter(0.0, 1.0))), len(x) - 1)])
        low, high = (max(edge, floor, np.nextafter(0.0, 1.0)) for edge in (low, high))
        edges = np.exp(_edges(math.log(low), math.log(high), columns))
    else:
        edges = _edges(low, high, columns)
    inner = first + _from(x[first:last], edges)
    return np.unique(np.concatenate([[first], inner[(inner > first) & (inner < last)], [last]])).astype(
        np.int64
    )


def _from(x: Ints | Floats, edge: Floats | float) -> Any:
    """The first index of each x that is not below an edge."""
    if x.dtype.kind == "i":  # a fraction to look for would have all of them turned into fractions
        edge = np.ceil(np.clip(edge, -(2.0**62), 2.0**62)).astype(np.int64)
    return np.searchsorted(x, edge)


def _edges(low: float, high: float, columns: int) -> Floats:
    width = (high - low) / columns
    if not width > 0:
        return np.array([low])
    return np.asarray((math.floor(low / width) + np.arange(columns + 2)) * width, np.float64)
