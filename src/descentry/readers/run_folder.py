"""Run folders of descentry, as `descentry.record` writes them.

## What it is

A folder with a `run.sqlite` in it: every metric with its steps and times, the settings, and a journal. It is
written while the training goes on, and can be read at any moment, also after a crash.

## How it is recognised

By the file `run.sqlite` and the mark that descentry puts into its head.

## What is read

Every point of every metric, with its step and time; NaN and infinities stay what they are. The settings of
the run. Where the run was resumed, points that the resume repeats are replaced by the new ones, and the seam
is noted; a launch that starts over from the first step is a run of its own. What the writer left out, how
the run died, and that it is still being written is noted too.

## Limits

A process that is killed takes the last two seconds, or thousand steps, with it; never more. While a run is
written, copy the whole folder and not the file alone: its last points are in `run.sqlite-wal`.

## Example

```python
import descentry

with descentry.record("runs/exp1", config={"lr": 0.1}) as recorder:
    for step in range(100):
        recorder.log(step, loss=1 / (step + 1))
print(descentry.explain("runs/exp1").headline)
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._source import Source
from descentry.readers._stored import draft_of, load
from descentry.store import schema


def _sniff(source: Source) -> float:
    if source.path is None:
        return 0.0
    try:
        with (source.path / schema.FILE).open("rb") as stream:
            return float(schema.is_run(stream.read(100)))
    except OSError:
        return 0.0


def _read(source: Source) -> list[Draft]:
    from descentry.store import reading

    folder = source.path or Path()
    return [draft_of(load(lambda: reading.read(folder)), folder.absolute().name)]


def write_sample(folder: Path, rows: Rows) -> Path:
    """A run as descentry records it."""
    from descentry.store.writing import RunWriter

    writer = RunWriter.open(folder / "exp1", config={"batch_size": 32})
    for number, (step, value) in enumerate(rows):
        writer.add(step, {"loss": value, "lr": 0.001}, 1.7e9 + number)
    writer.close()
    return folder / "exp1"


READER = Reader(
    "run-folder",
    "run folder of descentry",
    _sniff,
    _read,
    write_sample,
    folder=True,
    exempt={"truncated": "a folder has no last bytes; tests/unit/store kills writers and cuts their files"},
)
