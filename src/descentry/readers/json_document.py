"""JSON documents that hold curves: histories, lists of records, values keyed by step.

## What it is

What `json.dump(history.history, file)`, `DataFrame.to_json` and most home-made loggers leave: one JSON
document that was written at the end of the run.

## How it is recognised

It is one JSON object or list, and somewhere in it, at most four levels deep, there is a list of numbers or
of records under a name that logs use.

## What is read

- Lists of numbers under names: `{"loss": [2.3, 1.9], "val_loss": [2.4, 2.1]}`, also one level down
  (`{"history": {…}}`).
- Lists of records: `[{"step": 0, "loss": 2.3}, …]`.
- Pairs: `{"loss": [[0, 2.3], [100, 1.9]]}`, and values keyed by step: `{"loss": {"0": 2.3, "100": 1.9}}`.
- Several runs side by side: `{"adam": {"loss": […]}, "sgd": {"loss": […]}}`.

A list named `step`, `iteration`, `epoch` … counts the steps; without one, points are numbered. `null` is no
point, `NaN` is a value, a boolean is no metric. Single values are kept with the run as its settings.

## Limits

A document that is cut short is refused with the place where it ends: nothing is guessed. One value a metric
is a result and no curve.

## Example

```json
{"loss": [2.3026, 1.9441, 1.7012], "val_loss": [2.2513, 2.0127, 1.9873], "epochs": 3}
```
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from descentry.core import metrics
from descentry.core.errors import DescentryError, NoCurveError, TooLargeError
from descentry.readers import jsonl
from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._records import document, flatten
from descentry.readers._shapes import curves
from descentry.readers._source import Source, parse_json

_NUMBERS = Pattern(r"\[\s*(?:-?\d[\d.eE+-]*|NaN|null)\s*,\s*(?:-?\d|NaN|null|-?Infinity)")
_RECORDS = Pattern(r"\[\s*\{")
_KEY = Pattern(r'"([^"\\]{1,200})"\s*:')


def _sniff(source: Source) -> float:
    text = source.text.lstrip() if source.is_text else ""
    if not text.startswith(("{", "[")):
        return 0.0
    try:
        found = parse_json(text, source.name)
    except TooLargeError:
        return 0.4  # for the reader to say so
    except ValueError:
        found = None
    if found is None:
        listed = _NUMBERS.search(text) or _RECORDS.search(text)
        return 0.4 if listed and any(map(_known, _KEY.findall(text))) else 0.0
    try:
        tracks = [
            t for draft in curves(found, source.stem, source.name) for t in draft.tracks if len(t.value) > 1
        ]
    except NoCurveError:
        # Results: claimed to be refused clearly, where other readers would take a single value for a curve.
        return 0.35 if isinstance(found, dict) and any(_known(name) for name, _ in flatten(found)) else 0.0
    # Lists of whole numbers under other names are shapes, ids and vocabularies.
    curve = any(_known(t.name) or bool((t.value != np.floor(t.value)).any()) for t in tracks)
    return 0.45 if curve else 0.0


def _known(name: str) -> bool:
    return metrics.kind(name) in {"loss", "error", "rising"}


def _read(source: Source) -> list[Draft]:
    try:
        found = document(source)
    except DescentryError as error:
        if "Extra data" in error.what:
            return jsonl.READER.read(source)
        raise
    drafts = curves(found, source.stem, source.name)
    if all(len(track.value) < 2 for draft in drafts for track in draft.tracks):
        raise NoCurveError("it holds one value a metric: results, and no curve", where=source.name)
    return drafts


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "history.json"
    history = {
        "step": [step for step, _ in rows],
        "loss": [value for _, value in rows],
        "lr": [0.001] * len(rows),
    }
    path.write_text(json.dumps({"optimizer": "adam", "history": history}, indent=1), encoding="utf-8")
    return path


READER = Reader(
    "json",
    "a JSON document with curves in it",
    _sniff,
    _read,
    _write_sample,
    exempt={"truncated": "a JSON document that is cut short is refused, not guessed at"},
)
