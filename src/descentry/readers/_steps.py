"""Settles the steps of text logs of unknown make, from the counters that their lines name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from descentry.core import metrics
from descentry.readers._pairs import Line
from descentry.readers._text import PointCounter

# A counter that stands on fewer of the lines with a metric is about something else (checkpoints, warnings).
COVERAGE = 0.2


def settle(lines: Sequence[Line]) -> tuple[list[int] | None, str]:
    """The step of each line and what it counts; None where the lines count nothing."""
    training = [line for line in lines if line.trains]
    enough = max(1.0, COVERAGE * len(training))
    if (name := _running_counter(lines, enough)) is not None:
        return _carried([line.counters.get(name) for line in lines]), name
    if sum(line.batch is not None for line in training) >= enough:
        return _places(lines)
    if any(line.epoch is not None for line in lines):
        return _epochs(lines)
    return None, "row"


def _carried(steps: list[int | None]) -> list[int]:
    """Steps carried on to the lines that say none; the first of all is carried back to those before it."""
    last = next(step for step in steps if step is not None)
    filled = []
    for step in steps:
        last = last if step is None else step
        filled.append(last)
    return filled


def _running_counter(lines: Sequence[Line], enough: float) -> str | None:
    """The best named counter that does not start over with every epoch."""
    seen: Counter[str] = Counter()
    restarted: set[str] = set()
    last: dict[str, tuple[int, int]] = {}
    epoch = 0
    for line in lines:
        if line.epoch is not None:
            epoch = line.epoch
        for name, count in line.counters.items():
            before = last.get(name)
            if before is not None and count <= before[0] and epoch > before[1]:
                restarted.add(name)
            last[name] = (count, epoch)
            seen[name] += 1
    known = [
        (metrics.step_rank(name), name) for name, n in seen.items() if n >= enough and name not in restarted
    ]
    return min(known, key=lambda pair: 99 if pair[0] is None else pair[0], default=(0, None))[1]


def _places(lines: Sequence[Line]) -> tuple[list[int], str]:
    """Epoch and place within it together; numbered in order where the length of an epoch is not said."""
    placed = [line for line in lines if line.batch is not None and not line.scope]
    named = [line.epoch for line in placed if line.epoch is not None]
    measured_in_whole = all(line.batches for line in placed)
    first = epoch = min(1, min((line.epoch for line in lines if line.epoch is not None), default=0))
    through = len(set(named)) > 1 and not any(line.inside for line in placed) and not _restarts(placed)
    points = PointCounter()
    steps: list[int | None] = []
    before = 0
    for line in lines:
        epoch = epoch if line.epoch is None else line.epoch
        if line.batch is None or line.scope:
            steps.append(None)
            continue
        if not named and line.batch < before and line.batches and before >= line.batches / 2:
            epoch += 1  # a progress bar that was full and starts over
        before = line.batch
        if through:
            steps.append(line.batch)
        elif measured_in_whole:
            steps.append((epoch - first) * (line.batches or 0) + line.batch)
        else:
            steps.append(points.at(epoch, line.batch))
    name = "step" if through or measured_in_whole else "row"
    return _carried(steps), "sample" if any(line.samples for line in placed) else name


def _restarts(placed: Sequence[Line]) -> bool:
    """Whether the place goes back when the epoch moves on."""
    pairs = [(line.epoch, line.batch) for line in placed if line.epoch is not None and line.batch is not None]
    return any(b[0] > a[0] and b[1] <= a[1] for a, b in pairwise(pairs))


def _epochs(lines: Sequence[Line]) -> tuple[list[int], str]:
    """The epoch, or the order of the points where the same metric is logged several times in most epochs."""
    common = Counter(line.metric[0] for line in lines if line.metric is not None and not line.scope)
    main = common.most_common(1)[0][0] if common else ""
    points = PointCounter()
    epochs: list[int | None] = []
    numbers: list[int | None] = []
    place, last, repeats = (-1, 0), float("nan"), 0
    epoch: int | None = None
    for line in lines:
        epoch = epoch if line.epoch is None else line.epoch
        epochs.append(epoch)
        if epoch is None or line.metric is None or line.metric[0] != main:
            numbers.append(None)
            continue
        if epoch != place[0]:
            place = (epoch, 0)
        elif line.metric[1] != last:
            place = (epoch, place[1] + 1)
            repeats += 1
        last = line.metric[1]
        numbers.append(points.at(*place))
    if repeats > common[main] / 3:
        return _carried(numbers), "row"
    return _carried(epochs), "epoch"
