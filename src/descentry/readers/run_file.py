"""The file of a descentry run without its folder: a `run.sqlite`, by whatever name.

## What it is

The SQLite file that holds all of a run; see [run-folder](run_folder.md). Once a run has ended, the file can
be copied, renamed and mailed on its own.

## How it is recognised

By the mark that descentry puts into its head.

## What is read

The same as from the folder.

## Limits

Of a run that is still being written, or was killed, the last points may be in `run.sqlite-wal` beside the
file: leave them together.

## Example

    descentry explain runs/exp1/run.sqlite
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._source import Source
from descentry.readers._stored import draft_of, load
from descentry.readers.run_folder import write_sample as write_folder
from descentry.store import schema


def _sniff(source: Source) -> float:
    return float(schema.is_run(source.head))


def _read(source: Source) -> list[Draft]:
    from descentry.store import reading

    path = source.path
    if path is None:
        data = source.read_bytes()
        return [draft_of(load(lambda: reading.read_bytes(data)))]
    stored = load(lambda: reading.read(path))
    return [draft_of(stored, path.absolute().parent.name if path.name == schema.FILE else stored.name)]


def write_sample(folder: Path, rows: Rows) -> Path:
    """A run as descentry records it, taken out of its folder."""
    return (write_folder(folder, rows) / schema.FILE).rename(folder / "exp1.sqlite")


READER = Reader(
    "run-file",
    "run file of descentry",
    _sniff,
    _read,
    write_sample,
    exempt={"truncated": "SQLite writes no file from front to back: a crash leaves it whole, a cut does not"},
)
