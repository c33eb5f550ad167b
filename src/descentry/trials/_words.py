"""What came of each arm, and of the trial, in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

from descentry.core.trial import Arm
from descentry.trials._effects import Effect


def number(value: float) -> str:
    """Three digits, with a minus that is one."""
    text = f"{value:,.0f}" if 999.5 <= abs(value) < 1e6 else f"{value:.3g}"
    return text.replace("-", "−")


def level(losses: Sequence[float]) -> str:
    """The loss that seeds ended at."""
    finite = [v for v in losses if math.isfinite(v)]
    if not finite:
        return "one that ran away"
    middle, lost = number(sum(finite) / len(finite)), len(losses) - len(finite)
    return f"{middle} (it ran away in {lost} of {len(losses)} seeds)" if lost else middle


def difference(effect: Effect) -> str:
    """The paired difference with its interval, or the quotient where only that tells them apart."""
    estimate, ratio, seeds = effect.estimate, effect.ratio, len(effect.loss)
    half = estimate.high - estimate.value
    told = estimate.low > 0 or estimate.high < 0
    if not told and ratio is not None and (ratio.low > 1 or ratio.high < 1):
        return f"{number(ratio.value)} times, {number(ratio.low)} to {number(ratio.high)}"
    text = "paired difference "
    if not math.isfinite(half):
        return f"{text}{number(estimate.value)}, {'one seed' if seeds == 1 else f'{seeds} seeds'}"
    if half == 0:
        return f"{text}{number(estimate.value)} ± 0"
    places = max(0, min(8, 1 - math.floor(math.log10(half))))
    middle = round(estimate.value, places) + 0.0  # there is no −0
    return f"{text}{middle:,.{places}f} ± {half:,.{places}f}".replace("-", "−")


def arm_sentence(title: str, effect: Effect, steps: int) -> str:
    """``standardising the inputs: loss after 200 steps 0.31 against 1.92 (paired difference …)``."""
    arm, control = effect.loss, effect.control
    away = [not all(map(math.isfinite, losses)) for losses in (arm, control)]
    head = f"{title}: loss after {steps:,} steps"
    if not any(math.isfinite(v) for v in arm):
        return f"{title}: the loss ran away" + (", as it does without" if away[1] else "")
    if not any(math.isfinite(v) for v in control):
        return f"{head} {level(arm)}; without it the loss ran away"
    text = f"{head} {level(arm)} against {level(control)}"
    if not any(away):
        text += f" ({difference(effect)})"
    return text + (": no gain" if effect.outcome == "no gain" else "")


def headline(arms: Sequence[Arm], tried: int) -> str:
    """What came of the trial."""
    better = [arm for arm in arms if arm.outcome == "better"]
    if better:
        sentence = better[0].sentence
        return f"{sentence[:1].upper()}{sentence[1:]}."
    open = [arm for arm in arms if arm.outcome == "undetermined"]
    what = "the one remedy that was tried" if tried == 1 else f"the {tried} remedies that were tried"
    if open:
        return f"Of {what} none is better for certain; {len(open)} could not be told from no change."
    return f"Of {what} none helps: none ends lower than the control arm."
