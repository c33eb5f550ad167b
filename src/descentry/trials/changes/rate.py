"""Another learning rate, at once or by a schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from descentry.core.data import Remedy
from descentry.trials._fork import Fork
from descentry.trials._training import Training
from descentry.trials.changes._entry import Change, Variant

# Advice errs by half a decade, and by more where it had nothing to go by than that the rate is wrong.
BEYOND = {"": 1.0, "further": 10**0.5, "far": 10**1.5}
WARMED = 0.5  # of the trial, where the advised warm-up is longer than that


def _variants(remedy: Remedy, fork: Fork) -> Sequence[Variant]:
    factor = fork.factor(remedy.change)
    word = "lowering" if factor < 1 else "raising"

    def at(factor: float, id: str) -> Variant:
        return Variant(
            f"{word} the rate to {fork.rate * factor:.2g}", lambda training: training.scale_rate(factor), id
        )

    return [at(factor / b if factor < 1 else factor * b, id) for id, b in BEYOND.items()]


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
