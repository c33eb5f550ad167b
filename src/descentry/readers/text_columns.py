"""Columns of numbers without a header.

## What it is

What `numpy.savetxt`, gnuplot scripts and small programs write: rows of numbers between blanks,
tabs, commas or semicolons, and nothing that says what they are.

## How it is recognised

By nearly every line being the same count of numbers. Lines that begin with `#` or `%` are comments.

## What is read

Each column, named by its place: `column 1`, `column 2` … The first of several columns is taken for
the step where it holds whole numbers that count up; else points are numbered in their order.

## Limits

What the columns mean is not known: say which one to explain, and whether higher is better. Rows
with another count of numbers than most are left out and counted. A single column of numbers is one
curve.

## Example

```text
1 0.011868910540301151 0.009032943676939426
2 0.011868910540301151 0.008501594048884165
```
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np

from descentry.core.data import Gap
from descentry.core.errors import TooLargeError
from descentry.readers._cells import counts_steps
from descentry.readers._draft import Draft, Track
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import log_lines, number

_COMMENT = ("#", "%")
_BETWEEN = Pattern(r"\s*,\s*|\s+")
MAX_COLUMNS = 10_000


def _cells(line: str) -> list[float] | None:
    """The numbers of a row, or None where something else is in it."""
    if ";" in line:
        # Programs that part cells by semicolons do so where a comma parts the decimals.
        parts = [part.strip().replace(",", ".", 1) for part in line.split(";")]
    else:
        parts = _BETWEEN.split(line.strip()) if "," in line else line.split()
    try:
        return [float(part) for part in parts]
    except ValueError:
        values = [number(part) for part in parts]
        return None if None in values else [value for value in values if value is not None]


def _sniff(source: Source) -> float:
    if source.is_folder or not source.is_text:
        return 0.0
    lines = [
        line for line in source.head_lines[:400] if line.strip() and not line.lstrip().startswith(_COMMENT)
    ]
    widths = Counter(len(cells) for line in lines if (cells := _cells(line)))
    if not widths:
        return 0.0
    width, common = widths.most_common(1)[0]
    if _cells(lines[0]) is None and len(re.split(r"[\s,;]+", lines[0].strip())) == width:
        return 0.0  # a line of names: a table with a header, which is read elsewhere
    return 0.4 if common >= 3 and common >= 0.9 * len(lines) else 0.0


def _read(source: Source) -> list[Draft]:
    gaps: list[Gap] = []
    rows: list[list[float]] = []
    other = 0
    widths: Counter[int] = Counter()
    for _, line in log_lines(source, gaps):
        if not line or line.isspace() or line.lstrip().startswith(_COMMENT):
            continue
        cells = _cells(line)
        if cells is None:
            other += 1
            continue
        rows.append(cells)
        widths[len(cells)] += 1
    if not rows:
        return []
    width = widths.most_common(1)[0][0]
    if width > MAX_COLUMNS:
        raise TooLargeError(f"{width:,} columns of numbers are no log of training", where=source.name)
    table = np.array([cells for cells in rows if len(cells) == width], dtype=np.float64)
    other += len(rows) - len(table)
    if other:
        gaps.append(Gap("ragged-rows", f"{other:,} lines are not {width} numbers and are not read", other))
    counts = width > 1 and counts_steps(table[:, 0])
    step = table[:, 0].astype(np.int64) if counts else None
    tracks = [Track(f"column {i + 1}", table[:, i].copy(), step=step) for i in range(int(counts), width)]
    return [Draft(tracks, gaps=gaps, step_name="column 1")]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "curve.txt"
    path.write_text("".join(f"{step} {value}\n" for step, value in rows), encoding="utf-8")
    return path


READER = Reader("text-columns", "Columns of numbers without a header", _sniff, _read, _write_sample, most=0.4)
