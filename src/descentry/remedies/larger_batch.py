"""Enlarge the batch.

## What it changes

The number of examples a step is computed on; or gradients are accumulated over several batches.

## How it is sized

To the gradient noise scale, where half of the squared gradient is signal, as a power of two; at least
twofold, and sixteenfold at most at once. Fourfold where it was not measured.

## When not

Where the noise scale is below the batch size: more examples then bring little. Each step costs more, so a
decaying rate is often the cheaper way to the same end.

## What to look for

The loss is calmer and settles lower at the same rate.

## Sources

McCandlish et al. 2018, *An Empirical Model of Large-Batch Training*; Smith et al. 2018.
"""

from __future__ import annotations

import math

import numpy as np

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy

UNMEASURED = 4.0
MOST = 16.0


def size(facts: Facts) -> data.Remedy | None:
    """Towards the noise scale; None where the batch is that large already."""
    signal, noise = facts.values("noise-scale/signal"), facts.values("noise-scale/noise")
    now = facts.batch_size
    why = "that leaves half of the noise"
    factor = UNMEASURED
    if now and len(signal) and len(noise):
        up, down = float(np.mean(noise)), float(np.mean(signal))
        if up <= down * now:
            return None
        factor = up / (down * now) if down > 0 else MOST
        factor = min(MOST, 2.0 ** max(1, math.ceil(math.log2(factor))))
        scale = f"{up / down:,.0f} examples" if down > 0 else "too large to be measured"
        why = f"the gradient noise scale is {scale}"
    if now:
        change = {"batch_size": round(now * factor)}
        sentence = f"Enlarge the batch from {now:.0f} to {now * factor:.0f}: {why}."
    else:
        change = {"batch_factor": round(factor)}
        sentence = f"Enlarge the batch {factor:.0f} times: {why}."
    return data.Remedy(
        "larger-batch",
        change,
        sentence,
        look_for="The loss is calmer and settles lower at the same rate.",
        safety="trial first",
    )


REMEDY = Remedy("larger-batch", "enlarge the batch", size)
