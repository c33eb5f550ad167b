"""What came since the last look at a log that grows: only that is read, where the format lets one.

Run folders say their rows. A log of lines is read from a little before its old end, with its first line
before it, by the reader of its format. Whether that gives what the whole file gives is not taken for
granted: the part that overlaps has to agree with the run as it was read whole, or the log is read whole
each time, in the worker.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from descentry.core import catalog
from descentry.core.data import Floats, Ints, Series
from descentry.core.errors import DescentryError
from descentry.readers._one import read_one
from descentry.readers._source import Source
from descentry.web.board import _stored
from descentry.web.board._data import Curve
from descentry.web.board._summary import keys
from descentry.web.board._units import Unit

BEFORE = 8 << 10  # bytes before the old end that are read again
MARK = 256  # bytes before the old end that tell whether the log is still the same
MOST_BYTES = 8 << 20  # read at one look
_HEADS = (1, 0)  # lines that a table begins with, and that lines of their own need not


@dataclass(frozen=True, slots=True, eq=False)
class More:
    """Points at the end of a series: int64[n] steps, float64[n] values, and times where it has them."""

    step: Ints
    value: Floats
    time: Floats | None


class Follower(Protocol):
    """Looks what came since the last time.

    Attributes:
        more_to_tell: Something came that is no point of a known series: a new series, a line of the journal,
            the end. The run is to be read whole soon; until then its points go on coming.
    """

    more_to_tell: bool

    def look(self) -> Mapping[str, More] | None:
        """New points by the key of their series; None where the run has to be read whole."""
        ...


class StoredFollower:
    """Follows a run folder.

    Args:
        run: The folder, or its bare file.
        place: Where it was before it was read, of ``_stored.place``.
        curves: The series by key, as they were read.
    """

    def __init__(self, run: Path, place: Mapping[str, Any], curves: Mapping[str, Curve]) -> None:
        self._run, self._row, self._place = run, int(place["row"]), dict(place)
        self.more_to_tell = False
        self._last = {key: _end(curve) for key, curve in curves.items()}

    def look(self) -> Mapping[str, More] | None:
        """New points; None after a new launch, which may replace what was there, or on trouble."""
        try:
            place = _stored.place(self._run)
            self.more_to_tell |= any(place[key] != self._place[key] for key in ("ended", "lines"))
            same = place["launches"] == self._place["launches"]
            found = _stored.since(self._run, self._row) if same else None
        except (DescentryError, sqlite3.Error, OSError, ValueError, KeyError):
            return None
        if found is None:
            return None
        more = {}
        for key, points in zip(keys(list(found)), found.values(), strict=True):
            self._row = max(self._row, int(points.row[-1]))
            if key not in self._last:
                self.more_to_tell = True
                continue
            last = self._last[key]
            start = _after(points.step, points.time, last)
            if start == len(points.step):
                continue
            step = points.step[start:]
            if (last and step[0] < last[0]) or (step[1:] < step[:-1]).any():
                return None
            more[key] = More(step, points.value[start:], points.time[start:])
            self._last[key] = (int(step[-1]), float(points.time[-1]))
        return more


End = tuple[int, float] | None


def _end(curve: Curve) -> End:
    """The step and time of the last point."""
    if not len(curve.points):
        return None
    return int(curve.step[-1]), float("nan") if curve.time is None else float(curve.time[-1])


def _after(step: Ints, time: Floats, last: End) -> int:
    """Where what is new begins: behind the point that was the last."""
    if not last:
        return 0
    same = np.flatnonzero((step == last[0]) & ((time == last[1]) | (np.isnan(time) & np.isnan(last[1]))))
    return int(same[-1]) + 1 if len(same) else 0


class LineFollower:
    """Follows a log of lines, if ``follows``.

    Args:
        path: The log.
        reader: Id of its reader.
        size: Bytes that it had before it was read.
        curves: The series by key, as they were read.
    """

    def __init__(self, path: Path, reader: str, size: int, curves: Mapping[str, Curve]) -> None:
        self._path, self._reader = path, catalog.entry("readers", reader)
        self._at, self._head, self._before = 0, b"", b""
        self._last = {key: int(curve.step[-1]) for key, curve in curves.items() if len(curve.points)}
        self._known = set(curves)
        self.more_to_tell = False
        #: Whether the last lines alone give what the whole log gives.
        self.follows = self._agrees(size, curves)

    def _agrees(self, size: int, curves: Mapping[str, Curve]) -> bool:
        """Finds a beginning with which the last lines give what the whole log gave."""
        try:
            with self._path.open("rb") as stream:
                first = stream.readline(MOST_BYTES)
                self._at = max(len(first), size)
                stream.seek(max(len(first), size - BEFORE))
                if stream.tell() > len(first):
                    stream.readline(MOST_BYTES)
                last = stream.read(max(0, size - stream.tell()))
                self._before = last[-MARK:]
        except OSError:
            return False
        whole = last[: last.rfind(b"\n") + 1]
        for lines in _HEADS:
            head = first if lines else b""
            series = self._read(head + whole)
            if series and _agree(series, curves, len(whole.splitlines())):
                self._head = head
                return True
        return False

    def look(self) -> Mapping[str, More] | None:
        """New points; None where the log was rewritten, grew by too much, or says something else."""
        try:
            size = self._path.stat().st_size
            if size < self._at or size - self._at > MOST_BYTES:
                return None
            with self._path.open("rb") as stream:
                stream.seek(self._at - len(self._before))
                if stream.read(len(self._before)) != self._before:
                    return None  # another log, at the same place
                stream.seek(max(len(self._head), self._at - BEFORE))
                if stream.tell() > len(self._head):
                    stream.readline(MOST_BYTES)
                lines = stream.read(MOST_BYTES)
                end = stream.tell()
        except OSError:
            return None
        cut = lines.rfind(b"\n") + 1
        series = self._read(self._head + lines[:cut])
        if series is None:
            return None
        self._at = max(self._at, end - (len(lines) - cut))
        self._before = lines[:cut][-MARK:] if self._at == end - (len(lines) - cut) else self._before
        more = {}
        for key, one in series.items():
            if key not in self._known:
                self.more_to_tell = True
                continue
            start = int(np.searchsorted(one.step, self._last.get(key, np.iinfo(np.int64).min), side="right"))
            if start < len(one):
                more[key] = More(
                    one.step[start:], one.value[start:], None if one.time is None else one.time[start:]
                )
                self._last[key] = int(one.step[-1])
        return more

    def _read(self, data: bytes) -> dict[str, Series] | None:
        try:
            (run,) = read_one([Source(None, name=self._path.name, data=data)], self._reader, None)
        except (DescentryError, ValueError):
            return None
        return dict(zip(keys([s.name for s in run.series]), run.series, strict=True))


def _agree(series: Mapping[str, Series], curves: Mapping[str, Curve], lines: int) -> bool:
    """Whether series read from the last lines are parts of the curves, at their ends."""
    compared = 0
    for key, one in series.items():
        curve = curves.get(key)
        if curve is None or one.step_name != curve.step_name or (one.time is None) != (curve.time is None):
            return False
        # The log may have grown between the look at its size and the reading of it.
        end = int(np.searchsorted(curve.step, one.step[-1], side="right")) if len(one) else 0
        n = min(len(one), max(1, lines // 2), end)
        if not n:
            continue
        compared += n
        if not np.array_equal(one.step[-n:], curve.step[end - n : end]):
            return False
        if not np.array_equal(one.value[-n:], curve.points.y[end - n : end], equal_nan=True):
            return False
    return compared > 0


def follower(
    folder: Path, unit: Unit, place: Mapping[str, Any], curves: Mapping[str, Curve], runs: int
) -> Follower | None:
    """What follows the run of a unit; None where it has to be read whole each time."""
    if runs != 1 or len(unit.groups) != 1 or len(unit.groups[0]) != 1:
        return None
    path = folder / unit.groups[0][0]
    if unit.reader in {"run-folder", "run-file"} and "row" in place:
        return StoredFollower(path, place, curves)
    if not path.is_file() or "size" not in place:
        return None
    lines = LineFollower(path, unit.reader, int(place["size"]), curves)
    return lines if lines.follows else None
