"""Comma-separated values, for spreadsheets and data frames.

## What it is

A table as text: one row for what was logged together, one column a metric, after the step and the time.

## What is written

Every digit of every number, so that it reads back as the same double; `nan`, `inf` and `-inf` as such. A cell
is empty where the metric was not logged. Several points of a metric on one step follow each other in rows of
that step.

## Limits

The settings of the run are not in it. Times are left out where not every metric has them. A metric whose
name is a number gets the word `metric` before it. pandas and spreadsheets take `nan` and an empty cell for
the same.

## Example

```
step,time,loss,lr
0,1700000000.0,2.3026,0.001
10,1700000001.5,nan,0.001
```
"""

from __future__ import annotations

import csv
from pathlib import Path

from descentry.export._entry import Exporter
from descentry.export._table import TIME, Table
from descentry.readers._draft import to_float


def _write(table: Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        headings = map(_heading, table.columns)
        writer.writerow([table.step_name, *([] if table.time is None else [TIME]), *headings])
        for step, time, values in table.rows():
            writer.writerow([step, *([] if time is None else [repr(time)]), *map(_cell, values)])


def _heading(name: str) -> str:
    """A heading that nobody takes for a number in a table without headings."""
    return name if to_float(name) is None else f"metric {name}"


def _cell(value: float | None) -> str:
    return "" if value is None else repr(value)


EXPORTER = Exporter("csv", "a table as text, with a header", ".csv", _write)
