"""Boxes of names and values: the tables that reinforcement learning prints.

## What it is

What Stable-Baselines3 prints to the terminal (its `HumanOutputFormat`), and OpenAI Baselines, Spinning Up,
rsl-rl and garage before and after it: every few updates a box with a name and a value on each line.

## How it is recognised

By two lines or more of the form `| name | value |` with a number for the value, in a text where lines of
dashes part one box from the next.

## What is read

The numbers of each box, by the counter in it: `total_timesteps` or its like, else updates or iterations,
else epochs. These are steps of the environment where they are to be had, since all of these tools count them.
Headings (`| rollout/ | |`) go before the names of the lines that are indented below them:
`rollout/ep_rew_mean`. Values with a unit are left out.

## Limits

A name that the table cuts short (`explained_varian…`) stays cut. Times are not read. A last box that no line
of dashes closes is left out.

## Example

```text
----------------------------------
| rollout/           |           |
|    ep_len_mean     | 195       |
|    ep_rew_mean     | 195.32    |
| time/              |           |
|    total_timesteps | 51200     |
----------------------------------
```
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from descentry.core import metrics
from descentry.core.data import Gap
from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import NUMBER, log_lines, number

_LINE = Pattern(r"^\s*\|( *)(\S(?:[^|]*[^|\s])?) *\| *([^|]*?) *\|\s*$")
_RULE = Pattern(r"^\s*[-+=]{6,}\s*$")
_VALUE = Pattern(NUMBER)
_ENVIRONMENT = {"total_timesteps", "timesteps", "totalenvinteracts", "total_env_interacts", "total_env_steps"}
_SEEN = 400  # lines of the head that are looked at


def _sniff(source: Source) -> float:
    if source.is_folder or not source.is_text or "|" not in source.text:
        return 0.0
    rules = lines = counted = 0
    for line in source.head_lines:
        if _RULE.match(line):
            rules += 1
        elif (found := _LINE.match(line)) and _VALUE.fullmatch(found[3]):
            lines += 1
            counted += _rank(found[2]) is not None
        if lines >= _SEEN:
            break
    return 0.8 if rules >= 2 and lines >= 2 and counted else 0.0


def _read(source: Source) -> list[Draft]:
    gaps: list[Gap] = []
    boxes = list(_boxes(source, gaps))
    counter = _counter([box for _, box in boxes])
    log = Collector()
    log.gaps = gaps
    for row, box in boxes:
        step = box.pop(counter, None) if counter else None
        if not counter or step is not None:
            log.add(row, box, step=None if step is None else int(step))
    return [log.draft(step_name=counter.rpartition("/")[2] or "row")]


def _boxes(source: Source, gaps: list[Gap]) -> Iterator[tuple[int, dict[str, float]]]:
    """The numbers of each box, and the line it starts at."""
    heading, at = "", 0
    box: dict[str, float] = {}
    for row, line in log_lines(source, gaps):
        if _RULE.match(line):
            if box:
                yield at, box
            heading, box = "", {}
            continue
        found = _LINE.match(line)
        if found is None:
            continue
        indent, name, cell = found[1], found[2], found[3]
        if not cell and name.endswith("/"):
            heading = name
        elif _VALUE.fullmatch(cell) and (value := number(cell)) is not None:
            at = at if box else row
            box[f"{heading}{name}" if heading and len(indent) > 1 else name] = value
    if box:
        gaps.append(Gap("truncated", "the last box is not closed: it is cut short, and is not read"))


def _counter(boxes: list[dict[str, float]]) -> str:
    """The name that counts in most of the boxes: environment steps before updates, those before epochs."""
    held = Counter(
        name for box in boxes for name, value in box.items() if value % 1 == 0 and abs(value) < 2**62
    )
    usual = [name for name, count in held.items() if count >= len(boxes) / 2]
    counting = [(rank, name) for name in usual if (rank := _rank(name)) is not None]
    return min(counting, default=(0, ""))[1]


def _rank(name: str) -> int | None:
    plain = "_".join(metrics.words(name.rpartition("/")[2]))
    return -1 if plain in _ENVIRONMENT else metrics.step_rank(plain)


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "train.txt"
    rule = "-" * 41 + "\n"
    boxes = [
        f"{rule}| train/                |               |\n|    loss               | {value!r:<13} |\n"
        f"|    total_timesteps    | {step:<13} |\n{rule}"
        for step, value in rows
    ]
    path.write_text("".join(boxes), encoding="utf-8")
    return path


READER = Reader(
    "boxed-text",
    "boxes of names and values (Stable-Baselines3, Baselines, Spinning Up)",
    _sniff,
    _read,
    _write_sample,
    most=0.8,
)
