"""Signs of what was learnt beside what was spent on learning it."""

from __future__ import annotations

import math

from descentry.causes._entry import Sign
from descentry.causes._signs_curve import CALIBRATED
from descentry.facts import Facts

NOTHING = (0.85, 1.15)  # loss over that of a blind guess; batches scatter by about as much


def _idle(facts: Facts) -> float | None:
    """Decades of the way that the weights could have gone, where nothing was learnt on it."""
    guess, ratio = facts.closing("output-check/loss-over-guess"), facts.typical("update-ratio")
    if guess is None or ratio is None or facts.span <= 0 or not NOTHING[0] <= guess <= NOTHING[1]:
        return None
    return math.log10(max(ratio * facts.span, 1e-12))


IDLE = Sign(
    "idle-travel",
    "how far the weights could have gone while nothing was learnt",
    _idle,
    (-1.5, -0.5, 0.3),
    (
        "Nothing was learnt, and the weights hardly moved (ten to the {value} of their size).",
        "Nothing was learnt, and the weights moved by a part of their size at most.",
        "Nothing was learnt, though the steps together are as long as the weights.",
        "Nothing was learnt, though the steps together are ten to the {value} times as long as the weights.",
    ),
    "to learn, weights move by something like their own size; whoever went that far has looked",
    CALIBRATED,
    "watch",
)
