"""Which empty cells stand for NaN: tables drop it, and a run that diverged looks as if it had stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from descentry.core import metrics
from descentry.core.data import Floats, Ints
from descentry.readers._cells import Bools, Column

# So many rows of its kind must hold a column, or it is merely logged less often than the rest.
REGULAR = 0.9
MAX_PATTERNS = 256  # in a table with more kinds of rows than this there are no kinds to speak of
_MAY_BE_NAN = frozenset({"norm", "gradnorm", "grad", "std", "min", "max", "weight", "scale"})


def find_blanks(columns: Mapping[str, Column], rows: Ints) -> dict[str, Ints]:
    """By column, the rows after its last point that leave it out although rows of their kind held it."""
    found = {}
    for name, holds, alike in rows_alike(columns, rows):
        last = int(np.flatnonzero(holds)[-1])
        before, after = alike[alike <= last], alike[alike > last]
        if len(after) and holds.sum() > 1 and holds[before].mean() > REGULAR:
            found[name] = rows[after]
    return found


def rows_alike(columns: Mapping[str, Column], rows: Ints) -> Iterator[tuple[str, Bools, Ints]]:
    """For each metric with empty cells: which of the rows hold it, and the places of the rows that could.

    What a row lacks is judged by the commonest of the rows that hold all it does and more: a bare step
    between training rows lacks no evaluation. A row that also lacks a counter or a clock is of another kind,
    such as a summary at the end. A row that still holds a loss lacks nothing: where one loss is NaN, so is
    the rest.
    """
    if all(column.filled is None for column in columns.values()) or not len(rows):
        return
    names = list(columns)
    every = np.ones(len(rows), dtype=np.bool_)
    filled = np.stack([every if c.filled is None else c.filled[rows] for c in columns.values()], axis=1)
    patterns, pattern_of_row, count = _patterns(filled)
    if len(patterns) > MAX_PATTERNS:
        return
    lacks = _completed(patterns, count) & ~patterns
    steady = np.array([_cannot_be_nan(name, columns[name].value[rows]) for name in names])
    losses = np.array([metrics.kind(name) in {"loss", "error"} for name in names])
    lacks &= ~(lacks & steady).any(axis=1)[:, None]
    lacks &= ~(patterns & losses).any(axis=1)[:, None]
    for j in np.flatnonzero(~steady & filled.any(axis=0) & ~filled.all(axis=0)):
        could = patterns[:, j] | lacks[:, j]
        yield names[j], filled[:, j], np.flatnonzero(could[pattern_of_row])


def _patterns(filled: Bools) -> tuple[Bools, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The different rows of ``filled``, which of them each row is, and how often each comes."""
    packed = np.ascontiguousarray(np.packbits(filled, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, inverse, count = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    return filled[first], inverse, count


def _completed(patterns: Bools, count: npt.NDArray[np.intp]) -> Bools:
    """For each pattern, the commonest of those that hold all it does and more; itself where there is none."""
    complete = patterns.copy()
    for i, pattern in enumerate(patterns):
        fuller = np.flatnonzero((patterns[:, pattern].all(axis=1)) & (patterns.sum(axis=1) > pattern.sum()))
        if len(fuller):
            complete[i] = patterns[fuller[np.argmax(count[fuller])]]
    return complete


def _cannot_be_nan(name: str, value: Floats) -> bool:
    """Counters and clocks: whole numbers, and what runs beside the metrics (a learning rate, a time)."""
    finite = value[np.isfinite(value)]
    if metrics.kind(name) in {"loss", "error"}:
        return False  # whole numbers may be a loss too: counts of errors, rounded sums
    if metrics.kind(name) == "bookkeeping" and not _MAY_BE_NAN & set(metrics.words(name)):
        return True
    return bool(len(finite) and (finite == np.floor(finite)).all())
