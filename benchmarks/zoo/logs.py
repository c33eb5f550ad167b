"""The log that a script might have kept of a training: thinned, rounded, some metrics, by some name."""

from __future__ import annotations

import numpy as np

from benchmarks.zoo.cells import Sample
from benchmarks.zoo.loop import Floats
from descentry.core.data import Run, Series

_NAMES = {
    "loss": ("loss", "loss", "train_loss", "train/loss"),
    "grad_norm": ("grad_norm", "grad_norm", "gnorm"),
}
# How often people log what.
_ODDS = {"lr": 0.5, "grad_norm": 0.3, "val_loss": 0.6, "val_accuracy": 0.4}
_SAID = 0.5  # of the logs that show where a run was resumed
_FEWEST = 12  # points; shorter logs are not worth a diagnosis


def logged(sample: Sample) -> Run:
    """One of the logs that this training could have left; the same on each call."""
    rng = np.random.default_rng(int(sample.spec.id, 16))
    every = _interval(rng, len(sample.log["loss"]))
    averaged = bool(rng.random() < 0.4)
    digits = int(rng.choice([3, 4, 6, 17]))
    series = []
    for whole in sample.log.series:
        if whole.name != "loss" and rng.random() > _ODDS[whole.name]:
            continue
        step, value = whole.step, whole.value
        if whole.split == "train":
            value = _means(value, every) if averaged and whole.name == "loss" else value[every - 1 :: every]
            step = step[every - 1 :: every][: len(value)]
        name = str(rng.choice(_NAMES.get(whole.name, (whole.name,))))
        rounded = value if whole.name == "lr" else np.array([_rounded(v, digits) for v in value])
        series.append(Series(name, whole.split, step, rounded))
    gaps = sample.log.gaps if rng.random() < _SAID else ()
    return Run(sample.spec.id, "zoo", tuple(series), _settings(rng, sample), gaps)


def _interval(rng: np.random.Generator, steps: int) -> int:
    most = max(1, steps // _FEWEST)
    return int(min(most, rng.choice([1, 1, 2, 5, 10, 20])))


def _means(value: Floats, every: int) -> Floats:
    whole = len(value) // every * every
    return np.asarray(value[:whole].reshape(-1, every).mean(1))


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def _settings(rng: np.random.Generator, sample: Sample) -> dict[str, object]:
    if rng.random() < 0.5:
        return {}
    return {"batch_size": sample.spec.batch or "full", "optimizer": sample.spec.optimizer}
