"""What the Hugging Face Trainer prints.

## What it is

The dictionaries that `transformers.Trainer` (and TRL, and others built on it) prints at every
logging step and evaluation, most often caught with `> train.log` among progress bars and warnings.

## How it is recognised

Dictionaries in Python's notation with a quoted `loss`, `eval_loss` or `train_loss` and an `epoch`:
`{'loss': 0.5, …, 'epoch': 0.1}`.

## What is read

Every number in them, under its own name; also numbers in quotes, and those wrapped in `tensor(…)`
or `np.float64(…)`, which some versions print. The dictionaries are taken apart by pattern and never
evaluated.

## Limits

The dictionaries do not say the step, only the epoch, as a fraction. Points are numbered in their
order (`row`), or by epoch where every epoch is a whole number. A second launch in the same file is
seen by its epochs. `trainer_state.json`, which the Trainer saves beside its checkpoints, has the
steps: read that where it is there.

## Example

```text
{'loss': 0.6931, 'grad_norm': 1.25, 'learning_rate': 4.5e-05, 'epoch': 0.1}
{'eval_loss': 0.5012, 'eval_runtime': 12.5, 'epoch': 0.1}
{'train_runtime': 310.2, 'train_loss': 0.4417, 'epoch': 3.0}
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.core.data import Gap
from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import NUMBER, PointCounter, log_lines, number, score

_DICT = Pattern(r"\{'[^{}]{0,4000}'epoch': [^{}]{1,400}\}")
_PAIR = Pattern(
    rf"'([^'{{}}]{{1,120}})': ?'?(?:(?:tensor|(?:np\.|numpy\.)?float\d{{2}})\()?({NUMBER})(?=[,}}')])"
)


def _sniff(source: Source) -> float:
    return score(source, "'epoch': ", lambda line: (found := _DICT.search(line)) and "loss'" in found[0])


def _read(source: Source) -> list[Draft]:
    log = Collector()
    records: list[tuple[int, str, dict[str, float]]] = []
    for row, line in log_lines(source, log.gaps):
        if "'epoch': " in line and (found := _DICT.search(line)):
            values = {
                name: value for name, text in _PAIR.findall(found[0]) if (value := number(text)) is not None
            }
            records.append((row, found[0], values))
    epochs = [values.get("epoch", float("nan")) for _, _, values in records]
    if all(epoch.is_integer() and abs(epoch) < 2**53 for epoch in epochs):
        for row, _, values in records:
            log.add(row, values, step=int(values["epoch"]))
        return [log.draft(step_name="epoch")]
    log.gaps.append(
        Gap("no-step", "the log says epochs as fractions and no steps: points are numbered in their order")
    )
    for step, (row, _, values) in zip(_numbered(records), records, strict=True):
        log.add(row, values, step=step)
    return [log.draft(step_name="row")]


def _numbered(records: list[tuple[int, str, dict[str, float]]]) -> list[int]:
    """The number of each record: one more each time, and back to an earlier one where the epoch goes back."""
    points = PointCounter()
    steps: list[int] = []
    last, same, before = -1.0, 0, ""
    for _, text, values in records:
        if text == before:
            steps.append(steps[-1])  # printed by two processes
            continue
        epoch = values.get("epoch", last)
        same = same + 1 if epoch == last else 0
        steps.append(points.at(epoch, same))
        last, before = epoch, text
    return steps


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "train.log"
    lines = [
        f"{{'loss': {value}, 'grad_norm': 1.25, 'learning_rate': 5e-05, 'epoch': {float(step)}}}\n"
        for step, value in rows
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path


READER = Reader("huggingface-text", "Hugging Face Trainer output", _sniff, _read, _write_sample)
