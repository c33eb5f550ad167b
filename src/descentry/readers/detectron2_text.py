"""Detectron2 and maskrcnn-benchmark text logs.

## What it is

The `log.txt` of Detectron2, and what it prints, with or without colours; maskrcnn-benchmark's lines
are of the same make.

## How it is recognised

Lines with `iter: N`, two blanks, and then a loss: `iter: 19  total_loss: 0.14  loss_cls: 0.05 …`.

## What is read

Every `name: number` of those lines (for maskrcnn-benchmark the median, which stands before the mean
in brackets); the step is the iteration. Evaluation results from the `copypaste:` lines as `TASK/AP`
and so on, at the last iteration before them.

## Limits

Detectron2 prints medians over 20 iterations, not the loss of one batch. Its times have no year, so
points have no times.

## Example

```text
[11/18 14:20:37 d2.utils.events]:  eta: 21:48:59  iter: 19  total_loss: 0.1409  loss_cls: 0.0522  lr: 0.01019
[11/18 14:59:01 d2.evaluation.testing]: copypaste: Task: bbox
[11/18 14:59:01 d2.evaluation.testing]: copypaste: AP,AP50,AP75
[11/18 14:59:01 d2.evaluation.testing]: copypaste: 19.5844,34.7531,19.6923
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import COUNT, NUMBER, log_lines, number, score

_ITER = Pattern(rf"\biter: ({COUNT})  (?=.{{0,400}}loss)")
_PAIR = Pattern(rf"([A-Za-z_][^\s:]{{0,80}}): ({NUMBER})(?![\w.:])")
_COPYPASTE = "copypaste: "


def _sniff(source: Source) -> float:
    return score(source, "iter: ", _ITER.search)


def _read(source: Source) -> list[Draft]:
    log = Collector()
    step, task, columns = 0, "", list[str]()
    for row, line in log_lines(source, log.gaps):
        if "iter: " in line and (found := _ITER.search(line)):
            step = int(found[1])
            pairs = _PAIR.findall(line, found.end())
            log.add(
                row, [(name, value) for name, text in pairs if (value := number(text)) is not None], step=step
            )
        elif _COPYPASTE in line:
            text = line.partition(_COPYPASTE)[2]
            values = [number(cell) for cell in text.split(",")]
            if text.startswith("Task: "):
                task = text.removeprefix("Task: ").strip()
            elif all(value is None for value in values):
                columns = [f"{task}/{name.strip()}" for name in text.split(",")]
            elif len(values) == len(columns):
                log.add(
                    row,
                    [(name, value) for name, value in zip(columns, values, strict=True) if value is not None],
                    step=step,
                )
    return [log.draft(step_name="iteration")]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "log.txt"
    lines = [
        f"\x1b[32m[11/18 14:20:37 d2.utils.events]: \x1b[0m eta: 21:48:59  iter: {step}  "
        f"total_loss: {value:.4g}  time: 0.6964  data_time: 0.3743  lr: 0.01019  max_mem: 11811M\n"
        for step, value in rows
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path


READER = Reader("detectron2-text", "Detectron2 text log", _sniff, _read, _write_sample)
