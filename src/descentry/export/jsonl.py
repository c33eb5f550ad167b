"""JSON Lines: one JSON object for what was logged together.

## What it is

Text of one JSON object a line, for scripts, log shippers and databases.

## What is written

The step, the time, and the metrics that were logged with them; the settings of the run in the first line,
under `config`. Every number reads back as the same double. NaN and infinities are the texts `"NaN"`,
`"Infinity"` and `"-Infinity"`, so that every line is JSON to every parser.

## Limits

Times are left out where not every metric has them. Of the settings, our reader takes plain values and no
nested ones.

## Example

```json
{"step": 0, "time": 1700000000.0, "config": {"lr": 0.001}, "loss": 2.3026}
{"step": 10, "time": 1700000001.5, "loss": "NaN"}
```
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from descentry.export._entry import Exporter
from descentry.export._table import TIME, Table


def _write(table: Table, path: Path) -> None:
    config = {"config": _strict(dict(table.config))} if table.config else {}
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for step, time, values in table.rows():
            found = zip(table.columns, values, strict=True)
            record: dict[str, Any] = {table.step_name: step}
            if time is not None:
                record[TIME] = time
            record |= config
            record |= {name: _strict(value) for name, value in found if value is not None}
            stream.write(json.dumps(record, default=str) + "\n")
            config = {}


def _strict(value: Any) -> Any:
    """A value without the numbers that JSON has no word for."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): _strict(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(inner) for inner in value]
    return value


EXPORTER = Exporter("jsonl", "JSON Lines, one object a row", ".jsonl", _write)
