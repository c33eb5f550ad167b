"""The `results.csv` of Ultralytics YOLO trainings, one row an epoch.

## What it is

YOLOv5, v8 and later write `runs/train/exp/results.csv`: the losses, the metrics of the validation set and
the learning rates of the parameter groups, padded with blanks to columns.

## How it is recognised

A column `epoch`, columns `train/…_loss` and `val/…_loss`, and columns `metrics/…` or `lr/pg0`, `x/lr0`.

## What is read

Every column by epoch. The box loss comes first where there are several training losses; `--metric` chooses
another.

## Limits

The parts of the loss are logged, never their weighted sum. One point an epoch says nothing about what
happens within an epoch.

## Example

```
   epoch,  train/box_loss,  train/obj_loss,  metrics/recall,  val/box_loss,   x/lr0
       0,        0.075778,         0.04606,               0,      0.078351, 0.00079
       1,        0.066134,        0.029804,        0.011211,      0.069047, 0.00159
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
    losses = any(n.startswith("train/") and n.endswith("loss") for n in names)
    yolo = any(n.startswith(("metrics/", "lr/pg", "x/lr")) for n in names)
    return 0.9 if "epoch" in names and losses and yolo else 0.0


def _read(source: Source) -> list[Draft]:
    return drafts(read_table(source), source.name)


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "results.csv"
    names = ["epoch", "train/box_loss", "train/obj_loss", "metrics/recall", "val/box_loss", "x/lr0"]
    table = [(step, value, value / 2, 0.5, value + 0.25, 0.001) for step, value in rows]
    lines = [
        ",".join(f"{name:>20}" for name in names),
        *(",".join(f"{cell:>20.7g}" for cell in row) for row in table),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


READER = Reader("ultralytics-csv", "Ultralytics YOLO results.csv", _sniff, _read, _write_sample)
