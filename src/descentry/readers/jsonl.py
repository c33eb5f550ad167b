r"""JSON Lines: one JSON object a line, from Detectron2 and any logger that writes one record at a time.

## What it is

Files such as Detectron2's `metrics.json`, mmengine's `scalars.json`, fairseq's JSON log, Ray Tune's
`result.json`, or what `logger.write(json.dumps(record) + "\n")` leaves. The ending may be `.json`,
`.jsonl` or `.log`.

## How it is recognised

The first lines are JSON objects, each whole on its line, with numbers in them.

## What is read

Every number is a metric, those of nested objects under `outer/inner` (four levels deep). Strings that spell
a number (`"0.53"`, `"NaN"`) are numbers; booleans, lists and other words are not metrics.

- A key named `step`, `iteration`, `epoch` … counts the steps (`--step` chooses another).
- `"split"`, `"phase"` or `"mode"` that says train or validation puts its word before the metric:
  `val/loss`.
- Records of one metric each (`{"tag": "loss", "value": 0.5, "step": 10}`) are told apart by their tag.
- A first record without a step holds settings when the records after it have steps.

## Limits

Lines that are no JSON objects are passed over and counted. One record a run is a list of results, and is
refused.

## Example

```json
{"iteration": 19, "total_loss": 3.0125, "lr": 1.931e-06}
{"iteration": 39, "total_loss": 2.9831, "lr": 2.911e-06}
```
"""

from __future__ import annotations

import json
from pathlib import Path

from descentry.core import metrics
from descentry.core.data import Gap
from descentry.core.errors import NoCurveError
from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._records import collect, flatten, head_records, json_lines
from descentry.readers._source import Source


def _sniff(source: Source) -> float:
    records = head_records(source)
    names = {name for record in records for name, _ in flatten(record)}
    if not names:
        return 0.0
    if len(records) == 1:
        # A single object is more often a file of settings or of results; lists in it would be its curves.
        measured = any(metrics.kind(n) in {"loss", "error", "rising"} for n in names)
        counted = any(metrics.step_rank(n) is not None for n in names)
        return 0.3 if measured and counted else 0.0
    return 0.5


def _read(source: Source) -> list[Draft]:
    gaps: list[Gap] = []
    records = json_lines(source, gaps)
    found = collect(records, source.name, gaps)
    if all(len(track.value) < 2 for draft in found for track in draft.tracks):
        raise NoCurveError(
            "no metric is in it more than once, so there is no curve",
            where=source.name,
            how="Has the run logged a second time yet?",
            found=[track.name for track in found[0].tracks],
        )
    return found


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "metrics.json"
    path.write_text(
        "".join(
            json.dumps({"iteration": step, "total_loss": value, "lr": 0.001}) + "\n" for step, value in rows
        ),
        encoding="utf-8",
    )
    return path


READER = Reader("jsonl", "JSON Lines", _sniff, _read, _write_sample)
