"""modded-nanogpt and Parameter Golf text logs.

## What it is

The logs of the modded-nanogpt speed runs and of the Parameter Golf challenge, whose scripts descend
from them: step and number of steps first, then `name:value` pairs.

## How it is recognised

Lines that begin with `step:N/M` or `N/M` and go on with `train_loss:` or `val_loss:`.

## What is read

Every pair that is a plain number, under its own name (`train_loss`, `val_loss`, `val_bpb` …); the
step is the number before the slash.

## Limits

Pairs with a unit (`train_time:76.628s`) are not read. Losses without a step (`diagnostic ...
val_loss:2.34`, printed after the training) are not read.

## Example

```text
step:125/3040 val_loss:4.51317 train_time:76.628s step_avg:613.02ms
500/20000 train_loss: 2.5896 train_time: 0.8m tok/s: 8222012
4000/20000 val_loss: 2.4406 val_bpb: 1.1152
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import COUNT, NUMBER, log_lines, number, score

_STEP = Pattern(rf"^(?:step:)?({COUNT})/\d+ +(?=[a-z])")
_PAIR = Pattern(rf"(?<!\S)([a-z][\w/]{{0,80}}): ?({NUMBER})(?!\S)")


def _sniff(source: Source) -> float:
    return score(source, "_loss:", _STEP.match)


def _read(source: Source) -> list[Draft]:
    log = Collector()
    for row, line in log_lines(source, log.gaps):
        if "_loss:" in line and (found := _STEP.match(line)):
            pairs = _PAIR.findall(line, found.end())
            log.add(
                row,
                [(name, value) for name, text in pairs if (value := number(text)) is not None],
                step=int(found[1]),
            )
    return [log.draft()]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "log.txt"
    lines = [
        f"step:{step}/3040 train_loss:{value:.4f} train_time:76628ms step_avg:613.02ms\n"
        for step, value in rows
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path


READER = Reader("modded-nanogpt", "modded-nanogpt text log", _sniff, _read, _write_sample)
