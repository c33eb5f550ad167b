"""What is known of a run when causes are weighed: curve, findings, settings and measurements."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from descentry.behaviours._curve import Curve
from descentry.core import metrics
from descentry.core.data import Convergence, Finding, Floats, Run, Series
from descentry.core.ranks import median
from descentry.core.readings import ERROR, readings

_BATCH_SIZE = ("batch_size", "batch-size", "batchsize", "train_batch_size")
_ADAPTIVE = ("adam", "rmsprop", "adagrad", "adadelta", "adafactor", "lion", "lamb")
UNTOLD = Convergence("undetermined", 0.0, "The end of the run was not judged.")
START = 3  # readings that are "at the start": the watch takes several in its first steps
GONE = 1e-3  # of the peak rate: cosine and linear schedules are below it in their last fiftieth only
OFTEN = 5  # steps that were looked at, after which one without any gradient is no accident
NEAR = 0.15  # of the range of the curve: as near to its end, the loss has hardly moved (decision 7),
NOISE = 3.0  # or as near as so many standard errors of its levels


@dataclass(frozen=True, eq=False)
class Facts:
    """One run, as causes see it. Nothing here judges; what was not recorded is None or empty.

    Attributes:
        run: The run.
        curve: Its main series, oriented so that falling is good.
        findings: What the curve does.
        end: The verdict on its end.
    """

    run: Run
    curve: Curve
    findings: Sequence[Finding] = ()
    end: Convergence = UNTOLD

    @property
    def config(self) -> Mapping[str, Any]:
        """Settings that the log or the watch knows."""
        return self.run.config

    @functools.cached_property
    def measured(self) -> Mapping[str, Series]:
        """What instruments read, by series name."""
        return {name: s for name, s in readings(self.run).items() if not name.endswith(ERROR) and len(s)}

    @property
    def watched(self) -> bool:
        """Whether any instrument looked at the model."""
        return bool(self.measured)

    @property
    def out_of_gear(self) -> bool:
        """Whether the optimizer took steps without any gradient, which changed nothing.

        A model that computes the loss, beside the one that the optimizer holds, is not seen by a watch.
        """
        moved = self.measured.get("update-ratio")
        if moved is None or "gradient-norm" in self.measured:
            return False
        return len(moved.value) >= OFTEN and not moved.value.any()

    # Findings

    def found(self, *behaviours: str) -> list[Finding]:
        """The findings of these behaviours, in order."""
        return [f for f in self.findings if f.behaviour in behaviours]

    def has(self, *behaviours: str) -> bool:
        """Whether any of these behaviours was found."""
        return bool(self.found(*behaviours))

    @property
    def span(self) -> int:
        """How many steps the main series covers."""
        step = self.curve.series.step
        return int(step[-1] - step[0]) if len(step) else 0

    # Readings of instruments

    def values(self, name: str) -> Floats:
        """The finite readings of one series, in order; empty where there are none."""
        series = self.measured.get(name)
        value = series.value if series is not None else np.empty(0)
        return value[np.isfinite(value)]

    def start(self, name: str) -> float | None:
        """The median of the first few readings."""
        return _median(self.values(name)[:START])

    def typical(self, name: str) -> float | None:
        """The median of all readings."""
        return _median(self.values(name))

    def late(self, name: str) -> float | None:
        """The median of the last third of the readings, three at least."""
        value = self.values(name)
        return _median(value[-max(START, len(value) // 3) :])

    def closing(self, name: str) -> float | None:
        """The median of the readings at the end; None where the run was not looked at by then.

        The end is the last third of the steps, and what came before it while the loss was already as low
        (or high) as it stayed. A run of a second or two is looked at in its first steps above all, which say
        how it ended only if the loss has hardly moved since.
        """
        series = self.measured.get(name)
        if series is None or not len(self.curve.series):
            return None
        return _median(series.value[(series.step >= self.settled) & np.isfinite(series.value)])

    @functools.cached_property
    def settled(self) -> float:
        """The step from which on the loss is near where it ends: at the latest, two thirds of the way."""
        step, level = self.curve.series.step, self.curve.clean
        third = step[-1] - (step[-1] - step[0]) / 3
        if not len(level):
            return float(third)
        end = float(median(level[-max(1, len(level) // 10) :]))
        reach = np.maximum(NEAR * np.ptp(level), NOISE * self.curve.level_noise)
        away = np.flatnonzero(np.abs(level - end) > reach)
        first = int(away[-1]) + 1 if len(away) else 0
        return float(min(third, self.curve.step_at(first))) if first < len(level) else float(third)

    def peak(self, name: str) -> float | None:
        """The largest finite reading."""
        value = self.values(name)
        return float(value.max()) if len(value) else None

    def share(self, name: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        """The share of readings that lie in [low, high)."""
        value = self.values(name)
        return float(np.mean((value >= low) & (value < high))) if len(value) else None

    def broke(self, name: str) -> bool:
        """Whether the last reading of a series was NaN or infinite while an earlier one was finite."""
        series = self.measured.get(name)
        if series is None:
            return False
        return bool(np.isfinite(series.value).any() and not np.isfinite(series.value[-1]))

    def layers(self, instrument: str, reading: str = "") -> dict[str, Series]:
        """Series of one instrument by layer, in the order of the model: ``activations/LAYER/saturated``."""
        head, tail = f"{instrument}/", f"/{reading}" if reading else ""
        return {
            name[len(head) : len(name) - len(tail)]: s
            for name, s in self.measured.items()
            if name.startswith(head) and name.endswith(tail) and len(name) > len(head) + len(tail)
        }

    def named(self, instrument: str, reading: str) -> dict[str, Series]:
        """Series of one instrument whose layer comes last: ``weights/alike/LAYER``, by layer."""
        head = f"{instrument}/{reading}/"
        return {name[len(head) :]: s for name, s in self.measured.items() if name.startswith(head)}

    # What people log beside the loss

    @functools.cached_property
    def rate(self) -> Series | None:
        """The learning rate over the run, where the log has it."""
        for name in ("lr", "learning-rate", "learning-rate/lr"):
            for series in self.run.series:
                if series.name == name and len(series):
                    return series
        named = [s for s in self.run.series if _is_rate(s.name) and len(s)]
        return named[0] if named else None

    @property
    def peak_rate(self) -> float | None:
        """The largest learning rate of the run."""
        series = self.rate
        known = series.value[np.isfinite(series.value)] if series is not None else np.empty(0)
        return float(known.max()) if len(known) else self.number("lr", "learning_rate")

    @functools.cached_property
    def idle(self) -> tuple[int, float] | None:
        """From which step on the rate stays below a thousandth of its peak, and for what share of the run.

        None where the rate is not known, or is one number for the whole run.
        """
        series = self.rate
        if series is None or len(series) < 2 or not len(self.curve.series):
            return None
        high = np.flatnonzero(series.value >= GONE * (self.peak_rate or 0.0))
        first, last = self.curve.series.step[[0, -1]]
        after = int(high[-1]) + 1 if len(high) else len(series)
        start = int(series.step[after]) if after < len(series) else int(last)
        return start, float(np.clip((last - start) / max(1, last - first), 0.0, 1.0))

    @property
    def optimizer(self) -> str:
        """Name of the optimizer in lower case; empty where it is not known."""
        return str(self.config.get("optimizer", "")).casefold()

    @property
    def batch_size(self) -> float | None:
        """Examples in a batch."""
        return self.late("batch-size") or self.number(*_BATCH_SIZE)

    @property
    def adapts(self) -> bool | None:
        """Whether the optimizer divides by the size of the gradient, so that the loss may have any scale."""
        return any(kind in self.optimizer for kind in _ADAPTIVE) if self.optimizer else None

    @functools.cached_property
    def norm(self) -> Series | None:
        """The global gradient norm over the run, measured or logged."""
        if "gradient-norm" in self.measured:
            return self.measured["gradient-norm"]
        for series in self.run.series:
            found = metrics.words(series.name)
            if "grad" in "".join(found) and "norm" in "".join(found) and len(series):
                return series
        return None

    def number(self, *names: str) -> float | None:
        """A setting that is a number, under any of these names (dots and case do not matter)."""
        wanted = {n.casefold() for n in names}
        for key, value in self.config.items():
            if str(key).rpartition(".")[2].casefold() in wanted and isinstance(value, (int, float)):
                return float(value)
        return None


def _median(value: Floats) -> float | None:
    return float(median(value)) if len(value) else None


def _is_rate(name: str) -> bool:
    found = metrics.words(name)
    # What a watch records beside the rate, under the same heading, is another setting.
    other = {"momentum", "decay", "norm"} & set(found)
    return not other and ("lr" in found or ("learning" in found and "rate" in found))
