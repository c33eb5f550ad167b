"""nanoGPT text logs.

## What it is

What nanoGPT and the many scripts that grew out of it print: a line each `log_interval` iterations,
and one at each evaluation.

## How it is recognised

Lines `iter N: loss X` and `step N: train loss X, val loss Y`, behind any prefix such as `[train]`.

## What is read

`loss` of the iterations; `train loss` and `val loss` of the evaluations (also where the line says
only `train` and `val`); `lr` and the gradient norm where they are printed. The step is the
iteration.

## Limits

Times and the model FLOPs utilisation are not read. `train loss` is a mean over evaluation batches,
and not the `loss` of the batch of that step.

## Example

```text
step 0: train loss 10.9873, val loss 10.9897
iter 0: loss 10.9886, time 38218.63ms, mfu -100.00%
[train] iter 10: loss 8.8782 2905 ms/iter
[eval] iter 500: train 3.7095 val 3.6459 lr 3.00e-04
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import COUNT, NUMBER, log_lines, number, score

_STEP = Pattern(rf"(?:^|[\s\])|])(?:iter|step) ({COUNT}): *(?=(?:train|val|loss)\b)")
_PAIR = Pattern(
    r"\b(train loss|val loss|loss|train|val|lr|learning rate|norm|grad norm|grad_norm)"
    rf" {{0,2}}:? {{1,4}}({NUMBER})(?![\w.])"
)
_NAMES = {"train": "train loss", "val": "val loss"}


def _sniff(source: Source) -> float:
    return score(source, ": ", lambda line: (found := _STEP.search(line)) and _PAIR.search(line, found.end()))


def _read(source: Source) -> list[Draft]:
    log = Collector()
    for row, line in log_lines(source, log.gaps):
        found = _STEP.search(line) if "iter " in line or "step " in line else None
        if found:
            pairs = _PAIR.findall(line, found.end())
            log.add(
                row,
                [
                    (_NAMES.get(name, name), value)
                    for name, text in pairs
                    if (value := number(text)) is not None
                ],
                step=int(found[1]),
            )
    return [log.draft()]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "train.log"
    lines = [f"iter {step}: loss {value:.4f}, time 135.25ms, mfu 31.20%\n" for step, value in rows]
    path.write_text("".join(["number of parameters: 123.59M\n", *lines]), encoding="utf-8")
    return path


READER = Reader("nanogpt", "nanoGPT text log", _sniff, _read, _write_sample)
