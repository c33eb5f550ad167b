"""CatBoost's training output.

## What it is

What CatBoost prints while it fits: a line for each tree, or for every `metric_period`-th.

## How it is recognised

Lines `N:`, a tab, then `learn: X` or `test: X`.

## What is read

`learn` and `test` (`test1`, `test2` … with several evaluation sets): the values of the loss
function or of `eval_metric`, which the log does not name. The step is the tree.

## Limits

The log does not say whether higher is better. `best`, the running best of `test`, is not read, nor
are times. The tables in `catboost_info` (`learn_error.tsv`) are read as CSV.

## Example

```text
Learning rate set to 0.029999
0:      learn: 0.6859   test: 0.6862    best: 0.6862 (0)        total: 56.1ms   remaining: 56s
1:      learn: 0.6791   test: 0.6795    best: 0.6795 (1)        total: 61.7ms   remaining: 30.8s
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import COUNT, NUMBER, log_lines, number, score

_TREE = Pattern(rf"^({COUNT}):\s+(?=(?:learn|test)\d*: )")
_PAIR = Pattern(rf"\b((?:learn|test)\d*): ({NUMBER})(?![\w.])")


def _sniff(source: Source) -> float:
    return score(source, ":\t", _TREE.match)


def _read(source: Source) -> list[Draft]:
    log = Collector()
    for row, line in log_lines(source, log.gaps):
        if found := _TREE.match(line):
            pairs = _PAIR.findall(line, found.end())
            log.add(
                row,
                [(name, value) for name, text in pairs if (value := number(text)) is not None],
                step=int(found[1]),
            )
    return [log.draft(step_name="tree")]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "catboost.log"
    lines = [f"{step}:\tlearn: {value:.7f}\ttotal: 56.1ms\tremaining: 56s\n" for step, value in rows]
    path.write_text("".join(["Learning rate set to 0.03\n", *lines]), encoding="utf-8")
    return path


READER = Reader("catboost", "CatBoost training output", _sniff, _read, _write_sample)
