"""The watch on a training of the zoo, by a clock that makes its readings the same on any machine."""

from __future__ import annotations

import random

from torch import Tensor

from benchmarks.zoo.training import Training
from descentry.core.data import Run
from descentry.live._clock import VirtualClock
from descentry.live.watch import watch

# Seconds that a step counts as: the fewer, the more readings the advance of the watch pays for.
_STEPS = (1e-3, 1e-3, 3e-3, 3e-3, 1e-2)
_READING = 5e-4  # seconds that Python takes for a reading of a small model, whatever it reads


class Watched:
    """A watch at the overhead that users have, kept in memory and closed when it is read."""

    def __init__(self, training: Training) -> None:
        gradient = random.Random(training.spec.id).choice(_STEPS)
        clock = VirtualClock(gradient, gradient / 50, _READING)
        loss_fn = training.loss_fn if training.spec.shown == "loss_fn" else None
        self._watch = watch(training.model, training.optimizer, loss_fn, run_dir=None, _clock=clock)

    def step(self, loss: Tensor) -> None:
        """An update was made."""
        self._watch.step(loss)

    def log(self, **metrics: float) -> None:
        """More is logged."""
        self._watch.log(metrics)

    def run(self) -> Run:
        """What was measured; the watch ends with it."""
        run = self._watch.run()
        self._watch.close()
        return run


def watched(training: Training) -> Watched:
    """Watches a training with every instrument."""
    return Watched(training)
