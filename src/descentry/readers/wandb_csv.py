"""A chart that Weights & Biases exported as CSV, often several runs side by side.

## What it is

"Export panel data as CSV" writes one column for the x axis, and for each run three columns: `RUN - METRIC`,
and its extremes within the drawn pixel, `RUN - METRIC__MIN` and `RUN - METRIC__MAX`.

## How it is recognised

After the first column, names of the form `RUN - METRIC`, some with a twin that ends in `__MIN` or `__MAX`.
The table of runs ("Export table") is recognised too, by its `Name`, `State` and `Created` columns, so that
it can be refused clearly.

## What is read

One run for each name before the dash, with its metrics by the first column (`Step`, unless the chart had
another x axis). `__MIN` and `__MAX` are left out.

## Limits

W&B thins what it draws: a chart of more than some thousand points is exported as averages of buckets, in
which spikes are blunted. `wandb-history.jsonl` or the run's `.wandb` file hold every point. The table of
runs has one row a run, and no curve.

## Example

```
"Step","adam - train/loss","adam - train/loss__MIN","adam - train/loss__MAX","sgd - train/loss"
"0","0.3106","0.3106","0.3106","0.4836"
"1","0.2125","0.2125","0.2125",""
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.core import metrics
from descentry.core.errors import NoCurveError, listed
from descentry.readers._columns import track_of
from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._layout import header
from descentry.readers._source import Source
from descentry.readers._table import read_table

_DASH = " - "
_EXTREMES = ("__MIN", "__MAX")


def _sniff(source: Source) -> float:
    names = header(source)
    if _is_runs_table(names):
        return 0.9
    charted = sum(_DASH in n for n in names[1:])
    if not charted or charted < len(names) - 1:
        return 0.0
    return 0.95 if any(n.endswith("__min") for n in names) else 0.7


def _is_runs_table(names: tuple[str, ...]) -> bool:
    return {"name", "state"} <= set(names) and bool({"created", "runtime", "sweep"} & set(names))


def _read(source: Source) -> list[Draft]:
    if _is_runs_table(header(source)):
        raise NoCurveError(
            "this is the table of runs from W&B, one row a run, and no curve",
            where=source.name,
            how=f"Columns: {listed(header(source))}.\n"
            "Export the chart of the loss instead (panel menu, CSV), or give the run's wandb-history.jsonl.",
            found=header(source),
        )
    table = read_table(source)
    runs: dict[str, Draft] = {}
    for name, column in table.numbers.items():
        run, _, metric = name.rpartition(_DASH)
        if run and not name.endswith(_EXTREMES) and metrics.words(metric) != ("step",):
            draft = runs.setdefault(run, Draft([], run, gaps=list(table.gaps)))
            draft.tracks.append(track_of(metric, column))
    if not runs:
        raise NoCurveError(
            "no column holds numbers of a run",
            where=source.name,
            how=f"Columns: {listed(table.names)}.",
            found=table.names,
        )
    for axis in (name for name in table.numbers if _DASH not in name):
        for draft in runs.values():
            draft.tracks.append(track_of(axis, table.numbers[axis]))
    return list(runs.values())


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "wandb_export.csv"
    spelling = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    lines = []
    for step, value in rows:
        cell = spelling.get(repr(value), repr(value))
        lines.append(f'"{step}","{cell}","{cell}","{cell}"\n')
    path.write_text(
        '"Step","adam - loss","adam - loss__MIN","adam - loss__MAX"\n' + "".join(lines), encoding="utf-8"
    )
    return path


READER = Reader("wandb-csv", "a W&B chart exported as CSV", _sniff, _read, _write_sample)
