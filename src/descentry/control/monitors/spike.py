"""One loss is out of all proportion.

## What it is

A value far above what the noise of this run makes, tails included. Whether it recovers is for `diverging`
to say.

## How it is judged

Of the last 128 values the median m and the 95% point u are known. How far x lies out is z = log((x −
m)/(u − m)), for those beyond u. If the tail is a power law, the z are exponential, and given the sum S of
r earlier ones, z is exceeded with probability (1 + z/S)^−r, whatever the exponent (the ratio is a pivot).
Times the share of values beyond u this is the p-value of x; it has to be below α times the share of α
that is set aside for this step.

## What is promised

If the values beyond u have such a tail, of whatever exponent, and come independently and not more often
than before, then the expected number of alarms in a run of any length is at most α (the union bound: no
e-process is needed where each step is judged once). Lighter tails err towards doubt far out: for
log-excesses with an increasing hazard the exponential of the same mean bounds the far tail (Barlow &
Proschan 1975).

## What is only measured

Twenty imaginary excesses of mean 1/4 are counted with the real ones, so that something can be said early
and in quiet runs; this is a prior (a tail exponent of 4), not a proof. Bursts that belong together, and
levels that climb, are not covered. See docs/benchmarks.md.

## When it is fine

Rare hard batches, losses that are heavy-tailed by nature, the first steps after a schedule's restart.

## Limits

Nothing is said before 64 values. Where the loss is zero for most batches there is no scale, and nothing
is said. Values beyond twenty deviations of normal noise are found; smaller ones are not distinguished
from tails. Each alarm stands for itself: the watch goes on, and a spike that lasts for several steps
alarms once in 16.

## Sources

Hill 1975 (the tail's exponent); Barlow & Proschan 1975; Howard & Ramdas 2022 (quantiles in sequence).
Thresholds: docs/decisions/0008-monitors.md.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from math import exp, log, log1p
from typing import Any

from descentry.control.monitors._cases import falling, heavy, settling, spiking
from descentry.control.monitors._entry import Alarm, Case, Monitor
from descentry.control.monitors._spending import checked, log_price
from descentry.control.monitors._state import dump, fill

WINDOW = 128
LEAST = 64
PRIOR = 20
PRIOR_MEAN = 0.25
REST = 16


class Spike:
    """The watch; ``update`` takes 1 µs on average, and its state is the last 128 values."""

    __slots__ = ("_alpha", "_excess", "_log", "_ordered", "_place", "_quiet", "_recent", "_seen", "_tail")

    def __init__(self, alpha: float = 0.01) -> None:
        self._alpha = checked(alpha)
        self._log = -log(alpha)
        self._recent: list[float] = []  # a ring once it is full
        self._ordered: list[float] = []
        self._place = 0
        self._seen = 0
        self._quiet = 0
        self._tail = PRIOR
        self._excess = PRIOR * PRIOR_MEAN

    def update(self, step: int, value: float) -> Alarm | None:
        """Take the next value in; non-finite ones are passed over."""
        if value - value != 0.0:
            return None
        ordered = self._ordered
        n = len(ordered)
        alarm = None
        if n >= LEAST and value > ordered[(19 * n) // 20]:
            alarm = self._judge(step, value, n)
        self._seen += 1
        if n < WINDOW:
            self._recent.append(value)
        else:
            place = self._place
            del ordered[bisect_left(ordered, self._recent[place])]
            self._recent[place] = value
            self._place = (place + 1) % WINDOW
        insort(ordered, value)
        return alarm

    def _judge(self, step: int, value: float, n: int) -> Alarm | None:
        middle, edge = self._ordered[n // 2], self._ordered[(19 * n) // 20]
        if edge <= middle:
            return None
        z = log(value - middle) - log(edge - middle)
        share = (self._tail - PRIOR + 1.0) / (self._seen - LEAST + 1.0)
        evidence = self._tail * log1p(z / self._excess) - min(0.0, log(share))
        needed = self._log + log_price(self._seen)
        if evidence < needed:
            self._tail += 1
            self._excess += z
            return None
        if self._seen < self._quiet:
            return None
        self._quiet = self._seen + REST
        sentence = (
            f"The loss of step {step} is {value:.4g}, {exp(z):.3g} times as far above the median "
            f"({middle:.4g}) as one in twenty of the values before it."
        )
        return Alarm("spike", step, step, evidence, needed, sentence)

    def to_dict(self) -> dict[str, Any]:
        """All that the watch knows, as JSON would keep it."""
        return dump(self)


def restore(state: Mapping[str, Any]) -> Spike:
    """The watch that ``to_dict`` described."""
    watch: Spike = fill(Spike(), state)
    watch._recent, watch._ordered = list(watch._recent), list(watch._ordered)
    return watch


MONITOR = Monitor(
    id="spike",
    title="one loss is out of all proportion",
    start=Spike,
    restore=restore,
    alarms_on=(
        Case("one value far out", lambda: [*falling(500), 60.0, *falling(100)], from_step=500),
        Case("a spike that decays", lambda: spiking(1000, 500, 20.0, 6.0), from_step=500),
    ),
    quiet_on=(
        Case("heavy tails about a constant", lambda: 1.0 + heavy(3000)),
        Case("a falling loss with heavy tails", lambda: falling(3000, scale=0.2)),
        Case("a fall that ends on a plateau", lambda: settling(2000)),
        Case("a loss that never moves", lambda: [0.7] * 600),
    ),
    null=lambda seed: falling(600, seed, 0.2),
)
