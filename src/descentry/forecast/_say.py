"""What a forecast amounts to, in words: whether going on is worth it, and what has to hold for that."""

from __future__ import annotations

import math

import numpy as np

from descentry.behaviours._convergence import MEANINGFUL
from descentry.behaviours._curve import Curve
from descentry.behaviours._words import amount, number
from descentry.core.data import Estimate, Series, Worth

# A run is called converged where its last quarter gains less than MEANINGFUL of its scale. Worth it is what
# would bring that much for as many quarters as there are in a doubling; visible is what would bring it once.
VISIBLE = MEANINGFUL
WORTHWHILE = 4.0 * MEANINGFUL
PROBABLE, IMPROBABLE = 0.7, 0.2  # chances of a worthwhile gain; between them the curve cannot tell

_VERDICTS: dict[Worth, str] = {
    "worth it": "That is worth it, if you can afford it.",
    "little": "That is little beside what the run has gained so far.",
    "nothing": "More of the same will bring next to nothing.",
    "cannot tell": "Whether that is worth it, this curve cannot tell.",
}


def worth(worthwhile: float, visible: float) -> Worth:
    """Whether going on is worth it, from the chances of a worthwhile gain and of a visible one.

    >>> worth(0.9, 0.99), worth(0.05, 0.8), worth(0.0, 0.1), worth(0.5, 0.6)
    ('worth it', 'little', 'nothing', 'cannot tell')
    """
    if worthwhile >= PROBABLE:
        return "worth it"
    if worthwhile > IMPROBABLE:
        return "cannot tell"
    return "little" if visible >= 0.5 else "nothing"


def sentence(
    curve: Curve, times: float, horizon: int, now: Estimate, then: Estimate, gain: Estimate, told: Worth
) -> str:
    """The forecast in plain words."""
    unit = _unit(curve)
    longer = f"Doubling the {unit}" if times == 2.0 else f"Making it {times:g} times as many {unit}"
    a, b, low, high = _alike(now.value, then.value, then.low, then.high)
    change = f"a gain of {amount(gain)}"
    if gain.value < 0.0:
        worse = Estimate(-gain.value, -gain.high, -gain.low, gain.unit)
        change = f"{amount(worse)} for the worse"
    return (
        f"{longer} ({horizon:,} more) is expected to bring {curve.series.name} from {a} to {b} "
        f"(90% interval {low} to {high}), {change}. {_VERDICTS[told]}"
    )


def not_examined(why: str) -> str:
    """That there is no forecast, and why."""
    return f"What more training would bring is not examined: {why}."


def caveats(
    curve: Curve, rate: Series | None, since: int, families: tuple[tuple[str, float], ...]
) -> tuple[str, ...]:
    """What has to hold for the forecast to hold."""
    notes = []
    if since:
        at = curve.step_at(since)
        notes.append(f"It is made from what followed the sudden change at {_unit(curve)[:-1]} {at:,} alone.")
    known = _schedule(rate)
    if known:
        notes.append(known)
    elif rate is None:
        steep = sum(weight for name, weight in families if name in {"line", "accelerating"})
        if since or steep > 0.5:
            notes.append(
                "The log has no learning rate. If a schedule was lowering it, this holds only if the "
                "schedule is stretched likewise."
            )
    return tuple(notes)


def _schedule(rate: Series | None) -> str:
    """What the schedule of the learning rate asks of a longer run; empty where it asks nothing."""
    if rate is None:
        return ""
    value = rate.value[np.isfinite(rate.value)]
    if len(value) < 3 or not float(value.max()) > 0.0:
        return ""
    last, share = float(value[-1]), float(value[-1] / value.max())
    before = float(value[round(0.8 * (len(value) - 1))])
    if last >= 0.98 * before:
        return ""
    said = f"{number(last)}, {100 * share:.2g}% of its peak"
    if share < 0.02:
        return (
            f"The learning rate has come to the end of its schedule ({said}). This holds only if it "
            "is stretched over the longer run; steps after its end bring less."
        )
    return (
        f"The learning rate was still being lowered ({said}). This holds only if its schedule is stretched "
        "over the longer run."
    )


def _unit(curve: Curve) -> str:
    return {"row": "points", "epoch": "epochs"}.get(curve.series.step_name, "steps")


def _alike(now: float, then: float, low: float, high: float) -> tuple[str, ...]:
    """Levels with as many decimals as their interval makes sensible, all alike."""
    values = (now, then, low, high)
    half = (high - low) / 2.0
    largest = max(abs(v) for v in values)
    if not (math.isfinite(half) and half > 0.0 and 1e-3 <= largest < 1e6):
        return tuple(number(v) for v in values)
    decimals = int(np.clip(1 - math.floor(math.log10(half)), 0, 6))
    return tuple(f"{v + 0.0:,.{decimals}f}" for v in values)
