"""The learning rate for a training as it stands: ``descentry.find_lr``.

A ramp finds where the loss breaks, and short trainings from one snapshot, on the same batches, are raced
against each other at rates below it (``_search``). Everything is as it was afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any

from torch import Tensor, nn

from descentry.control._lr_batches import draw
from descentry.control._lr_checks import NO_RATE, WHERE, checked_optimizer
from descentry.control._lr_terrain import COST, terrain
from descentry.control._lr_trials import EARLY, LATE, Trials
from descentry.control._search import FIRST, HIGH, LOW, WHOLE, Search
from descentry.control._search_parts import Arm
from descentry.core.errors import DescentryError, listed
from descentry.core.learning_rate import LRSuggestion, RateTrial, Terrain
from descentry.instruments._unwatched import unwatched
from descentry.trials._batches import generators

BUDGET = 100
LEAST = 40  # steps without which a search says nothing
EDGES = (1e-2, 1e2)  # of the edge of stability: where the ramp begins and ends, where the edge is known


def find_lr(
    model: nn.Module,
    optimizer: Any,
    batches: Iterable[Any],
    compute_loss: Callable[[Any, Any], Tensor],
    *,
    budget: int = BUDGET,
    keep: bool = False,
    terrain: bool = False,
    before_step: Callable[[], object] | None = None,
    others: Sequence[Any] = (),
) -> LRSuggestion:
    """Finds the learning rate by short trainings at different rates, and leaves everything as it was.

    Works with every optimizer that has a learning rate, with weight decay and momentum as they are set, from
    a new model as from one that has been trained. Several parameter groups keep the ratio of their rates.
    Where a scheduler is attached, the rate is the highest that its schedule should reach: make it anew with
    that. Model, gradients, optimizer, buffers, random streams and the generator of a loader are to
    the bit what they were; an iterator loses the batches that were taken (a loader and a list do not).

    Cost: at most ``budget`` gradient evaluations, and the memory of a copy of weights and optimizer state
    for each rate that is tried, nine at most.

    Args:
        model: The model, in the mode that it trains in.
        optimizer: Its optimizer. Its present rates do not matter, but for their ratios.
        batches: A loader, a list of batches, or an iterator; 40 are used, or the same ones again.
        compute_loss: ``compute_loss(model, batch)``, the loss of one batch as a tensor with its graph.
        budget: Gradient evaluations, at most, beside those whose steps are kept.
        keep: Leave the model where the best trial ended, some 40 steps on, with its rate set: then only the
            other trials were paid for.
        terrain: Measure sharpness and gradient noise first, which takes 22 gradients of the budget. For plain
            gradient descent and momentum the sharpness bounds the ramp.
        before_step: Called between the gradient and the update of each step, to clip gradients for example.
        others: What else the training changes and has to be put back: further models, a ``GradScaler``.

    Returns:
        The rate, the range in which training works, the trials, and what they cost; it prints itself.

    Raises:
        DescentryError: The model has another fault (no gradient, NaN, a loss that no rate lowers), or the
            arguments do not fit.

    >>> import torch
    >>> weights = torch.nn.Linear(2, 1)
    >>> loss = lambda model, x: model(x).square().mean()
    >>> found = find_lr(weights, torch.optim.SGD(weights.parameters(), lr=1.0), [torch.eye(2)] * 8, loss)
    >>> found.low <= found.lr <= found.high
    True
    """
    if not isinstance(budget, int) or budget < LEAST:
        raise DescentryError(f"budget should be {LEAST} gradients or more, not {budget!r}", where=WHERE)
    checked_optimizer(model, optimizer)
    trials = Trials(model, optimizer, compute_loss, before_step, [*generators(batches), *others])
    found: LRSuggestion | None = None
    try:
        with unwatched():
            trials.batches, notes = draw(batches, WHOLE)
            found, best = _found(trials, budget + (WHOLE if keep else 0), terrain, notes, keep)
    finally:
        trials.start.restore()
    if keep:
        trials.stay(best, found.lr)
    return found


def _found(
    trials: Trials, budget: int, measure: bool, notes: tuple[str, ...], keep: bool
) -> tuple[LRSuggestion, int]:
    """What the search comes to, and the number of its best trial.

    Raises:
        DescentryError: There is a fault that no rate mends, or the budget is too small for this optimizer.
    """
    scale, silent = trials.first()
    each = trials.gradients  # what one step takes: more than one where the optimizer evaluates by itself
    ground: Terrain | None = None
    if measure:
        ground = terrain(trials.model, trials.optimizer, trials.batches, trials.compute_loss)
        trials.gradients += COST
        trials.start.restore()
    low, high = (LOW, HIGH) if scale is None else (EARLY * scale, LATE * scale)
    if ground is not None and ground.edge is not None:
        low, high = EDGES[0] * ground.edge, EDGES[1] * ground.edge
    steps = int((budget - trials.cost - FIRST / 3) // each) + FIRST
    if steps < LEAST:
        raise DescentryError(
            f"a step of {type(trials.optimizer).__name__} takes {each} gradients, so {budget} are too few",
            where=WHERE,
            how=f"Give budget={each * LEAST + COST}, or find the rate of a plainer optimizer.",
        )
    # What divides by the size of the gradient has no step that grows with it.
    adaptive = any("betas" in group or "alpha" in group for group in trials.optimizer.param_groups)
    search = Search(low, high, budget=steps, resume=True, cautious=not adaptive)
    trials.run(search)
    if search.found is None:
        rates = [rate for rate, _ in search.ramp] + [arm.rate for arm in search.arms]
        raise DescentryError(
            f"{search.failure}, from {min(rates, default=low):.1e} to {max(rates, default=high):.1e}",
            where=WHERE,
            how=NO_RATE,
        )
    if silent:
        notes = (*notes, f"No gradient reaches {listed(silent, 3)}.")
    if trials.rates.scheduled:
        notes = (*notes, "A scheduler is attached: this is the highest rate that it should reach.")
    best = search.arms[search.found.arm]
    suggestion = LRSuggestion(
        lr=search.found.rate,
        lrs=trials.rates.of(search.found.rate),
        low=search.found.low,
        high=search.found.high,
        uncertainty=search.found.decades,
        breaks=search.found.breaks,
        curve=tuple(_point(arm) for arm in sorted(search.arms, key=lambda arm: arm.rate)),
        ramp=tuple(search.ramp),
        before=search.before,
        cost=trials.cost,
        kept=len(best.losses) if keep else 0,
        scheduled=trials.rates.scheduled,
        terrain=ground,
        notes=notes,
    )
    return suggestion, best.number


def _point(arm: Arm) -> RateTrial:
    return RateTrial(arm.rate, len(arm.losses), inf if arm.broke else arm.level().mean, arm.broke)
