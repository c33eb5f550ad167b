"""A run as one table: a row for what was logged together, a column a metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from descentry.core import metrics
from descentry.core.data import Floats, Ints, Run, Series
from descentry.readers._layout import unique_names
from descentry.readers._vocabulary import seconds

TIME = "time"
_ROWS = 1 << 16  # rows that are turned into text at once


@dataclass(frozen=True, eq=False)
class Column:
    """float64[n] values, and bool[n] where there is one; NaN is a value."""

    value: Floats
    filled: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Table:
    """The points of a run.

    Attributes:
        name: Of the run.
        step_name: Heading of the steps, chosen so that readers find them again.
        step: int64[n], never decreasing.
        time: float64[n] seconds since the epoch, or None where not every series has them.
        columns: The metrics by name.
        config: Settings of the run.
    """

    name: str
    step_name: str
    step: Ints
    time: Floats | None
    columns: Mapping[str, Column]
    config: Mapping[str, Any]

    def rows(self) -> Iterator[tuple[int, float | None, list[float | None]]]:
        """Every row: its step, its time, and a value or None for each column."""
        for start in range(0, len(self.step), _ROWS):
            part = slice(start, start + _ROWS)
            step = self.step[part].tolist()
            time = [None] * len(step) if self.time is None else self.time[part].tolist()
            cells = [
                [
                    v if f else None
                    for v, f in zip(c.value[part].tolist(), c.filled[part].tolist(), strict=True)
                ]
                for c in self.columns.values()
            ]
            for at, stamp, *values in zip(step, time, *cells, strict=True):
                yield at, stamp, values


def table_of(run: Run) -> Table:
    """The table of a run: points of one step and time share a row, the n-th point of a step its n-th row."""
    series = [s for s in run.series if len(s)]
    timed = all(_has_times(s) for s in series)
    step = np.concatenate([s.step for s in series])
    turn = np.concatenate([np.arange(len(s)) - np.searchsorted(s.step, s.step) for s in series])
    time = np.concatenate([s.time if timed and s.time is not None else np.zeros(len(s)) for s in series])
    order = np.lexsort((time, turn, step))
    new = np.ones(len(order), dtype=np.bool_)
    for key in (step, turn, time):
        new[1:] &= key[order[1:]] == key[order[:-1]]
    new[1:] = ~new[1:]
    row = np.empty(len(order), dtype=np.int64)
    row[order] = np.cumsum(new) - 1
    first = order[new]
    step_name = _heading(run)
    reserved = [step_name, TIME] if timed else [step_name]
    names = unique_names([*reserved, *(s.name for s in series)])[len(reserved) :]
    columns, at = {}, 0
    for name, one in zip(names, series, strict=True):
        value, filled = np.full(len(first), np.nan), np.zeros(len(first), dtype=np.bool_)
        rows = row[at : at + len(one)]
        value[rows], filled[rows] = one.value, True
        columns[name] = Column(value, filled)
        at += len(one)
    return Table(run.name, step_name, step[first], time[first] if timed else None, columns, run.config)


def _has_times(series: Series) -> bool:
    """Whether a series has times that readers would take for times."""
    if series.time is None or not np.isfinite(series.time).all():
        return False
    return seconds(float(series.time.min())) == float(series.time.min()) and seconds(
        float(series.time.max())
    ) == float(series.time.max())


def _heading(run: Run) -> str:
    """What the steps are called: as in the run, if readers then take them and no metric for the steps."""
    names = [s.name for s in run.series]
    wanted = next((s.step_name for s in run.series if len(s)), "step")
    rank = metrics.step_rank(wanted)
    rivals = [r for name in names if (r := metrics.step_rank(name)) is not None]
    return wanted if rank is not None and rank < min(rivals, default=rank + 1) else "step"
