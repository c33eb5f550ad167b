"""The history that Weights & Biases keeps of a run as JSON Lines, `wandb-history.jsonl`.

## What it is

One line for each call of `wandb.log`: the metrics, and W&B's own `_step`, `_timestamp` and `_runtime`.
Older clients write the file into the run's folder, and `run.history()` or `scan_history()` give the same
records.

## How it is recognised

Its lines are JSON objects with `_step`, and `_timestamp` or `_runtime`.

## What is read

Every number by `_step`, with its time. A metric of its own that counts steps (`trainer/global_step`) is
offered to `--step`. The strings `"NaN"` and `"Infinity"`, as W&B writes them, are values.

## Limits

`_step` counts calls of `wandb.log`, which need not be optimizer updates. Histograms, images and tables are
passed over.

## Example

```json
{"_step": 0, "_runtime": 3.1, "_timestamp": 1613490250.1, "train/loss": 2.3025}
{"_step": 50, "_runtime": 9.8, "_timestamp": 1613490256.8, "train/loss": "NaN"}
```
"""

from __future__ import annotations

import json
import math
from pathlib import Path

from descentry.core.data import Gap
from descentry.core.errors import NoCurveError
from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._records import flatten, head_records, json_lines, number
from descentry.readers._source import Source


def _sniff(source: Source) -> float:
    records = head_records(source)
    return (
        0.9
        if records and all("_step" in r and ("_timestamp" in r or "_runtime" in r) for r in records[:5])
        else 0.0
    )


def _read(source: Source) -> list[Draft]:
    log = Collector()
    gaps: list[Gap] = []
    stepless = 0
    for row, record in json_lines(source, gaps):
        step, stamp = number(record.get("_step")), number(record.get("_timestamp"))
        if step is None or not math.isfinite(step):
            stepless += 1
            continue
        log.add(
            row, (pair for pair in flatten(record) if not pair[0].startswith("_")), step=int(step), time=stamp
        )
    if not len(log):
        raise NoCurveError("no record holds the number of a metric", where=source.name)
    if stepless:
        gaps.append(
            Gap("unreadable-lines", f"records passed over for want of a _step: {stepless:,}", stepless)
        )
    log.gaps = gaps
    return [log.draft()]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "wandb-history.jsonl"
    spelling = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    lines = []
    for i, (step, value) in enumerate(rows):
        record = {
            "train/loss": spelling.get(repr(value), value),
            "_step": step,
            "_runtime": float(i),
            "_timestamp": 1.7e9 + i,
        }
        lines.append(json.dumps(record) + "\n")
    path.write_text("".join(lines), encoding="utf-8")
    return path


READER = Reader("wandb-history", "W&B wandb-history.jsonl", _sniff, _read, _write_sample)
