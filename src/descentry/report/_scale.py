"""The y axis: linear or logarithmic, and the ticks on it; shared by every drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from descentry.core.data import Floats
from descentry.core.ranks import quantile

# Where a curve spends time below 1% of its height, a linear axis draws that part as a flat line.
RATIO_FOR_LOG = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """An axis from ``low`` to ``high``."""

    low: float
    high: float
    log: bool

    @property
    def word(self) -> str:
        """``log scale`` or ``linear scale``."""
        return "log scale" if self.log else "linear scale"

    def at(self, values: Floats) -> Floats:
        """Where values lie, from 0 (low) to 1 (high); NaN where they are not finite.

        Halved before subtracting, because the distance between two floats can be larger than any float.
        """
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            with np.errstate(divide="ignore", invalid="ignore"):
                placed = (np.log10(values) - low) / (high - low)
        else:
            placed = (values / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return np.where(np.isfinite(values), placed, np.nan)

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """At most ``most`` round values on the axis (two are always allowed), with their labels."""
        return _log_ticks(self, most) if self.log else linear_ticks(self.low, self.high, most)


def scale_for(values: Floats) -> Scale | None:
    """The axis that shows the finite ones among ``values`` honestly; None where there are none.

    Logarithmic when all are positive and at least a twentieth of them lie below a hundredth of the highest;
    a few values near zero do not count, because the axis would then show little else.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    if low > 0 and high / RATIO_FOR_LOG > float(quantile(finite, 0.05)):
        return Scale(low, high, log=True)
    if high / 2 - low / 2 <= 1e-12 * max(abs(low), abs(high)):
        pad = max(abs(low) * 0.05, 1e-3 if low == 0 else 1e-300)
        low, high = max(low - pad, -1.7e308), min(high + pad, 1.7e308)
    return Scale(low, high, log=False)


def linear_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round values between two ends, 1, 2 or 5 times a power of ten apart, with their labels."""
    half = (high / 2 - low / 2) * 2 / max(1, most)
    if not (0 < half < 1e300):
        return [(low, label(low, 3)), (high, label(high, 3))]
    power = 10.0 ** math.floor(math.log10(half))
    gap = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= half * (1 - 1e-9))
    first, last = math.ceil(low / gap - 1e-9), math.floor(high / gap + 1e-9)
    exponent = math.floor(math.log10(gap) + 1e-9)
    ticks = [i * gap for i in range(first, last + 1)]
    largest = max((abs(t) for t in ticks), default=1.0) or 1.0
    digits = max(1, math.floor(math.log10(largest) + 1e-9) - exponent + 1)
    return [(t, label(t, digits, decimals=max(0, -exponent))) for t in ticks]


def _log_ticks(scale: Scale, most: int) -> list[tuple[float, str]]:
    first = math.ceil(math.log10(scale.low) - 1e-9)
    last = math.floor(math.log10(scale.high) + 1e-9)
    for multiples in ((1, 2, 5), (1, 3)):
        pairs = [
            (m, e)
            for e in range(first - 1, last + 1)
            for m in multiples
            if scale.low <= m * 10.0**e <= scale.high
        ]
        if len(pairs) <= most:
            return [(m * 10.0**e, label(m * 10.0**e, 1, decimals=max(0, -e))) for m, e in pairs]
    every = max(1, math.ceil((last - first + 1) / max(1, most)))
    return [
        (10.0**e, label(10.0**e, 1, decimals=max(0, -e))) for e in range(first, last + 1) if e % every == 0
    ]


def label(value: float, digits: int, decimals: int = 0) -> str:
    """A tick's label: plain where that is short, else with a power of ten.

    >>> label(2.5, 2, decimals=1), label(3e27, 1), label(20000.0, 1)
    ('2.5', '3e27', '20,000')
    """
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e6 and decimals <= 9:
        return f"{value:,.{decimals}f}"
    mantissa, exponent = f"{value:.{max(0, digits - 1)}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"
