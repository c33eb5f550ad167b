"""The loss is running away.

## What it is

A rise that undoes half of what the training had gained, stands clear of the noise, and is not coming
back. A spike recovers; this does not.

## How it is judged

Single losses, and means of eight, are watched for runs of values that are all above the 64 to 127 before
the run began. By chance alone M values in a row are the largest of n + M with probability 1/C(n+M, M); the
inverse is the evidence. It has to reach 1/(α w), where w is the share of α that is set aside for a run that
begins just there. For two or three single losses in a row it counts beside that how far they leap: where
all of them are c times as far above the best level as the highest value before them, the heaviest tails
that leave noise a variance explain that with a probability of c^−2M. An alarm needs three things beside,
which can only make it rarer: the loss has come up by half of the gain since the first eight values; the
mean of the run is at least twice as far above the best level as the highest value before it; and the latest
value is no lower than the run's mean (for single losses: half as much again, counted from the highest value
before it), so that what is coming down again is let be.

## What is promised

If the values are a level that never rises plus exchangeable noise, of any distribution, then the
probability that it ever alarms is at most α: for runs of any length, however often one looks. The third of
α that goes to leaps needs independent noise with tails no heavier than a power law of exponent 2; the rest
holds without. Proved in the docstrings of `_runs.py` and `_spending.py`; the steps are the exchangeability
of ranks, a comparison path by path for falling levels, and Ville's inequality.

## What is only measured

Noise that is correlated or grows as training goes on is not covered by the proof, nor are rises that come
down again much later (one bad batch, a rate that is raised and survives). docs/benchmarks.md counts the
alarms on such trainings.

## When it is fine

Losses that are meant to rise: the generator of a GAN, a penalty that is being phased in. Warm restarts of
the rate raise the loss for a while.

## Limits

Nothing is said before eight values, and a training that runs away from its first steps is seen late,
since there is nothing to compare with; watch `non-finite` beside it. Values are compared with 127 before
them at most: a rise slower than the noise over such a stretch is not seen. After an alarm the watch is
silent; start another one.

## Sources

Howard, Ramdas et al. 2021 (time-uniform bounds); Shin, Ramdas & Rinaldo 2022 (e-detectors); Shekhar &
Ramdas 2023 (arXiv 2309.09111, change detection by confidence sequences); Vovk 2003 (exchangeability
online). Thresholds: docs/decisions/0008-monitors.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, log
from typing import Any

from descentry.control.monitors._cases import exploding, falling, heavy, settling, smooth, spiking
from descentry.control.monitors._entry import Alarm, Case, Monitor
from descentry.control.monitors._runs import Runs
from descentry.control.monitors._spending import checked, log_price
from descentry.control.monitors._state import dump, fill

BLOCK = 8
UNDONE = 0.5  # of the gain
CLEAR = 2.0  # times as far above the best level as the highest value before
LEAPS = 3  # single losses in a row that are judged by how far they are above all before, too
CLIMBING = 1.5  # times the mean rise of the run, for single losses


class Diverging:
    """The watch; ``update`` takes 0.8 µs on average, and its state is some thirty numbers."""

    __slots__ = ("_alpha", "_best", "_block", "_first", "_log", "_means", "_singles", "_told")

    def __init__(self, alpha: float = 0.01) -> None:
        self._alpha = checked(alpha)
        self._log = log(3.0 / alpha)  # a third for single values, one for leaps, one for means
        self._singles, self._means = Runs(), Runs()
        self._block: list[float] = []
        self._first = self._best = inf
        self._told = False

    def update(self, step: int, value: float) -> Alarm | None:
        """Take the next value in; non-finite ones are passed over."""
        if value - value != 0.0 or self._told:
            return None
        alarm = None
        if self._singles.add(step, value):
            alarm = self._judge(step, value, self._singles, CLIMBING)
        block = self._block
        block.append(value)
        if len(block) == BLOCK:
            mean = sum(block) / BLOCK
            block.sort()
            level = 0.5 * (block[3] + block[4])
            block.clear()
            if self._first == inf:
                self._first = level
            if level < self._best:
                self._best = level
            if self._means.add(step, mean) and alarm is None:
                alarm = self._judge(step, mean, self._means, 1.0)
        return alarm

    def _judge(self, step: int, value: float, run: Runs, factor: float) -> Alarm | None:
        best = self._best
        if best == inf:
            return None
        evidence = run.evidence
        if run is self._singles and run.length <= LEAPS:
            evidence = max(evidence, run.leapt(best))
        if evidence <= self._log:
            return None
        needed = self._log + log_price(run.start)
        if (
            evidence < needed
            or value < best + UNDONE * (self._first - best)
            or run.mean() - best < CLEAR * (run.top - best)
            or not run.climbing(value, factor)
        ):
            return None
        self._told = True
        what = "losses in a row were" if run is self._singles else f"means of {BLOCK} losses in a row were"
        sentence = (
            f"The loss is running away: since about step {run.begun} it has come up to {value:.4g}, from "
            f"{best:.4g} at best; {run.length} {what} above all of the {run.refs} before."
        )
        return Alarm("diverging", step, run.begun, evidence, needed, sentence)

    def to_dict(self) -> dict[str, Any]:
        """All that the watch knows, as JSON would keep it."""
        return dump(self)


def restore(state: Mapping[str, Any]) -> Diverging:
    """The watch that ``to_dict`` described."""
    watch: Diverging = fill(Diverging(), state)
    return watch


MONITOR = Monitor(
    id="diverging",
    title="the loss is running away and not coming back",
    start=Diverging,
    restore=restore,
    alarms_on=(
        Case("a growth by a tenth a step", lambda: exploding(600, 400), from_step=400),
        Case("a jump that stays", lambda: [*falling(400), *(5.0 + heavy(300, 3))], from_step=400),
        Case("a growth without any noise", lambda: smooth(600, 300), from_step=300),
    ),
    quiet_on=(
        Case("a falling loss with heavy tails", lambda: falling(3000)),
        Case("noise about a constant", lambda: 1.0 + heavy(3000)),
        Case("a fall that ends on a plateau", lambda: settling(2000)),
        Case("a spike that recovers", lambda: spiking(1000, 500, 20.0, 6.0)),
    ),
    null=lambda seed: falling(600, seed, 0.2),
)
