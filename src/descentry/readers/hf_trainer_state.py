"""The `trainer_state.json` of the Hugging Face Trainer.

## What it is

`transformers.Trainer` saves its state with every checkpoint; `log_history` in it holds every log since the
start of the run.

## How it is recognised

A JSON object with a `log_history`.

## What is read

`loss`, `grad_norm`, `learning_rate` and all `eval_` metrics by `step`, which counts optimizer updates. The
summary that the Trainer adds at the end (`train_runtime`, the mean `train_loss`) and its settings are kept
with the run and are no points.

## Limits

`loss` is the mean since the log before, so a spike within `logging_steps` is blunted. A checkpoint's state
ends where the checkpoint was saved. A document that is cut short is refused.

## Example

```json
{"global_step": 1000, "max_steps": 12030, "log_history": [
  {"epoch": 1.24, "grad_norm": 2.1, "learning_rate": 4.8e-05, "loss": 1.9217, "step": 500},
  {"epoch": 1.24, "eval_loss": 1.8754, "eval_runtime": 5.7, "step": 500}]}
```
"""

from __future__ import annotations

import json
from pathlib import Path

from descentry.core.data import Gap
from descentry.core.errors import NoCurveError
from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._records import document, flatten, number, settings
from descentry.readers._source import Source


def _sniff(source: Source) -> float:
    text = source.text.lstrip()
    return 0.95 if source.is_text and text.startswith("{") and '"log_history"' in text else 0.0


def _read(source: Source) -> list[Draft]:
    state = document(source)
    history = state.get("log_history") if isinstance(state, dict) else None
    if not isinstance(history, list) or not history:
        raise NoCurveError(
            "its log_history is empty",
            where=source.name,
            how="Has the Trainer logged yet? See logging_steps.",
        )
    log = Collector()
    log.config = settings(state)
    broken = 0
    for row, entry in enumerate(history):
        step = number(entry.get("step")) if isinstance(entry, dict) else None
        if step is None or not abs(step) < 2**53:
            broken += 1
        elif "train_runtime" in entry:
            log.config.update(
                {name: value for name, value in flatten(entry) if name not in {"step", "epoch"}}
            )
        else:
            log.add(row, (pair for pair in flatten(entry) if pair[0] != "step"), step=int(step))
    if not len(log):
        raise NoCurveError("its log_history holds no metric", where=source.name)
    if broken:
        log.gaps.append(
            Gap(
                "unreadable-entries",
                f"entries of log_history passed over for want of a step: {broken:,}",
                broken,
            )
        )
    return [log.draft()]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "trainer_state.json"
    history = [
        {"epoch": i / 8, "learning_rate": 5e-5, "loss": value, "step": step}
        for i, (step, value) in enumerate(rows)
    ]
    summary = {"epoch": len(rows) / 8, "step": rows[-1][0], "train_loss": 2.5, "train_runtime": 60.0}
    state = {
        "global_step": rows[-1][0],
        "log_history": [*history, summary],
        "max_steps": 1000,
        "train_batch_size": 8,
    }
    path.write_text(json.dumps(state, indent=2), encoding="utf-8")
    return path


READER = Reader(
    "hf-trainer-state",
    "trainer_state.json of the Hugging Face Trainer",
    _sniff,
    _read,
    _write_sample,
    exempt={"truncated": "a JSON document that is cut short is refused, not guessed at"},
)
