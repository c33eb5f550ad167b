"""MXNet text logs.

## What it is

What MXNet's `Module.fit` logs through `Speedometer`: a line every few batches, and one at the end
of each epoch.

## How it is recognised

Lines that hold `Epoch[N]` and then `Train-NAME=X`, `Validation-NAME=X` or, in newer versions,
`Batch [N] Speed: …` with `NAME=X`.

## What is read

Every `NAME=X`, under its own name. Points are numbered in their order (`row`): MXNet counts batches
from 0 in every epoch and does not say how many there are. A validation line belongs to the last
training line before it.

## Limits

Steps are not optimizer updates, but counts of logged points. Time cost and speed are not read.

## Example

```text
INFO:root:Epoch[0] Batch [50]   Speed: 707.55 samples/sec   Train-accuracy=0.198750
INFO:root:Epoch[0] Time cost=71.631
INFO:root:Epoch[0] Validation-accuracy=0.413786
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.core.data import Gap
from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import COUNT, NUMBER, PointCounter, log_lines, number, score

_PLACE = Pattern(rf"Epoch\[({COUNT})\] (?:Batch ?\[(?:\d+-)?({COUNT})\])?(?!Time cost)")
_PAIR = Pattern(rf"([A-Za-z][\w-]{{0,80}})=({NUMBER})(?![\w.])")


def _sniff(source: Source) -> float:
    return score(
        source, "Epoch[", lambda line: (found := _PLACE.search(line)) and _PAIR.search(line, found.end())
    )


def _read(source: Source) -> list[Draft]:
    log = Collector()
    points = PointCounter()
    last: tuple[float, float] | None = None
    point = 0
    for row, line in log_lines(source, log.gaps):
        if "Epoch[" not in line or not (found := _PLACE.search(line)):
            continue
        pairs = [
            (name, value)
            for name, text in _PAIR.findall(line, found.end())
            if (value := number(text)) is not None
        ]
        if not pairs:
            continue
        epoch, batch = int(found[1]), float(found[2] or "inf")
        if found[2] is None and pairs[0][0].startswith("Validation"):
            point = points.now(epoch)
        elif (epoch, batch) != last:
            # Each metric has a line of its own: those of one batch share their point.
            point = points.at(epoch, batch)
        last = (epoch, batch)
        log.add(row, pairs, step=point)
    log.gaps.append(Gap("no-step", "the log does not count steps: points are numbered in their order"))
    return [log.draft(step_name="row")]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "mxnet.log"
    lines = [
        f"INFO:root:Epoch[0] Batch [{step}]\tSpeed: 707.55 samples/sec\tTrain-cross-entropy={value:.6f}\n"
        for step, value in rows
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path


READER = Reader(
    "mxnet",
    "MXNet text log",
    _sniff,
    _read,
    _write_sample,
    exempt={"steps": "MXNet starts its count of batches anew in every epoch, so points are numbered instead"},
)
