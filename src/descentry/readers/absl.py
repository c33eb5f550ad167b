"""Logs of absl and CLU's metric writers, as JAX, Flax and AlgoPerf code prints them.

## What it is

Lines of absl logging (`I0307 15:14:57.543774 …`) in which a metric writer (CLU's `LoggingWriter`)
or AlgoPerf's submissions log a step and its metrics.

## How it is recognised

Lines with absl's prefix and then `[STEP] name=X, …` or `STEP) name = X, …`. They are looked for in
the first 2 MiB, because the processes of a launch warn much before they train.

## What is read

Every metric under its own name. Where the writer and the submission both log one (with six digits
and with three), the writer's is read.

## Limits

absl's times have no year, so points have no times. Results that are printed as a Python dictionary
repeat what the writer logs and are not read.

## Example

```text
I0315 19:17:48.257105 139621211637504 logging_writer.py:48] [0] grad_norm=2.37211, loss=0.770778
I0315 19:17:48.769436 139646048994496 submission.py:265] 0) loss = 0.771, grad_norm = 2.372
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import COUNT, NUMBER, log_lines, number, score

_LINE = Pattern(
    rf"^(?:\S+ )?[IWEF]\d{{4}} [\d:.]+ +\d+ \S+\] (?:\[({COUNT})\] (?=\S+?=)|({COUNT})\) (?=\S+ = ))"
)
_PAIR = Pattern(rf"([^\s=,]{{1,120}}) ?= ?({NUMBER})(?=,|\s*$)")


def _sniff(source: Source) -> float:
    return score(source, "] ", lambda line: (found := _LINE.match(line)) and _PAIR.match(line, found.end()))


def _read(source: Source) -> list[Draft]:
    written, printed = Collector(), Collector()
    for row, line in log_lines(source, written.gaps):
        if "=" not in line or not (found := _LINE.match(line)):
            continue
        pairs = [
            (name, value)
            for name, text in _PAIR.findall(line, found.end())
            if (value := number(text)) is not None
        ]
        if found[1] is not None:
            written.add(row, [pair for pair in pairs if pair[0] != "global_step"], step=int(found[1]))
        else:
            printed.add(row, pairs, step=int(found[2]))
    draft = written.draft()
    names = {track.name for track in draft.tracks}
    draft.tracks += [track for track in printed.draft().tracks if track.name not in names]
    return [draft]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "train.log"
    lines = [
        f"I0315 19:17:48.257105 139621211637504 logging_writer.py:48] [{step}] global_step={step}, "
        f"grad_norm=2.37211, loss={value:.6g}\n"
        f"I0315 19:17:48.769436 139646048994496 submission.py:265] {step}) loss = {value:.3f}, "
        "grad_norm = 2.372\n"
        for step, value in rows
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path


READER = Reader("absl", "absl and CLU text log", _sniff, _read, _write_sample)
