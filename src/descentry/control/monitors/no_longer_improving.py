"""The loss falls no longer at a pace that is worth having.

## What it is

A plateau: over at least a sixth of the run so far, the loss has fallen more slowly than a stated pace, or
not at all.

## How it is judged

The pace is a fall, over a doubling of the run, of 3.5% of the scale of the gain so far, or of 0.4
standard deviations of a single value where that is more. Four times an octave a window opens. In it the
pace is added to the values: a loss that falls at least that fast still does not rise, and sequential
ranks test just that. The evidence has to reach 1/(α w), where w is the share of α that is set aside for
this window.

## What is promised

If from the start of a window on the values fall at least at the pace (as the logarithm of the step
grows), plus exchangeable noise of any distribution, then the probability that it ever alarms is at most
α, for runs of any length, however often one looks. Proved in the docstrings of `_ranks.py`, `_pace.py`
and `_spending.py`.

## What is only measured

Means of a few values are exchangeable only if the values hardly depend on each other, and the proof does
not cover noise that shrinks or grows within a window. A fall that pauses and goes on is not a false
alarm: it has paused. docs/benchmarks.md has the figures, misses included.

## When it is fine

A pause before a drop (the loss of a network that has not found the structure yet); the flat part between
two cuts of the rate; a run that is done.

## Limits

Nothing is said before 64 values. Noise sets what can be seen: at a deviation of a fifth of the gain a
plateau is noticed late or not at all. The same loss on a fixed batch at each evaluation is seen much
sooner than the noisy loss of each batch. Whether a lower rate would bring the loss further down, a loss
curve cannot tell; a trial can. Pflug's statistic, the running sum of inner products of successive
gradients, was not used: it does not find the plateau at small rates even on quadratics (Pesme et al.
2020). SASA (Lang et al. 2019) and SALSA (Zhang et al. 2020) test a stationarity condition of the weights,
which needs more than the loss, and by repeated tests of fixed level. After an alarm the watch is silent;
start another one.

## Sources

Rényi 1962 and Vovk 2003 (sequential ranks); Shin, Ramdas & Rinaldo 2022 (e-detectors); Waudby-Smith &
Ramdas 2024 (bets and their mixtures); Pesme, Dieuleveut & Flammarion 2020 (arXiv 2007.00534); Lang, Xiao
& Zhang 2019 (arXiv 1909.09785); Zhang et al. 2020 (arXiv 2002.10597). Thresholds:
docs/decisions/0008-monitors.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from descentry.control.monitors._cases import drift, falling, heavy, settling
from descentry.control.monitors._entry import Alarm, Case, Monitor
from descentry.control.monitors._pace import PaceWatch

MEANINGFUL = 0.035
NOISY = 0.4


class NoLongerImproving(PaceWatch):
    """The watch; ``update`` takes 2 µs on average, and its state is at most some two hundred numbers."""

    __slots__ = ()

    def __init__(self, alpha: float = 0.01, *, meaningful: float = MEANINGFUL, noisy: float = NOISY) -> None:
        super().__init__(alpha, meaningful, noisy, False)

    def update(self, step: int, value: float) -> Alarm | None:
        """Take the next value in; non-finite ones are passed over."""
        window = self.take(step, value)
        if window is None:
            return None
        sentence = (
            f"Since about step {window.begun} the loss has fallen by less than {window.pace:.3g} "
            "over a doubling of the run, or not at all: it is no longer improving."
        )
        return self.alarm("no-longer-improving", step, window, sentence)


def restore(state: Mapping[str, Any]) -> NoLongerImproving:
    """The watch that ``to_dict`` described."""
    watch = NoLongerImproving()
    watch.refill(state)
    return watch


MONITOR = Monitor(
    id="no-longer-improving",
    title="the loss falls no longer at a pace worth having",
    start=NoLongerImproving,
    restore=restore,
    alarms_on=(
        Case("a fall that ends", lambda: settling(2000), from_step=100),
        Case("a loss that never moves", lambda: [0.7] * 600),
        Case("noise about a constant", lambda: 1.0 + heavy(16000)),
        Case("a rise", lambda: 1.0 + drift(600, 0.002)),
    ),
    quiet_on=(
        Case("a power law that goes on", lambda: falling(3000)),
        Case("a power law without noise", lambda: falling(3000, scale=0.0)),
        Case("a fall in a straight line", lambda: 5.0 - drift(3000, 0.001)),
    ),
    null=lambda seed: falling(600, seed, 0.2),
)
