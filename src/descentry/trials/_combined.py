"""Two remedies in one arm, where each helps and leaves something to gain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from descentry.trials._effects import ALPHA, SMALL, Effect
from descentry.trials._fork import Fork
from descentry.trials._lanes import Lane
from descentry.trials._sequential import interval
from descentry.trials._training import Training
from descentry.trials.changes._entry import Variant, at_rates

FASTER = (10.0,)  # times the rate
LEFT = 0.01  # of the loss before any step: where one remedy leaves no more, it helps in full


def pairs_of(lanes: Sequence[Lane], found: Mapping[str, Effect], start: float) -> list[tuple[Lane, Lane]]:
    """Pairs of arms worth trying as one, the best first; nothing where one alone does all there is to do.

    Args:
        lanes: The arms that are judged by the user's own loss.
        found: What each came to.
        start: The loss before any step.
    """
    helps = [x for x in lanes if x.id in found and _helps(found[x.id], start)]
    helps.sort(key=lambda lane: (found[lane.id].outcome != "better", found[lane.id].estimate.value))
    if len(helps) < 2 or found[helps[0].id].outcome != "better":
        return []
    best = found[helps[0].id].loss
    if 0.0 <= sum(best) / len(best) <= LEFT * start:
        return []
    return [(one, other) for one, other in combinations(helps, 2) if one.remedy != other.remedy]


def _helps(effect: Effect, start: float) -> bool:
    """For certain, or by the seeds that it was given before another was found to help more."""
    likely = effect.outcome == "undetermined" and effect.estimate.value < -SMALL * abs(start)
    return effect.outcome == "better" or likely


def combined(one: Lane, other: Lane, fork: Fork) -> list[Lane]:
    """Both changes in one arm, and with a larger rate where neither changes it; none where they collide.

    The caller puts back what installing does to the weights.
    """
    assert one.variant is not None
    assert other.variant is not None
    first, second = one.variant, other.variant
    touched, too = _touched(first, fork), _touched(second, fork)
    if first.forward == second.forward != "" or touched & too:
        return []

    def install(training: Training) -> None:
        first.install(training)
        second.install(training)

    by_hand = " ".join(text for text in (first.by_hand, second.by_hand) if text)
    variant = Variant(
        f"{first.title}, and {second.title}",
        install,
        forward="+".join(text for text in (first.forward, second.forward) if text),
        batches=max(first.batches, second.batches),
        by_hand=by_hand,
    )
    variants = [variant] if "lr" in touched | too else at_rates(variant, FASTER, fork)
    name, remedy = f"{one.id}+{other.id}", f"{one.remedy}+{other.remedy}"
    return [Lane(f"{name}-{v.id}" if v.id else name, remedy, v) for v in variants]


def surpasses(both: Effect, one: Effect) -> bool:
    """Whether the arm of both is ahead of the better of the two for certain, by the seeds that they share."""
    pairs = list(zip(both.loss, one.loss, strict=False))
    if not all(math.isfinite(a) and math.isfinite(b) for a, b in pairs):
        return False
    logs = all(a > 0.0 and b > 0.0 for a, b in pairs)
    share = ALPHA / 2 if logs else ALPHA
    found = [interval([a - b for a, b in pairs], share)]
    if logs:
        found.append(interval([math.log(a / b) for a, b in pairs], share))
    return any(middle + half < 0.0 for middle, half in found)


def _touched(variant: Variant, fork: Fork) -> set[str]:
    """Settings that a change writes; all of them where it puts another optimizer in."""
    training = Training(fork.model, fork.optimizer, fork.compute_loss)
    try:
        variant.install(training)
        if training.optimizer is not fork.optimizer:
            return {name for group in fork.optimizer.param_groups for name in group}
        return training.touched | ({"batches"} if variant.batches > 1 else set())
    finally:
        training.undo()
