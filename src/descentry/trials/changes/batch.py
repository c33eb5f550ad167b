"""Larger batches, by adding up the gradients of several."""

from __future__ import annotations

from collections.abc import Sequence

from descentry.core.data import Remedy
from descentry.instruments._probe import batch_size
from descentry.trials._fork import Fork
from descentry.trials._training import Cannot, Training
from descentry.trials.changes._entry import Change, Variant

MOST = 8  # times as large: each step of this arm costs as many gradients


def _variants(remedy: Remedy, fork: Fork) -> Sequence[Variant]:
    if fork.batches.single:
        raise Cannot("there is one batch only, so there is none to add to it")
    now = batch_size(fork.batches.training[0])
    change = remedy.change
    if "batch_factor" in change:
        count = round(float(change["batch_factor"]))
    elif now:
        count = round(float(change.get("batch_size", 0)) / now)
    else:
        raise Cannot("the size of a batch is not known")
    count = min(MOST, count)
    if count < 2:
        raise Cannot("the batches are as large already")

    def install(training: Training) -> None:
        before = training.accumulate
        training.accumulate = count
        training.on_undo(lambda: setattr(training, "accumulate", before))

    size = f"to {now * count:,}" if now else f"{count} times"
    return [
        Variant(
            f"enlarging the batch {size}",
            install,
            batches=count,
            by_hand=f"Make batches of the loader {count} times as large, or step once in {count} batches.",
        )
    ]


CHANGE = Change(("larger-batch",), _variants)
