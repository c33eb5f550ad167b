"""Vectors of any make as numpy arrays, and columns of any make as numbers or words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from descentry.readers._cells import Column
from descentry.readers._layout import clean_name


def to_array(value: Any) -> npt.NDArray[Any]:
    """Anything that holds numbers as an array, which may share their memory.

    Raises:
        TypeError: It holds nothing.
    """
    if hasattr(value, "detach"):  # a torch tensor
        value = value.detach().cpu()
        # numpy has no bfloat16
        return np.asarray((value.double() if value.is_floating_point() else value).numpy())
    if hasattr(value, "to_numpy"):
        return np.asarray(value.to_numpy())
    if isinstance(value, np.ndarray):
        return value
    items = [plain(x) for x in value]
    if all(type(x) in {int, float} for x in items):
        return np.array(items, dtype=np.float64)
    nested = all(isinstance(x, (Sequence, np.ndarray)) and not isinstance(x, str) for x in items)
    if nested and len({len(x) for x in items}) == 1:
        try:
            return np.array(items)
        except ValueError:
            raise TypeError("its rows differ in shape") from None
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array


def plain(value: Any) -> Any:
    """A number of numpy or torch as one of Python; anything else as it is."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value


def _nulls(value: Any) -> npt.NDArray[np.bool_] | None:
    """Where a column of Polars, Arrow or a type of pandas' own is null; None where only NaN can say so."""
    if hasattr(value, "is_null"):
        return np.asarray(value.is_null().to_numpy(), dtype=np.bool_)
    if getattr(getattr(value, "dtype", None), "na_value", None) is not None:
        return np.asarray(value.isna(), dtype=np.bool_)
    return None


def to_column(value: Any) -> Column | list[str] | None:
    """A column as numbers or as words; None for what is neither (dates, booleans, objects).

    Raises:
        TypeError: It holds nothing.
    """
    array = to_array(value)
    if array.ndim != 1:
        return None
    if array.dtype.kind in "iuf":
        nulls = _nulls(value)
        return Column(array.astype(np.float64), None if nulls is None else ~nulls)
    if array.dtype.kind not in "OUT":
        return None
    items = array.tolist()
    if any(isinstance(x, str) for x in items):
        return [clean_name(x) if isinstance(x, str) else "" for x in items]
    numbers = np.full(len(items), np.nan)
    filled = np.zeros(len(items), dtype=np.bool_)
    for i, item in enumerate(items):
        if item is None or isinstance(item, bool):
            continue
        try:
            numbers[i] = float(item)
        except (TypeError, ValueError, RuntimeError):  # pandas.NA, an object, a tensor of several numbers
            continue
        filled[i] = True
    return Column(numbers, filled) if filled.any() else None
