"""Keras' progress output.

## What it is

What `model.fit` of Keras prints (TensorFlow, Keras 3, and the R package): a line that names the
epoch, then a progress bar with the metrics behind it; with `verbose=2` one line of metrics each
epoch.

## How it is recognised

Lines `Epoch N/M`, alone on their line, and metrics as ` - loss: X`.

## What is read

The last value of each metric in each epoch, which is what Keras reports for the epoch. The step is
the epoch.

## Limits

Between the first and the last batch of an epoch the bar shows running means; they are not read. An
epoch whose bar did not reach its end is left out (noted in the run's gaps), except for values that
are not finite. A bar drawn after the end of an epoch (`model.evaluate`, `model.predict`) is not
part of it.

## Example

```text
Epoch 1/10
100/100 [==============================] - 1s 2ms/step - loss: 0.6931 - accuracy: 0.5120 - val_loss: 0.6702
Epoch 2/10
100/100 [==============================] - 1s 2ms/step - loss: 0.6012 - accuracy: 0.6480 - val_loss: 0.6127
```
"""

from __future__ import annotations

import math
from pathlib import Path

from descentry.core.data import Gap
from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import COUNT, NUMBER, log_lines, number, score

_EPOCH = Pattern(rf"^Epoch ({COUNT})/\d+\s*$")
_BAR = Pattern(rf"^[\x08\s]*({COUNT})/({COUNT}|Unknown)\s")
_PAIR = Pattern(rf" - ([A-Za-z_][^:=]{{0,80}}?): ({NUMBER})(?![\w.:])")


def _sniff(source: Source) -> float:
    epochs = score(source, "Epoch ", _EPOCH.match)
    return min(epochs, score(source, " - ", _PAIR.search)) if epochs else 0.0


class _Epoch:
    """The bar of one epoch as it is drawn again and again."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.row = 0
        self.values: dict[str, float] = {}
        self.done = self.total = 0

    @property
    def finished(self) -> bool:
        return self.done >= self.total

    def draw(self, row: int, line: str) -> None:
        bar = _BAR.match(line)
        if bar is not None:
            done = int(bar[1])
            total = self.total if bar[2] == "Unknown" else int(bar[2])
            if self.total and (total != self.total or done < self.done):
                return  # another bar: an evaluation
        else:
            done = total = 0
        pairs = {name: value for name, text in _PAIR.findall(line) if (value := number(text)) is not None}
        if pairs:
            # Every drawing holds all metrics; what a broken line lacks must not come from an earlier one.
            self.row, self.values, self.done, self.total = row, pairs, done, total


def _read(source: Source) -> list[Draft]:
    log = Collector()
    epoch: _Epoch | None = None
    for row, line in log_lines(source, log.gaps):
        if line.startswith("Epoch ") and (found := _EPOCH.match(line)):
            _close(epoch, log)
            epoch = _Epoch(int(found[1]))
        elif epoch is not None and " - " in line:
            epoch.draw(row, line)
    _close(epoch, log)
    return [log.draft(step_name="epoch")]


def _close(epoch: _Epoch | None, log: Collector) -> None:
    if epoch is None or not epoch.values:
        return
    values = epoch.values
    if not epoch.finished:
        values = {name: value for name, value in values.items() if not math.isfinite(value)}
        where = f"epoch {epoch.number:,} stopped at batch {epoch.done:,} of {epoch.total:,}"
        what = f"{where}: its running means are not read"
        log.gaps.append(Gap("unfinished-epoch", what, start=epoch.number, stop=epoch.number))
    log.add(epoch.row, values, step=epoch.number)


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "keras.log"
    lines = [
        f"Epoch {step}/100\n"
        f"100/100 [==============================] - 1s 2ms/step - loss: {value:.4f} - accuracy: 0.5120\n"
        for step, value in rows
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path


READER = Reader("keras-text", "Keras progress output", _sniff, _read, _write_sample)
