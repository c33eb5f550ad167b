"""Small runs of known shape, for the cases that causes carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from descentry.behaviours._cases import descend, noisy, white
from descentry.core.data import Floats, Gap, Run, Series

__all__ = ["descend", "noisy", "run", "white"]

Values = float | Sequence[float] | Floats


def run(
    loss: Sequence[float] | Floats,
    measured: Mapping[str, Values] | None = None,
    logged: Mapping[str, Values] | None = None,
    gaps: Sequence[Gap] = (),
    **config: Any,
) -> Run:
    """A run with a loss, and whatever else is said of it.

    Args:
        loss: A value for each step.
        measured: Readings of instruments by series name; a number stands for ten equal readings. They are
            spread evenly over the steps.
        logged: Other metrics by name, likewise (``lr``, ``val_loss``).
        gaps: What the reader noted.
        config: Settings, such as ``optimizer="SGD"``.
    """
    value = np.asarray(loss, dtype=np.float64)
    series = [Series("loss", "", np.arange(len(value)), value)]
    for name, given in {**(measured or {}), **(logged or {})}.items():
        series.append(_spread(name, given, len(value)))
    settings = dict(config)
    if measured:
        settings["instruments"] = {name.partition("/")[0]: "" for name in measured}
    return Run("case", "", tuple(series), settings, tuple(gaps))


def _spread(name: str, given: Values, steps: int) -> Series:
    value = np.full(10, float(given)) if isinstance(given, (int, float)) else np.asarray(given, np.float64)
    step = np.linspace(0, steps - 1, len(value)).astype(np.int64)
    return Series(name, "validation" if name.startswith("val") else "", step, value)
