"""The table that Keras' CSVLogger writes, one row an epoch.

## What it is

`keras.callbacks.CSVLogger("training.log")` appends one row at the end of each epoch: the epoch, then the
metrics in alphabetical order, then their `val_` twins.

## How it is recognised

The first column is `epoch`, and the names after it are bare words in alphabetical order, `loss` or
`accuracy` among them.

## What is read

Every metric by epoch; `val_` metrics belong to the validation split. `nan` and `inf` are values; `NA`,
which Keras writes for a metric that an epoch did not have, is no point. With `append=True` several
trainings may follow one another: each launch becomes a run.

## Limits

One point an epoch says nothing about what happens within an epoch.

## Example

```
epoch,accuracy,loss,val_accuracy,val_loss
0,0.8123,0.5532,0.8410,0.4627
1,0.8571,0.4218,0.8559,0.4198
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._columns import drafts
from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._layout import header
from descentry.readers._source import Source
from descentry.readers._table import read_table


def _sniff(source: Source) -> float:
    names = header(source)
    if not names or names[0] != "epoch" or any("/" in n or "step" in n for n in names):
        return 0.0
    metrics = names[1:]
    if len(metrics) < 2 or list(metrics) != sorted(metrics) or not {"loss", "accuracy"} & set(metrics):
        return 0.0
    return 0.85 if any(f"val_{n}" in metrics for n in metrics) else 0.6


def _read(source: Source) -> list[Draft]:
    return drafts(read_table(source), source.name)


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "training.log"
    lines = [f"{step},{value!r},0.5,{value + 0.25!r}\n" for step, value in rows]
    path.write_text("epoch,loss,val_accuracy,val_loss\n" + "".join(lines), encoding="utf-8")
    return path


READER = Reader("keras-csvlogger", "Keras CSVLogger", _sniff, _read, _write_sample)
