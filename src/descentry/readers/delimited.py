"""Tables as text: CSV, TSV and their kin, from any tool.

## What it is

A header line and rows of cells, parted by commas, semicolons, tabs, bars or blanks. Spreadsheets, pandas,
Keras, Lightning, Ultralytics, W&B and most home-made loggers write such files.

## How it is recognised

The first line that is no comment (`#`) holds names and no numbers, and the rows below have as many cells
and hold numbers. The file's ending does not matter: a `.log` may be CSV. Columns of numbers without a
header are read by `text-columns`.

## What is read

Every column of numbers is a metric. Padding and quotes are stripped, and a byte-order mark, CRLF, comments
and a header that is written again half-way do no harm. `nan` and `inf` are values; an empty cell is no
point.

- A column named `step`, `iteration`, `epoch` … counts the steps (`--step` chooses another).
- A column named `split`, `phase` or `mode` that says train or validation puts its word before the metric:
  `val/loss`.
- A column named `run`, `seed`, `model` … with a block of rows for each name makes one run of each.
- A long table (a column of metric names and one of values) is read as if each metric had a column of its
  own.
- Where a metric's cells stay empty while rows of the same kind go on to the end, the report says so: tables
  drop NaN.

## Limits

A table with one row a run is no curve, and is refused with its columns named. A last row that no newline
ends is left out where its last number may be cut short. Dates are not read as times; times in seconds since
1970 are.

## Example

```
step,loss,lr
0,2.3026,0.001
10,1.9441,0.001
20,nan,0.001
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.core import metrics
from descentry.readers._columns import drafts
from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._layout import layout
from descentry.readers._source import Source
from descentry.readers._table import read_table


def _sniff(source: Source) -> float:
    found = layout(source)
    if found is None:
        return 0.0
    if not found.rows:
        return 0.2
    known = any(
        metrics.step_rank(n) is not None or metrics.kind(n) in {"loss", "error", "rising"}
        for n in found.names
    )
    return 0.45 if known else 0.1


def _read(source: Source) -> list[Draft]:
    return drafts(read_table(source), source.name)


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "history.csv"
    path.write_text(
        "step,loss,lr\n" + "".join(f"{step},{value!r},0.001\n" for step, value in rows), encoding="utf-8"
    )
    return path


READER = Reader("csv", "a table as text (CSV, TSV) with a header", _sniff, _read, _write_sample, most=0.45)
