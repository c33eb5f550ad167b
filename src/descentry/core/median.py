"""The median, as numpy computes it, without the masked arrays that numpy loads for it.

``numpy.median`` imports ``numpy.ma`` at its first call, which takes as long as telling a short run.
"""

from __future__ import annotations

from typing import Any, overload

import numpy as np
import numpy.typing as npt


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
    array = np.asarray(values, dtype=np.float64)
    rows = array.reshape(1, -1) if axis is None else np.moveaxis(array, axis, -1)
    n = rows.shape[-1]
    if not n:
        middle = np.full(rows.shape[:-1], np.nan)
    else:
        rows = np.sort(rows, axis=-1)
        middle = rows[..., n // 2] if n % 2 else (rows[..., n // 2 - 1] + rows[..., n // 2]) / 2
        middle = np.where(np.isnan(rows[..., -1]), np.nan, middle)  # NaN sorts last
    return float(middle[0]) if axis is None else middle
