"""What MLflow's stores have in common: the points of a metric, and how those without a step are placed.

``log_metric`` puts 0 where no step is given. A metric whose steps are all 0 was logged that way, and only
the times tell where its points belong.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from descentry.core.data import Floats, Gap, Ints
from descentry.core.errors import TooLargeError, listed
from descentry.readers._draft import MAX_SERIES, Draft, Track, to_float
from descentry.readers._entry import Rows

# time in milliseconds, value, step (left out by old versions), then the data set it was measured on, if any
_LINE = re.compile(r"(-?\d{1,18}) (\S+)(?: (-?\d{1,18})(?: .*)?)?")
_MILLISECONDS = re.compile(r"\d{13} ")


class Points:
    """The points of one metric in the order in which they stand in the store."""

    def __init__(self) -> None:
        self._ms = array("q")
        self._value = array("d")
        self._step = array("q")

    def __len__(self) -> int:
        return len(self._value)

    def add(self, ms: int, value: float, step: int) -> None:
        """Adds a point."""
        self._ms.append(ms)
        self._value.append(value)
        self._step.append(step)

    def columns(self) -> tuple[Ints, Floats, Ints]:
        """Time in milliseconds, value and step, by time."""
        ms, step = np.array(self._ms, dtype=np.int64), np.array(self._step, dtype=np.int64)
        order = np.argsort(ms, kind="stable")
        return ms[order], np.array(self._value, dtype=np.float64)[order], step[order]


def is_metric_line(line: str) -> bool:
    """Whether a line is one of a metric file of a real run."""
    found = _LINE.fullmatch(line.strip())
    return bool(found and _MILLISECONDS.match(line) and to_float(found[2]) is not None)


def metric_lines(rows: Rows) -> str:
    """The lines of a metric file, a point a second."""
    return "".join(f"{1_700_000_000_000 + 1000 * i} {value} {step}\n" for i, (step, value) in enumerate(rows))


def parse_metric_file(data: bytes, name: str, gaps: list[Gap]) -> Points:
    """The points in a file of lines ``time value step``; what cannot be read is noted."""
    points = Points()
    bad = 0
    whole, _, rest = data.rpartition(b"\n")
    if rest:
        # Cut inside the step, the line would still read as one, and say a wrong step.
        gaps.append(Gap("truncated", f"{name}: the last line is not finished, and was left out", series=name))
    for line in whole.decode("utf-8", errors="replace").splitlines():
        found = _LINE.fullmatch(line.strip())
        value = to_float(found[2]) if found else None
        if found and value is not None:
            points.add(int(found[1]), value, int(found[3] or 0))
        elif line.strip():
            bad += 1
    if bad:
        gaps.append(Gap("bad-lines", f"{name}: {bad:,} lines are not `time value step`", bad, name))
    return points


def draft_of(
    metrics: Mapping[str, Points], name: str, config: Mapping[str, Any], gaps: list[Gap], where: str
) -> Draft:
    """One run.

    Raises:
        TooLargeError: There are more metrics than any run has.
    """
    if len(metrics) > MAX_SERIES:
        raise TooLargeError(f"more than {MAX_SERIES:,} different metric names", where=where)
    columns = {key: points.columns() for key, points in metrics.items() if len(points)}
    stepless = [key for key, (_, _, step) in columns.items() if not step.any()]
    if len(stepless) < len(columns):
        tracks = _by_step(columns, set(stepless), gaps)
    elif all(len(step) == 1 for _, _, step in columns.values()):
        tracks = [_track(key, *table) for key, table in columns.items()]
    else:
        tracks = _by_time(columns)
    return Draft(tracks, name=name, config=dict(config), gaps=gaps)


def _track(name: str, ms: Ints, value: Floats, step: Ints | None, row: Ints | None = None) -> Track:
    return Track(name, value, row, step, ms / 1000)


def _by_step(
    columns: Mapping[str, tuple[Ints, Floats, Ints]], stepless: set[str], gaps: list[Gap]
) -> list[Track]:
    """Tracks of a run that gives steps; a metric without takes the step that the run had reached by then."""
    every = [table for key, table in columns.items() if key not in stepless]
    stamps = np.concatenate([ms for ms, _, _ in every])
    order = np.argsort(stamps, kind="stable")
    stamps, steps = stamps[order], np.concatenate([step for _, _, step in every])[order]
    rows = _rows(columns)
    tracks = []
    for key, (ms, value, step) in columns.items():
        if key in stepless:
            at = np.searchsorted(stamps, ms, side="right") - 1
            step = np.where(at < 0, 0, steps[at])
        tracks.append(_track(key, ms, value, step, rows[key]))
    moved = [t.name for t in tracks if t.name in stepless and t.step is not None and t.step.any()]
    if moved:
        gaps.append(
            Gap("no-step", f"{listed(moved)}: logged without a step, and placed by the time", len(moved))
        )
    return tracks


def _by_time(columns: Mapping[str, tuple[Ints, Floats, Ints]]) -> list[Track]:
    """Tracks of a run that gives no steps: the metric logged most often is the clock, and counts the rows."""
    clock = max(columns, key=lambda key: (len(columns[key][0]), -columns[key][0][0]))
    ticks = columns[clock][0]
    tracks = []
    for key, (ms, value, _) in columns.items():
        row = np.arange(len(ms)) if len(ms) == len(ticks) else np.searchsorted(ticks, ms, side="right") - 1
        tracks.append(_track(key, ms, value, None, np.maximum(row, 0)))
    return tracks


def _rows(columns: Mapping[str, tuple[Ints, Floats, Ints]]) -> dict[str, Ints]:
    """The place of every point in the order of the log; points of one moment take turns."""
    lengths = [len(ms) for ms, _, _ in columns.values()]
    stamps = np.concatenate([ms for ms, _, _ in columns.values()])
    turns = np.concatenate([np.arange(n) for n in lengths])
    place = np.empty(len(stamps), dtype=np.int64)
    place[np.lexsort((turns, stamps))] = np.arange(len(stamps))
    return dict(zip(columns, np.split(place, np.cumsum(lengths)[:-1]), strict=True))


def distinct(names: list[tuple[str, str]]) -> list[str]:
    """Names of runs from (name, id); those that several runs have get the id beside them."""
    count = Counter(name for name, _ in names)
    return [name if name and count[name] == 1 else f"{name} ({id_[:8]})".strip() for name, id_ in names]
