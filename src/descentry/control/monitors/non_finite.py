"""The loss is not a number any more.

## What it is

NaN or an infinity.

## How it is judged

By looking at it. The first one alarms at once, and so does the first after a finite value.

## What is promised

A finite value never alarms, whatever `alpha` is.

## What is only measured

Nothing.

## When it is fine

Mixed precision with a gradient scaler: the scaler skips steps whose *gradients* overflow; a loss that is
not finite is another matter.

## Limits

What came before it is for the other monitors, which pass over values that are not finite.

## Sources

IEEE 754.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, nan
from typing import Any

from descentry.control.monitors._cases import falling, heavy
from descentry.control.monitors._entry import Alarm, Case, Monitor
from descentry.control.monitors._spending import checked
from descentry.control.monitors._state import dump, fill


class NonFinite:
    """The watch; ``update`` takes 0.1 µs."""

    __slots__ = ("_alpha", "_finite")

    def __init__(self, alpha: float = 0.01) -> None:
        self._alpha = checked(alpha)
        self._finite = True

    def update(self, step: int, value: float) -> Alarm | None:
        """Take the next value in."""
        if value - value == 0.0:
            self._finite = True
            return None
        if not self._finite:
            return None
        self._finite = False
        return Alarm("non-finite", step, step, inf, inf, f"The loss of step {step} is {value}.")

    def to_dict(self) -> dict[str, Any]:
        """All that the watch knows, as JSON would keep it."""
        return dump(self)


def restore(state: Mapping[str, Any]) -> NonFinite:
    """The watch that ``to_dict`` described."""
    watch: NonFinite = fill(NonFinite(), state)
    return watch


MONITOR = Monitor(
    id="non-finite",
    title="the loss is NaN or infinite",
    start=NonFinite,
    restore=restore,
    alarms_on=(
        Case("NaN", lambda: [*falling(100), nan, 1.0], from_step=100),
        Case("an infinity", lambda: [*falling(100), -inf], from_step=100),
    ),
    quiet_on=(
        Case("a falling loss", lambda: falling(300)),
        Case("huge values", lambda: 1e300 * (1.0 + heavy(300, scale=0.01))),
    ),
    null=lambda seed: falling(600, seed, 0.2),
)
