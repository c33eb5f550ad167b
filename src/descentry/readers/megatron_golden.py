"""The golden values of Megatron-LM's functional tests.

## What it is

Megatron-LM stores the curves of its reference runs as JSON: for each metric a first step, a last step, an
interval, and the values by step.

## How it is recognised

A JSON object whose entries hold `start_step`, `step_interval` and `values`.

## What is read

Every metric by step. The string `"nan"` fills steps that were never logged, and is no point; a bare `NaN`
is a value.

## Limits

Only every `step_interval`-th step was kept, so short events can go unseen. A document that is cut short is
refused.

## Example

```json
{"lm loss": {"start_step": 1, "end_step": 15, "step_interval": 5,
             "values": {"1": 13.89735, "5": 13.89189, "10": 13.85846, "15": "nan"}}}
```
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from descentry.core.data import Gap
from descentry.core.errors import NoCurveError
from descentry.readers._draft import Draft, Track, to_float
from descentry.readers._entry import Reader, Rows
from descentry.readers._records import document, number
from descentry.readers._source import Source

_KEYS = ('"start_step"', '"step_interval"', '"values"')


def _sniff(source: Source) -> float:
    return (
        0.95
        if source.is_text
        and source.text.lstrip().startswith("{")
        and all(key in source.text for key in _KEYS)
        else 0.0
    )


def _read(source: Source) -> list[Draft]:
    golden = document(source)
    tracks, padding, broken = [], 0, 0
    for name, entry in golden.items() if isinstance(golden, dict) else ():
        if not isinstance(entry, dict):
            continue
        steps, values = [], []
        for step, value in _points(entry):
            found = number(value)
            if isinstance(value, str) and found is not None and found != found:
                padding += 1
            elif found is None or step is None:
                broken += 1
            else:
                steps.append(step)
                values.append(found)
        if steps:
            counted, order = np.unique(np.array(steps, dtype=np.int64), return_index=True)
            tracks.append(Track(name, np.array(values)[order], step=counted))
    if not tracks:
        raise NoCurveError("no metric in it has values", where=source.name)
    gaps = []
    if padding:
        gaps.append(
            Gap(
                "padding",
                f"cells that hold the word nan, at steps that were never logged: {padding:,}",
                padding,
            )
        )
    if broken:
        gaps.append(
            Gap(
                "unreadable-points",
                f"values passed over because they are no number at a step: {broken:,}",
                broken,
            )
        )
    return [Draft(tracks, gaps=gaps)]


def _points(entry: dict[str, Any]) -> Iterator[tuple[int | None, object]]:
    values = entry.get("values")
    if isinstance(values, dict):
        for key, value in values.items():
            step = to_float(key)
            yield (int(step) if step is not None and abs(step) < 2**53 else None), value
    elif isinstance(values, list):
        start, interval = number(entry.get("start_step")) or 0.0, number(entry.get("step_interval")) or 1.0
        for i, value in enumerate(values):
            step = start + i * interval
            yield (int(step) if abs(step) < 2**53 else None), value


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "golden_values.json"
    steps = [step for step, _ in rows]
    values: dict[str, object] = {str(step): value for step, value in rows}
    values |= {str(step): "nan" for step in range(max(steps) + 1, max(steps) + 6)}
    golden = {
        "lm loss": {
            "start_step": min(steps),
            "end_step": max(steps) + 5,
            "step_interval": 1,
            "values": values,
        }
    }
    path.write_text(json.dumps(golden, indent=4), encoding="utf-8")
    return path


_KEYED = "the values are kept by step, so that no step can come twice"
READER = Reader(
    "megatron-golden",
    "golden values of Megatron-LM",
    _sniff,
    _read,
    _write_sample,
    exempt={
        "truncated": "a JSON document that is cut short is refused, not guessed at",
        "duplicate-steps": _KEYED,
        "second-launch": _KEYED,
    },
)
