"""From what speaks for each cause to how likely each is, beside all others and beside nothing being wrong.

A run has nothing wrong with it, one cause, two causes, or something that is on no list. Each of these has a
weight, the exponential of a sum of nats, and is as likely as its weight is a share of all of them. So causes
compete: what explains a run well makes the others unnecessary, and what looks like trouble has to have some
cause. A cause is as likely as everything together that it is part of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

HEALTHY = "healthy"
LARGEST = 80.0  # nats, beyond which nothing is more certain


def probabilities(
    nats: Mapping[str, float], two: float, unlisted: float, *, well: bool = True
) -> dict[str, float]:
    """The probability of each cause. They need not add up to 1: there may be two, or one that is on no list.

    Args:
        nats: Base and evidence of each cause, added up.
        two: What having two causes adds to the sum of both, in nats.
        unlisted: That of a cause that is on no list; minus infinity where there is none.
        well: Whether nothing being wrong is possible at all. A curve that fails by itself rules it out.
    """
    weight = {c: math.exp(max(-LARGEST, min(LARGEST, n))) for c, n in nats.items()}
    fine = weight.pop(HEALTHY, 0.0) * well
    beside = math.exp(two)
    one = sum(weight.values())
    pairs = beside * (one * one - sum(w * w for w in weight.values())) / 2
    whole = fine + one + pairs + math.exp(unlisted)
    found = {c: w * (1 + beside * (one - w)) / whole for c, w in weight.items()}
    return found | ({HEALTHY: fine / whole} if HEALTHY in nats else {})
