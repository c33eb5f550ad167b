"""One scalar chart that TensorBoard exported as JSON.

## What it is

The download link below a scalar chart of TensorBoard writes the points of one run and one tag as a list of
`[wall time, step, value]`.

## How it is recognised

The document begins with a list of three numbers, the first of them a time since 1970 and the second a whole
number.

## What is read

One series by step, with its times. The tag and the run are read from the file's name,
`run-RUN-tag-TAG.json`; under any other name, the file's name is the metric's.

## Limits

TensorBoard exports a thousand points at most, picked at random from longer series, unless it was started
with `--samples_per_plugin`: short spikes can be missing. A document that is cut short is refused.

## Example

```json
[[1585769947.21, 0, 2.3025851249694824],
 [1585769948.02, 10, 1.9441229104995728]]
```
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from descentry.core.data import Gap
from descentry.core.errors import NoCurveError
from descentry.readers._draft import Draft, Track
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._records import document, number
from descentry.readers._source import Source
from descentry.readers.tensorboard_csv import names

MAX_STEP = 2.0**53
_POINT = Pattern(r'\s*\[\s*\[\s*\d{9,10}(?:\.\d+)?\s*,\s*\d+\s*,\s*(?:-?\d|"?-?(?:NaN|Infinity))')


def _sniff(source: Source) -> float:
    return 0.9 if source.is_text and _POINT.match(source.text) else 0.0


def _read(source: Source) -> list[Draft]:
    points, broken = [], 0
    for item in document(source):
        point = [n for x in item if (n := number(x)) is not None] if isinstance(item, list) else []
        if len(point) == len(item) == 3 and abs(point[1]) < MAX_STEP:
            points.append(point)
        else:
            broken += 1
    if not points:
        raise NoCurveError("no point is [wall time, step, value]", where=source.name)
    time, step, value = np.array(points, dtype=np.float64).T
    run, tag = names(source)
    gaps = (
        [
            Gap(
                "unreadable-points",
                f"points passed over because they are not [wall time, step, value]: {broken:,}",
                broken,
            )
        ]
        if broken
        else []
    )
    return [Draft([Track(tag, value, step=step.astype(np.int64), time=time)], run, gaps=gaps)]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "run-exp1-tag-loss.json"
    path.write_text(
        json.dumps([[1.7e9 + i, step, value] for i, (step, value) in enumerate(rows)]), encoding="utf-8"
    )
    return path


READER = Reader(
    "tensorboard-json",
    "a TensorBoard chart exported as JSON",
    _sniff,
    _read,
    _write_sample,
    exempt={"truncated": "a JSON document that is cut short is refused, not guessed at"},
)
