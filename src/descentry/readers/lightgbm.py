"""LightGBM's evaluation log.

## What it is

What LightGBM prints each boosting round: the `log_evaluation` callback of its Python and R
packages, and its command line.

## How it is recognised

Lines `[ROUND]` followed by `data's metric: X` pairs, or `Iteration:ROUND, data metric : X`.

## What is read

Every pair under its own name (`training's l2`, `valid_1's auc` …), of cross-validation the mean;
from the command line as `training l2`. The step is the round.

## Limits

The standard deviations of cross-validation are not read. The line after `best iteration is:`
repeats an earlier round and is left out.

## Example

```text
[1]     training's l2: 0.542132 valid_1's l2: 0.610427
[2]     training's l2: 0.419773 valid_1's l2: 0.503181
[LightGBM] [Info] Iteration:3, training l2 : 0.401254
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import COUNT, NUMBER, log_lines, number, score

_ROUND = Pattern(rf"^\[({COUNT})\]:?\s+(?=[^\t:]{{1,80}}'s )|^\[LightGBM\] \[Info\] Iteration: ?({COUNT}), ")
_PAIR = Pattern(rf"([^\t:]{{1,80}}?) ?: ?({NUMBER})(?![\w.])[^\t]*\t?")


def _sniff(source: Source) -> float:
    return score(source, "]", _ROUND.match, 0.95)


def _read(source: Source) -> list[Draft]:
    log = Collector()
    repeated = False
    for row, line in log_lines(source, log.gaps):
        if line.startswith("[") and not repeated and (found := _ROUND.match(line)):
            pairs = [
                (name.strip(), value)
                for name, text in _PAIR.findall(line, found.end())
                if (value := number(text)) is not None
            ]
            log.add(row, pairs, step=int(found[1] or found[2]))
        repeated = "best iteration is" in line.lower()
    return [log.draft(step_name="round")]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "lightgbm.log"
    path.write_text(
        "".join(f"[{step}]\ttraining's l2: {value:.6g}\n" for step, value in rows), encoding="utf-8"
    )
    return path


READER = Reader("lightgbm", "LightGBM evaluation log", _sniff, _read, _write_sample)
