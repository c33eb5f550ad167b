"""MLflow's database: `mlflow.db`, or any other SQLite file that MLflow keeps its runs in.

## What it is

What MLflow leaves beside a script when no tracking server is set (newer versions), and where a server with a
`sqlite:` URI keeps its runs.

## How it is recognised

By the header of SQLite and by the tables `runs` and `metrics` with MLflow's columns.

## What is read

Each run that is not deleted and has metrics, with every logged point, its step and time, and its parameters.
NaN and infinities, which the database holds in a spelling of its own, are read as what they were. A metric
that was logged without a step, which MLflow stores as step 0, is placed by its times.

## Limits

The database is opened read-only and nothing in it is changed. A damaged one is read up to the damage. Other
databases (PostgreSQL, MySQL) are not read: write the metrics of the run to a CSV file instead.

## Example

    descentry explain mlflow.db
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._source import Source

HEADER = b"SQLite format 3\x00"


def _sniff(source: Source) -> float:
    if not source.head.startswith(HEADER):
        return 0.0
    from descentry.readers import _mlflow_database

    return _mlflow_database.sniff(source)


def _read(source: Source) -> list[Draft]:
    from descentry.readers import _mlflow_database

    return _mlflow_database.read(source)


def _write_sample(folder: Path, rows: Rows) -> Path:
    from descentry.readers import _mlflow_database

    return _mlflow_database.write_sample(folder, rows)


READER = Reader(
    id="mlflow-sqlite",
    title="MLflow database (SQLite)",
    sniff=_sniff,
    read=_read,
    write_sample=_write_sample,
    exempt={
        "truncated": "a page of a database is filled from its end: what a cut takes away is not the last row"
    },
)
