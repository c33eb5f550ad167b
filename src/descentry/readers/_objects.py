"""Runs out of Python objects: data frames, dicts and lists of numbers, arrays, tensors, a Keras History.

Nothing is imported to recognise them: a data frame is what has columns, a tensor what can be detached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np
import numpy.typing as npt

from descentry.core import metrics
from descentry.core.data import Gap, Run
from descentry.core.errors import DescentryError, NoCurveError, listed
from descentry.readers._arrays import plain, to_array, to_column
from descentry.readers._assemble import assemble
from descentry.readers._blanks import rows_alike
from descentry.readers._cells import Column, Table
from descentry.readers._columns import drafts
from descentry.readers._draft import Draft, Track
from descentry.readers._layout import clean_name
from descentry.readers._records import collect, settings

ACCEPTED = (
    "Give a path, a pandas or Polars DataFrame, a dict of equally long lists, a list of dicts,\n"
    "a Keras History, a list or array of losses, or an array of (step, loss) rows."
)
MAX_STEP = 2.0**53
# A column that is NaN on more than half of the rows that could hold it is logged now and then.
LOGGED = 0.5


def from_object(obj: Any, *, name: str = "", step: str | None = None) -> list[Run]:
    """The runs in a Python object; the numbers are copied, so that the run stays as it is.

    In data frames and dicts, NaN may mean that nothing was logged. A column that is NaN on more than half of
    the rows that could hold it is read so; otherwise NaN is a value. None and null are never values.

    Args:
        obj: A pandas or Polars DataFrame or Series, a dict of lists or arrays, a list of dicts, a Keras
            History, a vector of losses, or an array of shape (n, 2) whose columns are the step and the loss.
            Torch tensors stand for arrays.
        name: What to call the run.
        step: Name of the column that counts optimizer updates; found when not given.

    Raises:
        DescentryError: It is none of these, or its columns differ in length.
        NoCurveError: It is empty, or holds no numbers.
    """
    where = f"the {type(obj).__name__}"
    runs = assemble(_drafts(obj, where), source=where, stem=name or "run", reader="object", step=step)
    runs = [run for run in runs if any(len(series) for series in run.series)]
    if not runs:
        raise NoCurveError("there are no numbers in it", where=where, how=ACCEPTED)
    return runs


def _drafts(obj: Any, where: str) -> list[Draft]:
    if obj is None or isinstance(obj, (str, bytes, bytearray, Set)) or np.isscalar(obj):
        raise DescentryError(f"{where} is no run", how=ACCEPTED)
    if isinstance(getattr(obj, "history", None), Mapping):  # Keras
        columns = dict(obj.history)
        epochs = getattr(obj, "epoch", None)
        if isinstance(epochs, list) and all(len(values) == len(epochs) for values in columns.values()):
            columns = {"epoch": epochs} | columns
        return _from_columns(columns, where)
    if isinstance(obj, np.ndarray) and obj.dtype.names:
        return _from_columns({name: obj[name] for name in obj.dtype.names}, where)
    if hasattr(obj, "columns") and hasattr(obj, "__getitem__"):
        return _from_columns(_frame(obj), where)
    if isinstance(obj, Mapping):
        return _from_columns(obj, where)
    if isinstance(obj, Sequence) and len(obj) and all(isinstance(x, Mapping) for x in obj):
        return collect(enumerate({str(k): plain(v) for k, v in record.items()} for record in obj), where, [])
    if hasattr(obj, "to_numpy") and hasattr(obj, "name"):  # a Series
        return _from_columns(_index(obj) | {str(obj.name or "loss"): obj}, where)
    return [_from_array(obj, where)]


def _frame(frame: Any) -> dict[str, Any]:
    columns = _index(frame)
    by_place = getattr(frame, "iloc", None)
    for place, label in enumerate(getattr(frame, "column_names", frame.columns)):
        name = "/".join(map(str, label)) if isinstance(label, tuple) else str(label)
        # pandas gives all columns of one name at once
        column = frame[label] if by_place is None else by_place[:, place]
        columns[name if name not in columns else f"{name}.{place}"] = column
    return columns


def _index(obj: Any) -> dict[str, Any]:
    """The index of a pandas object, where it says more than the number of the row."""
    index: Any = getattr(obj, "index", None)
    if not hasattr(index, "to_numpy"):
        return {}
    if index.name is None and np.array_equal(index.to_numpy(), np.arange(len(index))):
        return {}
    if index.nlevels > 1:
        return {str(name or f"level {i}"): index.get_level_values(i) for i, name in enumerate(index.names)}
    return {str(index.name or "index"): index}


def _from_columns(columns: Mapping[Any, Any], where: str) -> list[Draft]:
    numbers: dict[str, Column] = {}
    texts: dict[str, list[str]] = {}
    config: dict[str, Any] = {}
    for key, value in columns.items():
        name = clean_name(str(key))
        try:
            column = config.setdefault(name, value) if np.isscalar(value) else to_column(value)
        except TypeError:  # an object of another kind, such as None or a function
            continue
        if isinstance(column, Column):
            numbers[name] = column
        elif isinstance(column, list):
            texts[name] = column
    lengths = {n: len(c.value) for n, c in numbers.items()} | {n: len(t) for n, t in texts.items()}
    if not numbers:
        how = f"It has: {listed(map(str, columns)) or 'nothing'}.\n{ACCEPTED}"
        raise NoCurveError(
            "no column of numbers is in it", where=where, how=how, found=list(map(str, columns))
        )
    if len(set(lengths.values())) > 1:
        raise DescentryError(
            f"the columns differ in length: {listed(f'{n} has {k:,}' for n, k in lengths.items())}",
            where=where,
            how="Give columns of one length (NaN where nothing was logged), or each series on its own.",
        )
    length = max(lengths.values())
    if not length:
        raise NoCurveError(
            "it is empty", where=where, how="Has the run logged anything yet?", found=list(lengths)
        )
    # A row of a lone column is there for its value, so NaN is one.
    gaps = _settle_nan(numbers, length) if len(lengths) > 1 else []
    found = drafts(Table(length, numbers, texts, gaps), where)
    for draft in found:
        draft.config = settings(config) | draft.config
    return found


def _settle_nan(numbers: dict[str, Column], length: int) -> list[Gap]:
    """Decides, where nothing else tells, whether NaN is a value or a cell in which nothing was logged."""
    unsettled = {name: c for name, c in numbers.items() if c.filled is None and np.isnan(c.value).any()}
    numbers |= {name: Column(c.value, ~np.isnan(c.value)) for name, c in unsettled.items()}
    gaps = []
    for name, holds, alike in list(rows_alike(numbers, np.arange(length))):
        if name not in unsettled:
            continue
        left_out = int((~holds[alike]).sum())
        if holds[alike[alike <= np.flatnonzero(holds)[-1]]].mean() > LOGGED:
            numbers[name].filled = holds | np.isin(np.arange(length), alike)
        elif left_out:
            what = f"{name}: {left_out:,} of {length:,} rows hold NaN, and are read as not logged"
            gaps.append(Gap("not-logged", what, left_out, name))
    judged = [c for n, c in numbers.items() if metrics.kind(n) in {"loss", "error", "rising"}]
    if not any(np.isfinite(column.value).any() for column in judged):
        # Nothing but NaN was logged: that is what there is to say.
        numbers |= {name: c for name, c in unsettled.items() if np.isnan(c.value).all()}
    for column in numbers.values():
        if column.filled is not None and column.filled.all():
            column.filled = None
    return gaps


def _from_array(obj: Any, where: str) -> Draft:
    try:
        array: npt.NDArray[Any] = to_array(obj)
    except TypeError:
        raise DescentryError(f"{where} is no run", how=ACCEPTED) from None
    if array.dtype == object and array.ndim == 1:
        column = to_column(array)
        if isinstance(column, Column) and column.filled is not None:
            at = np.flatnonzero(column.filled)
            return Draft([Track("loss", column.value[at], step=at)], step_name="row")
    if not array.size:
        raise NoCurveError("it is empty", where=where, how="Has the run logged anything yet?")
    if array.dtype.kind not in "iuf":
        raise DescentryError("it holds something else than numbers", where=where, how=ACCEPTED)
    value = array.astype(np.float64)
    if value.ndim == 2 and value.shape[1] == 1:
        value = value[:, 0]
    if value.ndim == 1:
        return Draft([Track("loss", value)])
    if value.ndim != 2 or value.shape[1] != 2:
        turn = (
            "\nIf each row of it is a series, give its transpose, array.T."
            if value.ndim == 2 and value.shape[0] == 2
            else ""
        )
        raise DescentryError(f"an array of shape {value.shape} is no run", where=where, how=ACCEPTED + turn)
    step, loss = value.T
    if not ((np.abs(step) < MAX_STEP) & (step == np.floor(step))).all():
        what = "its first column should count steps, and holds more than whole numbers"
        raise DescentryError(what, where=where, how=ACCEPTED)
    return Draft([Track("loss", np.ascontiguousarray(loss), step=step.astype(np.int64))])
