"""Another learning rate, at once or by a schedule."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from descentry.core.data import Remedy
from descentry.trials._fork import Fork
from descentry.trials._training import Training
from descentry.trials.changes._entry import Change, Variant

FURTHER = math.sqrt(10)  # half a decade beyond what was advised: advice errs by that much
WARMED = 0.5  # of the trial, where the advised warm-up is longer than that


def _variants(remedy: Remedy, fork: Fork) -> Sequence[Variant]:
    factor = fork.factor(remedy.change)
    word = "lowering" if factor < 1 else "raising"
    beyond = factor / FURTHER if factor < 1 else factor * FURTHER

    def at(factor: float, id: str) -> Variant:
        return Variant(
            f"{word} the rate to {fork.rate * factor:.2g}", lambda training: training.scale_rate(factor), id
        )

    return [at(factor, ""), at(beyond, "further")]


class Schedule:
    """Sets the rate before each step; a copy of the optimizer gets a copy of it, which counts by itself."""

    def __init__(self, groups: Sequence[dict[str, Any]], factor: Callable[[int], float]) -> None:
        self.rates = [float(group["lr"]) for group in groups]
        self.factor = factor
        self.step = 0

    def __call__(self, optimizer: Any, *_: Any) -> None:
        """As a hook before the optimizer's step."""
        for group, rate in zip(optimizer.param_groups, self.rates, strict=False):
            group["lr"] = rate * self.factor(self.step)
        self.step += 1


def scheduled(training: Training, factor: Callable[[int], float]) -> None:
    """Multiplies the present rates by ``factor(step)``."""
    groups = training.optimizer.param_groups
    for group in groups:
        training.set({"lr": float(group["lr"])}, group)  # put back by undoing this
    training.before_step(Schedule(groups, factor))


CHANGE = Change(("lower-lr", "raise-lr"), _variants)
