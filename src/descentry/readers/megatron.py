"""Megatron-LM and Megatron-DeepSpeed text logs.

## What it is

The lines that Megatron-LM, Megatron-DeepSpeed and their descendants (NeMo's Megatron core,
bigscience) print every ``--log-interval`` iterations, fields between bars.

## How it is recognised

Lines that hold `iteration N/ M |` and a loss field. They are looked for in the first 2 MiB, because
the launcher of each process prints its own preamble.

## What is read

Every `name: number` field, under its own name; the step is the iteration. Lines `validation loss at
iteration N` become `validation lm loss` and the like, those `on test set` `test lm loss`.

## Limits

Iterations that Megatron skips (a NaN gradient, an overflow of the loss scale) print no loss: they
show only as `number of skipped iterations` and `number of nan iterations`. Timers (`time (ms) |
...`) are not read.

## Example

```text
 iteration       31/    1000 | learning rate: 1.495E-04 | lm loss: 1.162113E+01 | grad norm: 4.171 |
 validation loss at iteration 100 | lm loss value: 7.412890E+00 | lm loss PPL: 1.657206E+03 |
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import COUNT, log_lines, number, score

_TRAIN = Pattern(rf"\biteration +({COUNT})/ *\d+ *\|")
_EVALUATION = Pattern(rf"\b(valid(?:ation)?|test) loss at iteration ({COUNT})\b([^|]*)\|")


def _sniff(source: Source) -> float:
    return score(source, "iteration ", lambda line: _TRAIN.search(line) and "loss" in line, 0.95)


def _fields(line: str, start: int) -> list[tuple[str, float]]:
    fields = []
    for field in line[start:].split("|"):
        name, colon, text = field.rpartition(":")
        if colon and (value := number(text)) is not None:
            fields.append((name.strip(), value))
    return fields


def _read(source: Source) -> list[Draft]:
    log = Collector()
    for row, line in log_lines(source, log.gaps):
        if "iteration " not in line or "|" not in line:
            continue
        if found := _TRAIN.search(line):
            log.add(row, _fields(line, found.end()), step=int(found[1]))
        elif found := _EVALUATION.search(line):
            split = "test" if "test" in found[1] + found[3] else "validation"
            fields = _fields(line, found.end())
            log.add(
                row,
                [(f"{split} {name.removesuffix(' value')}", value) for name, value in fields],
                step=int(found[2]),
            )
    return [log.draft(step_name="iteration")]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "megatron.log"
    lines = [
        f" iteration {step:8d}/    1000 | consumed samples: {step * 1024:12d} | "
        f"elapsed time per iteration (ms): 125536.8 | learning rate: 1.500E-04 | global batch size:  1024 | "
        f"lm loss: {value:.6E} | loss scale: 12.0 | grad norm: 4.171 | "
        f"number of skipped iterations:   0 | number of nan iterations:   0 |\n"
        for step, value in rows
    ]
    path.write_text("".join(["using world size: 16\n", *lines]), encoding="utf-8")
    return path


READER = Reader("megatron", "Megatron-LM text log", _sniff, _read, _write_sample)
