"""Reads ``run.sqlite``: a run that has ended, one that is still being written, and one that was killed."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from descentry.core.errors import DescentryError, TooLargeError
from descentry.store._disk import HOST, STALE
from descentry.store._lock import is_held
from descentry.store._opening import open_run
from descentry.store._rows import Block, Points, decode, gather
from descentry.store.schema import FILE

__all__ = ["Launch", "Line", "Points", "Status", "StoredRun", "line", "read", "read_bytes"]

Status = Literal["running", "ended", "died"]

MAX_VALUES = 1 << 29  # values in all; a larger run does not fit into the memory of most machines
_MAX_METRICS = 1_000_000


@dataclass(frozen=True, slots=True)
class Launch:
    """One process that wrote the run: from which row on, and when it said that it ended, if it did."""

    started: float
    first_row: int
    pid: int
    host: str
    heartbeat: float
    ended: float | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the journal: a note, a gap, a finding … with its data as JSON values."""

    time: float
    step: int | None
    kind: str
    data: Any


@dataclass(frozen=True, slots=True, eq=False)
class StoredRun:
    """What a run folder holds.

    Attributes:
        name: What the run is called.
        config: Its settings.
        launches: The processes that wrote it, the last one last; from the second on each is a seam.
        journal: Notes, gaps and whatever else was recorded beside the numbers.
        series: The points of every metric, in the order in which they were logged.
        status: ``running``, ``ended``, or ``died`` where it stopped by an error or was never closed.
        damaged: Chunks that could not be read.
    """

    name: str
    config: Mapping[str, Any]
    launches: tuple[Launch, ...]
    journal: tuple[Line, ...]
    series: Mapping[str, Points]
    status: Status
    damaged: int = 0

    def with_more(self, series: Mapping[str, Points], lines: Sequence[Line]) -> StoredRun:
        """The run with what is not on the disk yet."""
        joined = {
            **self.series,
            **{n: p if n not in self.series else self.series[n].then(p) for n, p in series.items()},
        }
        return replace(self, series=joined, journal=(*self.journal, *lines))


def line(at: float, step: int | None, kind: str, data: str) -> Line:
    """A line of the journal as it is stored."""
    return Line(float(at), step, str(kind), _json(data))


def read(path: Path) -> StoredRun:
    """The run in a folder, or in its bare file; a run that is being written is not disturbed.

    Memory: 32 bytes a point of metrics logged one by one, less for metrics logged together.

    Raises:
        DescentryError: It is no run, it is damaged, or it was written by a newer descentry.
        TooLargeError: It holds more points than fit into memory.
        OSError: It cannot be read.
    """
    file = path / FILE if path.is_dir() else path
    try:
        with contextlib.closing(open_run(file)) as connection:
            return _read(connection, file.parent)
    except (sqlite3.Error, TypeError, ValueError) as error:
        raise DescentryError(
            f"the run cannot be read: {error}",
            how="Was it copied while it was being written? Copy the whole folder again.",
        ) from None


def read_bytes(data: bytes) -> StoredRun:
    """The run in the bytes of a ``run.sqlite``; what is still in its log beside the file is not in them.

    Raises:
        DescentryError: It is no run, it is damaged, or it was written by a newer descentry.
        TooLargeError: It holds more points than fit into memory.
        OSError: There is no room for a temporary copy.
    """
    with tempfile.TemporaryDirectory(prefix="descentry-") as folder:
        (Path(folder) / FILE).write_bytes(data)
        return read(Path(folder))


def _read(run: sqlite3.Connection, folder: Path) -> StoredRun:
    # A log from anywhere may say that a table is a view, which can be made to run for ever.
    kinds = dict(run.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"))
    if any(kinds.get(name) != "table" for name in ("run", "launches", "groups", "chunks", "journal")):
        raise DescentryError("the run cannot be read: its tables are not those of a run")
    run.execute("BEGIN")  # one moment for all of it
    name, config = run.execute("SELECT name, config FROM run").fetchone() or ("", "{}")
    launches = tuple(
        Launch(float(started), int(first), int(pid), str(host), float(beat), ended, str(outcome or ""))
        for started, first, pid, host, beat, ended, outcome in run.execute(
            "SELECT started, first_row, pid, host, heartbeat, ended, outcome FROM launches ORDER BY id"
        )
    )
    journal = tuple(
        line(*entry) for entry in run.execute("SELECT time, step, kind, data FROM journal ORDER BY id")
    )
    damaged: list[int] = []
    series = gather(_blocks(run, damaged))
    settings = _json(config)
    return StoredRun(
        str(name),
        settings if isinstance(settings, dict) else {},
        launches,
        journal,
        series,
        _status(launches, folder),
        len(damaged),
    )


def _blocks(run: sqlite3.Connection, damaged: list[int]) -> Iterator[Block]:
    """Every chunk that can be read; the others are counted.

    Raises:
        TooLargeError: There are more values or metrics than a run has.
    """
    groups: dict[int, tuple[str, ...]] = {}
    values = 0
    for number, text in run.execute("SELECT id, names FROM groups"):
        names = _json(text)
        if isinstance(names, list) and names:
            groups[number] = tuple(map(str, names))
    if len(set().union(*groups.values())) > _MAX_METRICS:
        raise TooLargeError(f"there are more than {_MAX_METRICS:,} different metric names")
    rows = run.execute("SELECT id, grp, count, step, row, time, value FROM chunks ORDER BY id")
    while True:
        try:
            found = rows.fetchone()
        except sqlite3.DatabaseError:
            damaged.append(0)  # what follows the damage cannot be found
            return
        if found is None:
            return
        number, group, count, *blobs = found
        names = groups.get(group, ())
        if not names or not isinstance(count, int) or count < 1:
            damaged.append(number)
            continue
        values += count * (3 + len(names))
        if values > MAX_VALUES:
            raise TooLargeError(
                f"there are more than {MAX_VALUES:,} numbers in it", how="Export a part of it, or thin it."
            )
        try:
            block = _block(names, count, blobs)
        except (TypeError, ValueError):
            damaged.append(number)
        else:
            yield block


def _block(names: tuple[str, ...], count: int, blobs: Sequence[bytes]) -> Block:
    step, row, time, value = blobs
    return Block(
        names,
        decode(row, (count,), "<i8", differences=True),
        decode(step, (count,), "<i8", differences=True),
        decode(time, (count,), "<f8", differences=True),
        decode(value, (len(names), count), "<f8"),
    )


def _json(text: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None


def _status(launches: Sequence[Launch], folder: Path) -> Status:
    if not launches:
        return "died"
    last = launches[-1]
    if last.ended is not None:
        return "died" if last.outcome == "died" else "ended"
    elsewhere = last.host != HOST and abs(time.time() - last.heartbeat) < STALE
    return "running" if elsewhere or is_held(folder) else "died"
