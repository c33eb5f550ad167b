"""Which recipes fit which task. Each trains it and does one known thing to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks._events import (
    augmented_first,
    augmented_later,
    bad_batches,
    labels_mended,
    labels_spoilt,
    layer_reset,
    paused,
    rate_cut,
    rate_raised,
    saddle,
)
from benchmarks._failures import (
    climbs,
    dead_start,
    diverges,
    diverges_later,
    frozen,
    frozen_full,
    nan_batch,
    overflows,
)
from benchmarks._falls import (
    accuracy,
    adam,
    averaged,
    endless,
    few_examples,
    full_batch,
    long_after,
    small_batches,
    small_batches_early,
    stopped_early,
    too_slow,
    too_slow_noisy,
    validated,
)
from benchmarks._lab import Lab
from benchmarks._nouns import Sketch
from benchmarks._swings import alternating, cyclic_rate, edge, momentum_swings, sorted_data
from benchmarks._tasks import Bandit, Function, Net, Task

Recipe = Callable[[Lab], Sketch]

_ANY: Sequence[Recipe] = (
    full_batch, stopped_early, small_batches, small_batches_early, averaged, long_after, adam, too_slow,
    too_slow_noisy, paused, rate_cut, rate_raised, layer_reset, bad_batches, nan_batch, frozen,
)  # fmt: skip


def recipes(task: Task) -> Sequence[Recipe]:
    """What can be done to this task."""
    chosen = list(_ANY)
    if isinstance(task, Bandit):
        chosen.remove(nan_batch)
        return chosen
    chosen += [edge, momentum_swings, cyclic_rate, sorted_data, frozen_full, augmented_later, augmented_first]
    chosen += [alternating, alternating, bad_batches, paused, paused, edge, too_slow, too_slow_noisy]
    if isinstance(task, Function):
        return [*chosen, diverges, diverges_later, overflows, endless]
    assert isinstance(task, Net)
    chosen += [labels_spoilt, labels_mended, labels_mended, validated]
    if task.head == "softmax":
        chosen += [climbs, accuracy, few_examples, climbs, few_examples, few_examples]
    else:
        chosen += [diverges, diverges_later, overflows, diverges]
    if task.hidden:
        chosen += [dead_start, few_examples, few_examples]
    if task.hidden and task.head == "mse":
        chosen += [saddle] * 4
    return chosen
