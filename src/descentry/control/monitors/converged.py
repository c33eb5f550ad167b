"""The loss has come to rest.

## What it is

It has fallen, and now it neither falls nor rises: over at least a sixth of the run so far its level has
moved by less than a stated pace, in either direction.

## How it is judged

As `no-longer-improving`, with a stricter pace (a fall of 2% of the scale of the gain over a doubling of
the run, or of 0.3 standard deviations of a single value) and with two tests: one against "it falls at
least that fast", one against "it rises at least that fast". Both have to be decided, in the same window;
and the gain since the first values has to exceed three standard deviations of a value, because a loss
that never moved has not converged.

## What is promised

If in every window the values fall at least at the pace, or rise at least at the pace, plus exchangeable
noise of any distribution, then the probability that it ever alarms is at most α, for runs of any length.
Both tests have this level, and an alarm needs both; see `_ranks.py`, `_pace.py` and `_spending.py`.

## What is only measured

What correlated noise does, and how often a training at rest moves on later; see docs/benchmarks.md.

## When it is fine

It mostly is. A pause before a drop, or the noise floor of a rate that is too high, looks the same.

## Limits

That the loss rests does not mean that it is as low as it can be: a rate of zero rests as well, and so
does the noise floor, where SASA and SALSA would cut the rate. What stopping forgoes is bounded by the
pace, as long as nothing new happens. Nothing is said before 64 values; noise makes it late. After an
alarm the watch is silent; start another one.

## Sources

As `no-longer-improving`; two one-sided tests after Schuirmann 1987. Thresholds:
docs/decisions/0008-monitors.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from descentry.control.monitors._cases import drift, falling, heavy, settling
from descentry.control.monitors._entry import Alarm, Case, Monitor
from descentry.control.monitors._pace import PaceWatch

MEANINGFUL = 0.02
NOISY = 0.3
GAINED = 3.0  # standard deviations of a value


class Converged(PaceWatch):
    """The watch; ``update`` takes 3 µs on average, and its state is at most some four hundred numbers."""

    __slots__ = ()

    def __init__(self, alpha: float = 0.01, *, meaningful: float = MEANINGFUL, noisy: float = NOISY) -> None:
        super().__init__(alpha, meaningful, noisy, True)

    def update(self, step: int, value: float) -> Alarm | None:
        """Take the next value in; non-finite ones are passed over."""
        window = self.take(step, value)
        if window is None or self.gained() <= max(GAINED * self.noise(), 2.0 * window.pace):
            return None
        sentence = (
            f"Since about step {window.begun} the level of the loss has moved by less than {window.pace:.3g} "
            f"over a doubling of the run, after a fall of {self.gained():.3g}: it has come to rest."
        )
        return self.alarm("converged", step, window, sentence)


def restore(state: Mapping[str, Any]) -> Converged:
    """The watch that ``to_dict`` described."""
    watch = Converged()
    watch.refill(state)
    return watch


MONITOR = Monitor(
    id="converged",
    title="the loss has fallen and come to rest",
    start=Converged,
    restore=restore,
    alarms_on=(
        Case("a fall that ends", lambda: settling(3000), from_step=100),
        Case("a fall that ends, without noise", lambda: settling(2000, scale=0.0), from_step=100),
    ),
    quiet_on=(
        Case("a power law that goes on", lambda: falling(3000)),
        Case("a loss that never moves", lambda: [0.7] * 600),
        Case("noise about a constant", lambda: 1.0 + heavy(3000)),
        Case("a rise", lambda: 1.0 + drift(600, 0.002)),
    ),
    null=lambda seed: falling(600, seed, 0.2),
)
