"""Which of the trials of a search has the rate to use."""

from __future__ import annotations

from collections.abc import Sequence

from descentry.control._search_levels import TIES
from descentry.control._search_parts import Arm

SPACING = 0.5  # decades between arms
NEARLY = 0.1  # of the fall: what the smaller rate may lose where the next larger one broke


def choose(arms: Sequence[Arm], before: float, *, cautious: bool) -> tuple[Arm, bool]:
    """The arm of the lowest level among those that went furthest, and whether caution chose it.

    Of equals it is the larger rate. With caution, where the next larger rate broke, it is the smallest of
    those that are nearly equals.

    Args:
        arms: All trials, one at least.
        before: The level of the loss before training.
        cautious: See :class:`~descentry.control._search.Search`.
    """
    alive = [a for a in arms if not a.broke] or list(arms)
    furthest = max(len(a.losses) for a in alive)
    alive = [a for a in alive if len(a.losses) == furthest]
    best = min(a.level().mean for a in alive)
    fall = max(before - best, 0.0)
    top = max((a for a in alive if a.level().mean <= best + TIES * fall), key=lambda a: a.rate)
    above = [a for a in arms if top.rate < a.rate < top.rate * 10 ** (1.5 * SPACING)]
    if cautious and any(a.broke for a in above):
        low = min((a for a in alive if a.level().mean <= best + NEARLY * fall), key=lambda a: a.rate)
        return low, low is not top
    return top, False
