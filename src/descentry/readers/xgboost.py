"""XGBoost's evaluation log.

## What it is

What `xgboost.train(evals=…)`, the scikit-learn wrappers with `verbose=True`, the command line and
SageMaker's container print each boosting round.

## How it is recognised

Lines `[ROUND]` followed by `data-metric:X` pairs.

## What is read

Every pair under its own name (`train-rmse`, `validation_0-logloss` …); of cross-validation (`X+S`)
the mean. The step is the round.

## Limits

The standard deviations of cross-validation are not read. The line after `Best iteration:` repeats
an earlier round and is left out.

## Example

```text
[0]     train-rmse:0.54213      eval-rmse:0.61042
[1]     train-rmse:0.41977      eval-rmse:0.50318
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import COUNT, NUMBER, log_lines, number, score

_NAME = r"[^\s:]{1,80}-[^\s:]{1,80}"
_ROUND = Pattern(rf"^(?:\[[^\]]{{1,80}}\] ?)?\[({COUNT})\](?=\s{{1,4}}{_NAME}:{NUMBER})")
_PAIR = Pattern(rf"({_NAME}):({NUMBER})(?=[\s+]|$)")


def _sniff(source: Source) -> float:
    return score(source, "]", lambda line: _ROUND.match(_with_tabs(line)))


def _with_tabs(line: str) -> str:
    return line.replace("#011", "\t")  # as SageMaker writes them


def _read(source: Source) -> list[Draft]:
    log = Collector()
    repeated = False
    for row, line in log_lines(source, log.gaps):
        text = _with_tabs(line)
        if text.startswith("[") and not repeated and (found := _ROUND.match(text)):
            pairs = _PAIR.findall(text, found.end())
            log.add(
                row,
                [(name, value) for name, text in pairs if (value := number(text)) is not None],
                step=int(found[1]),
            )
        repeated = "Best iteration" in line
    return [log.draft(step_name="round")]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "xgboost.log"
    path.write_text("".join(f"[{step}]\ttrain-rmse:{value:.5f}\n" for step, value in rows), encoding="utf-8")
    return path


READER = Reader("xgboost", "XGBoost evaluation log", _sniff, _read, _write_sample)
