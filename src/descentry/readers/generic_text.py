"""Text logs of any other make.

## What it is

What training scripts print in words of their own: `Train Epoch: 1 [640/60000 (1%)]  Loss: 2.1`,
`Epoch [1/5], Step [100/600], Loss: 0.35`, lines of Python's logging, progress bars with `loss=0.5`,
fairseq, OpenNMT, MMDetection, and many more.

## How it is recognised

By at least two lines on which a known metric (a loss, an error, a score) stands with a number:
`name: X`, `name=X`, or, for known metrics, `name X`. Every particular format is asked first.

## What is read

All numbers with a name on lines that hold a metric or a counter. On lines that say they are about
validation or test data, that word goes before the name (`Test Average loss`). `9832/10000` behind
an accuracy is read as a fraction.

The step is, in this order: a counter that runs through the whole log (`step`, `iter`, `num_updates`
…); epoch and place in the epoch together, where the log says how long an epoch is; the epoch; the
order of the points. Lines without a counter take the step of the line before.

Where no metric has a name that is known, in one of a dozen languages, up to three names that stand with a
counter on most lines are taken for metrics (`it=20 L=0.31`), and so is a tensor that has no name.

## Limits

A number with a unit (`12.5ms`) or with a decimal comma is not read. The running mean in brackets
behind a value is not read. Progress bars that start over without naming an epoch are taken for
epochs of one run.

## Example

```text
Train Epoch: 1 [640/60000 (1%)] Loss: 2.134925
2024-05-01 12:00:00,123 - INFO - Epoch [1/5], Step [100/600], Loss: 0.3512
Epoch 2:  10%|█         | 47/469 [00:01<00:12, 33.3it/s, loss=0.4125]
```
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from descentry.core import metrics
from descentry.core.data import Gap
from descentry.core.errors import NoCurveError, listed
from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pairs import Line, PairFinder
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._steps import settle
from descentry.readers._text import LONG, log_lines

OFTEN, FEW = 8, 3

# Words that some metric has in it; what they miss is not recognised beyond the head of the log.
_LIKELY = Pattern(r"loss|acc|err|nll|ppl|perplexity|reward|return|score|mse|mae|auc|f1|bleu", re.IGNORECASE)


def _sniff(source: Source) -> float:
    if source.is_folder or not source.is_text:
        return 0.0
    find = PairFinder()
    measured = [
        said for line in source.head_lines if len(line) <= LONG and (said := find(line)) and said.metric
    ]
    if len(measured) < 2 and source.size > len(source.head):
        likely = (line for line in source.opening_lines if len(line) <= LONG and _LIKELY.search(line))
        measured = [said for line in likely if (said := find(line)) and said.metric]
    if len(measured) >= 2:
        return 0.3 if any(said.counted for said in measured) else 0.2
    # A last resort for a file that the user names: reading it says what it holds instead of a curve.
    return 0.05 if any(find(line) for line in source.head_lines if len(line) <= LONG) else 0.0


def _read(source: Source) -> list[Draft]:
    log = Collector()
    find = PairFinder()
    lines: list[Line] = []
    rows: list[int] = []
    passed: dict[str, None] = {}
    unknown: dict[str, list[Line]] = {}
    epoch = None
    for row, text in log_lines(source, log.gaps):
        said = find(text)
        if said is None:
            continue
        if said.metric is None and not said.counted:
            if len(passed) < 100:
                passed.update(dict.fromkeys(said.values))
            continue
        if not said.counted and not said.scope and lines and lines[-1].scope:
            said.inherit(lines[-1].scope)  # "* Acc@1 70.1" below the lines of the validation
        log.add(row, said.values)
        if said.metric is None:
            for name in said.values:
                unknown.setdefault(name, []).append(said)
        if said.counters:
            log.add(row, said.counters)
        if said.epoch is not None and said.epoch != epoch:
            epoch = said.epoch
            log.add(row, {"epoch": epoch})
        said.values = {}
        lines.append(said)
        rows.append(row)
    if all(line.metric is None for line in lines) and not _take(unknown, len(lines)):
        _refuse(source.name, [*passed, *(track.name for track in log.draft().tracks)])
    steps, name = settle(lines)
    draft = log.draft(step_name=name)
    if steps is not None:
        at, step = np.array(rows), np.array(steps, dtype=np.int64)
        for track in draft.tracks:
            track.step = step[np.searchsorted(at, np.arange(0) if track.row is None else track.row)]
        draft.tracks = [track for track in draft.tracks if track.name != name]
        if name == "row":
            draft.gaps.append(
                Gap("no-step", "the log does not count steps: points are numbered in their order")
            )
    return [draft]


def _take(unknown: dict[str, list[Line]], lines: int) -> bool:
    """Takes for metrics what no metric is called: a few names that stand with a counter again and again."""
    likely = {
        name: said
        for name, said in unknown.items()
        if metrics.kind(name) == "other" and len(said) >= max(OFTEN, lines / 2)
    }
    if not 1 <= len(likely) <= FEW:
        return False
    for name, said in likely.items():
        for line in said:
            line.metric = line.metric or (name, 0.0)
    return True


def _refuse(where: str, names: list[str]) -> None:
    found = list(dict.fromkeys(names))
    raise NoCurveError(
        "it holds numbers, but no loss, error or score",
        where=where,
        how=f"Found: {listed(found)}.\nLog the loss as `loss: VALUE` beside its step, or as a CSV column.",
        found=found,
    )


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "train.log"
    lines = [
        f"2024-05-01 12:00:00,123 - INFO - Step [{step}/600], Loss: {value:.4f}, Time: 0.12s\n"
        for step, value in rows
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path


READER = Reader("generic-text", "Text log with `name: value` lines", _sniff, _read, _write_sample, most=0.3)
