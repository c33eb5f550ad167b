"""The `metrics.csv` of Lightning's CSVLogger.

## What it is

`lightning.pytorch.loggers.CSVLogger` writes `lightning_logs/version_N/metrics.csv`: every metric that was
ever logged is a column, and a row holds what was logged at one moment, so most cells are empty.

## How it is recognised

Columns `epoch` and `step`, and either names that end in `_step` or `_epoch`, or rows in which metrics are
missing.

## What is read

Every filled cell by `step`, which counts optimizer updates. `train_loss_step` (the batch) and
`train_loss_epoch` (the mean of the epoch) stay two series.

## Limits

The step is that of the trainer: with gradient accumulation or several optimizers it counts updates of all
of them. Lightning logs every 50th step unless `log_every_n_steps` says otherwise, so short events can go
unseen.

## Example

```
epoch,step,train_loss_epoch,train_loss_step,val_loss
0,49,,2.1340,
0,62,2.2013,,2.0981
1,99,,1.8720,
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
    if not {"epoch", "step"} <= set(names) or len(names) < 3:
        return 0.0
    if any(n.endswith(("_step", "_epoch")) or n.startswith("lr-") for n in names):
        return 0.9
    sparse = any(",," in line or line.endswith(",") for line in source.head_lines[1:20])
    return 0.8 if sparse else 0.0


def _read(source: Source) -> list[Draft]:
    return drafts(read_table(source), source.name)


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "metrics.csv"
    lines = []
    for i, (step, value) in enumerate(rows):
        lines.append(f"{i // 8},{step},,{value!r},\n")
        if i % 8 == 7:
            lines.append(f"{i // 8},{step},{value!r},,{value + 0.25!r}\n")
    path.write_text(
        "epoch,step,train_loss_epoch,train_loss_step,val_loss\n" + "".join(lines), encoding="utf-8"
    )
    return path


READER = Reader("lightning-csv", "Lightning CSVLogger", _sniff, _read, _write_sample)
