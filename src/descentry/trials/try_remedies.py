"""Tries remedies on the user's own model: ``descentry.try_remedies``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import nn

from descentry.core.data import Diagnosis, Remedy
from descentry.core.errors import DescentryError
from descentry.core.trial import Trial
from descentry.instruments._unwatched import unwatched
from descentry.trials._batches import draw, generators
from descentry.trials._fork import Fork
from descentry.trials._lanes import lanes_of, remedies_of
from descentry.trials._run import FEWEST, Progress, Run
from descentry.trials.snapshot import Snapshot

SMALL = 100_000  # weights


def try_remedies(
    model: nn.Module,
    optimizer: Any,
    batches: Iterable[Any],
    compute_loss: Callable[[Any, Any], Any],
    diagnoses: Iterable[Diagnosis | Remedy],
    *,
    steps: int = 200,
    budget: int | None = None,
    seeds: int = 8,
    most: int = 6,
    together: bool | None = None,
    progress: Progress | None = None,
) -> Trial:
    """Trains on in short arms, one for each remedy and one that changes nothing, and compares them in pairs.

    Every arm begins from the model and the optimizer as they are, and gets the same batches and the same
    random numbers. Each seed is another order of the batches. Arms are judged by ``compute_loss`` on batches
    that none of them trained on. An arm whose effect is clear, or clearly small, or less than that of an arm
    that is better for certain, gets no more seeds; the trial ends when none is left or the budget is spent.
    The intervals allow for that (:mod:`descentry.trials._sequential`). Afterwards model, optimizer, random
    streams and the generator of a loader are to the bit what they were.

    Cost: at most ``steps · seeds · (arms + 1)`` gradients, and the memory of one more copy of weights and
    optimizer state for each arm that is computed together with others.

    Args:
        model: The model, in the mode that it trains in.
        optimizer: Its optimizer, with the settings that are to be tried against.
        batches: A loader, a list, or an iterator (which loses what is taken).
        compute_loss: ``compute_loss(model, batch)``, the loss of one batch as a tensor with its graph.
        diagnoses: ``report.diagnoses``, of which the likely ones are used; or remedies out of them.
        steps: How many each arm makes.
        budget: Gradient evaluations, at most; arms are shortened where it is too small for all of them.
        seeds: At most; an arm is told from the control arm after three at the earliest.
        most: Remedies to try, at most; one may take several arms.
        together: Whether arms may be computed in one batched call, where that gives the same numbers; when
            None, where it saves time: up to 100,000 weights, without convolutions (`docs/benchmarks.md`).
        progress: Called as ``progress(done, total, what)``, in gradients.

    Raises:
        DescentryError: There is nothing to try, the loss cannot be computed or is not finite, or ``batches``
            holds none.
    """
    for name, value, least in (("steps", steps, FEWEST), ("seeds", seeds, 1), ("most", most, 1)):
        if not isinstance(value, int) or value < least:
            raise DescentryError(f"{name} should be {least} or more, not {value!r}", where="try_remedies")
    subjects = list(diagnoses)
    remedies = remedies_of(subjects, most)
    snapshot = Snapshot.take(model, optimizer, *generators(batches))
    with unwatched(), snapshot.kept():
        fork = Fork(model, optimizer, compute_loss, draw(batches, steps))
        fork.listen()
        snapshot.restore()
        lanes, untried = lanes_of(remedies, fork)
        zero = not any(
            isinstance(d, Diagnosis) and d.cause == "gradients-not-zeroed" and d.status == "supported"
            for d in subjects
        )
        if together is None:
            together = _small(model)
        return Run(fork, snapshot, lanes, untried, zero, together, progress).go(steps, seeds, budget)


def _small(model: nn.Module) -> bool:
    """Whether a step takes most of its time for being called, which is what computing together saves."""
    convolves = any(isinstance(m, nn.modules.conv._ConvNd) for m in model.modules())
    return not convolves and sum(p.numel() for p in model.parameters()) <= SMALL
