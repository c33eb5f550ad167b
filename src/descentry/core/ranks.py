"""Medians, quantiles, distinct values and samples, without the masked arrays that numpy loads for its own.

``numpy.median``, ``numpy.quantile`` and ``numpy.unique`` import ``numpy.ma`` at their first call, which takes
as long as telling a short run.
"""

from __future__ import annotations

from typing import Any, TypeVar, overload

import numpy as np
import numpy.typing as npt

_Any = TypeVar("_Any", bound=np.generic)


@overload
def median(values: npt.ArrayLike) -> float: ...
@overload
def median(values: npt.ArrayLike, axis: int) -> npt.NDArray[np.float64]: ...
def median(values: npt.ArrayLike, axis: int | None = None) -> Any:
    """The middle value, or the mean of the two in the middle; NaN where there is a NaN, or nothing at all.

    Cost: a sort of a copy.

    >>> median([3.0, 1.0, 2.0, 10.0])
    2.5
    """
    rows = _sorted(values, axis)
    n = rows.shape[-1]
    if not n:
        middle = np.full(rows.shape[:-1], np.nan)
    else:
        middle = rows[..., n // 2] if n % 2 else (rows[..., n // 2 - 1] + rows[..., n // 2]) / 2
        middle = np.where(np.isnan(rows[..., -1]), np.nan, middle)
    return float(middle[0]) if axis is None else middle


@overload
def quantile(values: npt.ArrayLike, q: float) -> float: ...
@overload
def quantile(values: npt.ArrayLike, q: float, axis: int) -> npt.NDArray[np.float64]: ...
def quantile(values: npt.ArrayLike, q: float, axis: int | None = None) -> Any:
    """What a share ``q`` of the values lies below, on the line between two of them; NaN as for the median.

    >>> quantile([3.0, 1.0, 2.0, 10.0], 0.25)
    1.75
    """
    rows = _sorted(values, axis)
    n = rows.shape[-1]
    if not n:
        found = np.full(rows.shape[:-1], np.nan)
    else:
        at = q * (n - 1)
        low = int(at)
        below, above = rows[..., low], rows[..., min(low + 1, n - 1)]
        part = at - low
        step = above - below
        found = below + step * part if part < 0.5 else above - step * (1 - part)
        found = np.where(np.isnan(rows[..., -1]), np.nan, found)
    return float(found[0]) if axis is None else found


def distinct(values: npt.NDArray[_Any]) -> npt.NDArray[_Any]:
    """Each value once, in order.

    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    ordered = np.sort(values)
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new]


def spread(values: npt.NDArray[_Any], most: int = 1 << 16) -> npt.NDArray[_Any]:
    """The values, or evenly spaced ones where there are many: enough for a median, at no cost for long runs.

    >>> spread(np.arange(10), most=5).tolist()
    [0, 2, 4, 6, 8]
    """
    return values[:: max(1, len(values) // most)]


def stretches(values: npt.NDArray[_Any], count: int = 64, length: int = 1024) -> npt.NDArray[_Any]:
    """Rows of neighbouring values: all in one row, or evenly spaced stretches where there are many.

    >>> stretches(np.arange(12), count=2, length=3).tolist()
    [[0, 1, 2], [6, 7, 8]]
    """
    if len(values) <= count * length:
        return values[None, :]
    step = len(values) // count
    return values[: count * step].reshape(count, step)[:, :length]


def _sorted(values: npt.ArrayLike, axis: int | None) -> npt.NDArray[np.float64]:
    """The values in order along the last axis; NaN comes last."""
    array = np.asarray(values, dtype=np.float64)
    return np.sort(array.reshape(1, -1) if axis is None else np.moveaxis(array, axis, -1), axis=-1)
