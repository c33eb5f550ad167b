"""What is in an MLflow database; imported for one only, since SQLite takes a while to import."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from descentry.core.data import Gap
from descentry.core.errors import DescentryError, NoCurveError, UnknownFormatError
from descentry.readers._draft import MAX_SERIES, Draft
from descentry.readers._entry import Rows
from descentry.readers._mlflow import Points, distinct, draft_of
from descentry.readers._readonly_sqlite import connect, is_busy, missing_bytes
from descentry.readers._source import Source

_NEEDED = {
    "runs": {"run_uuid", "name", "start_time", "lifecycle_stage"},
    "metrics": {"run_uuid", "key", "value", "timestamp", "step", "is_nan"},
}
_PAIRS = {
    "params": "SELECT run_uuid, key, value FROM params",
    "tags": "SELECT run_uuid, key, value FROM tags WHERE key = 'mlflow.runName'",
}
# What MLflow writes for infinities, for which SQL has no spelling (its sanitize_metric_value).
_LARGEST = 1.7976931348623157e308
_SAMPLE = """
CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, start_time BIGINT, lifecycle_stage TEXT);
CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT, step BIGINT, is_nan BOOLEAN);
INSERT INTO runs VALUES ('a1b2c3d4', 'sample', 1700000000000, 'active');
INSERT INTO params VALUES ('batch_size', '32', 'a1b2c3d4');
"""


def sniff(source: Source) -> float:
    """1 for MLflow's tables in a SQLite file."""
    try:
        database, _ = connect(source)
        with contextlib.closing(database):
            found = _columns(database)
    except (sqlite3.Error, DescentryError, OSError):
        # Damaged, or locked by a writer: by its name it is told apart well enough to say so.
        return 0.5 if "mlflow" in source.stem.lower() else 0.0
    return float(all(needed <= found.get(table, set()) for table, needed in _NEEDED.items()))


def read(source: Source) -> list[Draft]:
    """Every run in the database.

    Raises:
        UnknownFormatError: The database is damaged, or is not MLflow's.
        NoCurveError: No run has metrics.
        DescentryError: Another program is writing to it just now.
    """
    gaps: list[Gap] = []
    if lacking := missing_bytes(source):
        gaps.append(Gap("truncated", f"the file was cut short: {lacking:,} bytes at its end are missing"))
    try:
        database, stale = connect(source)
        if stale:
            gaps.append(
                Gap("truncated", "the newest rows are in a log beside the database, and were not read")
            )
        with contextlib.closing(database):
            return _drafts(database, gaps, source.name)
    except sqlite3.Error as error:
        if is_busy(error):
            raise DescentryError(
                "another program is writing to the database", where=source.name, how="Try again in a moment."
            ) from None
        raise UnknownFormatError(
            f"the database cannot be read: {error}",
            where=source.name,
            how="If it was copied during a run, copy it again; else `sqlite3 FILE .recover` may mend it.",
        ) from None


def _columns(database: sqlite3.Connection) -> dict[str, set[str]]:
    """The columns of every real table: no view, and none that only a program could fill."""
    names = [
        name
        for name, sql in database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        if name in {"runs", "metrics", "params", "tags"} and not str(sql).upper().startswith("CREATE VIRTUAL")
    ]
    return {name: {row[1] for row in database.execute(f"PRAGMA table_info({name})")} for name in names}


def _drafts(database: sqlite3.Connection, gaps: list[Gap], where: str) -> list[Draft]:
    columns = _columns(database)
    if not all(needed <= columns.get(table, set()) for table, needed in _NEEDED.items()):
        raise UnknownFormatError("this SQLite database holds no MLflow runs", where=where)
    names = _run_names(database, columns)
    metrics = _metrics(database, names, gaps)
    if not metrics:
        how = f"Runs found: {len(names)}."
        raise NoCurveError(
            "no run in this database has logged a metric", where=where, how=how, found=list(names.values())
        )
    config = _pairs(database, columns, "params")
    runs = [run for run in names if run in metrics]
    shown = distinct([(names[run], run) for run in runs])
    return [
        draft_of(metrics[run], name, config.get(run, {}), gaps.copy(), where)
        for run, name in zip(runs, shown, strict=True)
    ]


def _run_names(database: sqlite3.Connection, columns: dict[str, set[str]]) -> dict[str, str]:
    """The runs that are not deleted, in the order in which they were started, with their names."""
    tags = _pairs(database, columns, "tags")
    names = {}
    order = "SELECT run_uuid, name, lifecycle_stage FROM runs ORDER BY start_time, run_uuid"
    for run, name, stage in database.execute(order):
        if stage != "deleted" and isinstance(run, str):
            names[run] = str(name or tags.get(run, {}).get("mlflow.runName") or run)
    return names


def _pairs(
    database: sqlite3.Connection, columns: dict[str, set[str]], table: str
) -> dict[str, dict[str, Any]]:
    """The keys and values of each run in one of the tables that hold such, if it is there."""
    pairs: dict[str, dict[str, Any]] = {}
    if {"run_uuid", "key", "value"} <= columns.get(table, set()):
        for run, key, value in database.execute(_PAIRS[table]):
            pairs.setdefault(run, {})[str(key)] = value
    return pairs


def _metrics(
    database: sqlite3.Connection, names: dict[str, str], gaps: list[Gap]
) -> dict[str, dict[str, Points]]:
    """Every point, by run and metric."""
    metrics: dict[str, dict[str, Points]] = {}
    bad = 0
    for run, key, stored, ms, step, is_nan in _rows(database, gaps):
        if run not in names:
            continue
        value = math.nan if is_nan else stored
        # SQLite lets any column hold anything.
        if not (isinstance(value, (int, float)) and isinstance(ms, int) and isinstance(step, int)):
            bad += 1
            continue
        own = metrics.setdefault(run, {})
        points = own.get(key)
        if points is None and len(own) <= MAX_SERIES:
            points = own[key] = Points()
        if points is not None:
            points.add(ms, math.copysign(math.inf, value) if abs(value) >= _LARGEST else value, step)
    if bad:
        what = f"{bad:,} rows of the table of metrics hold no number, time or step"
        gaps.append(Gap("bad-rows", what, bad))
    return {run: {str(key): points for key, points in own.items()} for run, own in metrics.items()}


def _rows(database: sqlite3.Connection, gaps: list[Gap]) -> Iterator[tuple[Any, ...]]:
    """The rows of the table of metrics, as far as it can be read, in the order in which they were written.

    Raises:
        DatabaseError: (of sqlite3) Not one can be read.
    """
    # The key of the table covers all columns: SQLite is free to scan it instead, and then gives points of
    # one moment by value.
    wanted = "SELECT run_uuid, key, value, timestamp, step, is_nan FROM metrics NOT INDEXED"
    seen = False
    try:
        for row in database.execute(wanted):
            seen = True
            yield row
    except sqlite3.DatabaseError as error:
        if not seen:
            raise
        gaps.append(Gap("truncated", f"the database is damaged ({error}): the metrics were read up to there"))


def write_sample(folder: Path, rows: Rows) -> Path:
    """A database of one run, with the columns that are read."""
    path = folder / "mlflow.db"
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.executescript(_SAMPLE)
        for number, (step, value) in enumerate(rows):
            stored = 0.0 if math.isnan(value) else max(-_LARGEST, min(_LARGEST, value))
            ms = 1_700_000_000_000 + 1000 * number
            point = ("train/loss", stored, ms, "a1b2c3d4", step, math.isnan(value))
            database.execute("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", point)
    return path
