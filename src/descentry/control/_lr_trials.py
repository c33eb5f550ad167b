"""Runs the legs of a search on a live model, on batches drawn once, and counts what they cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import torch
from torch import Tensor, nn

from descentry.control._lr_checks import checked_gradients, checked_loss
from descentry.control._lr_groups import Rates
from descentry.control._search import FIRST, Search
from descentry.control._search_parts import Leg
from descentry.instruments._tensors import values
from descentry.trials._losses import computing_the_loss
from descentry.trials.snapshot import Snapshot

ComputeLoss = Callable[[Any, Any], Tensor]
EARLY = 3e-2  # of the rate at which a straight loss would be zero after one step: nothing breaks there
LATE = 1e4
NEAR = 2**27  # bytes of a snapshot, above which those of trials are kept in the CPU's memory


class Trials:
    """Trainings from one snapshot, step ``i`` of each on batch ``i``.

    Args:
        model: The model.
        optimizer: Its optimizer.
        compute_loss: ``compute_loss(model, batch)``, a scalar with a graph.
        before_step: Called between the gradient and the update: clipping, most often.
        others: Further things that a snapshot must keep.

    Attributes:
        batches: What the steps see; begun again at the end. Set once the first snapshot is taken.
        start: That snapshot; whoever made the trials restores it at the end.
        gradients: How many were evaluated.
        evaluations: How many losses were, without a gradient.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Any,
        compute_loss: ComputeLoss,
        before_step: Callable[[], object] | None = None,
        others: Sequence[Any] = (),
    ) -> None:
        self.model, self.optimizer = model, optimizer
        self.compute_loss = compute_loss
        self.before_step, self.others = before_step, others
        self.batches: Sequence[Any] = ()
        self.rates = Rates(optimizer)
        self.gradients = self.evaluations = 0
        self._away: str | None = None
        self.start = self._taken()
        self._away = "cpu" if self.start.nbytes > NEAR else None
        self._arms: dict[int, tuple[Snapshot, int]] = {}
        self._at = 0
        self._looking = False

    def _taken(self) -> Snapshot:
        return Snapshot.take(self.model, self.optimizer, *self.others, device=self._away)

    def run(self, search: Search) -> None:
        """Makes the steps that the search proposes until it is over; where it ends is not restored."""
        while (leg := search.propose()) is not None:
            search.tell(self._leg(leg, search.hopeless, keep=search.resume))

    def _leg(self, leg: Leg, hopeless: Callable[[float], bool], *, keep: bool) -> list[float]:
        if leg.origin == "start":
            self.start.restore()
            self._at = 0
        elif leg.origin == "arm":
            snapshot, self._at = self._arms.pop(leg.arm)
            snapshot.restore()
        if leg.rate == 0:
            return self.evaluated(leg.steps)
        losses: list[float] = []
        for _ in range(leg.steps):
            if leg.arm < 0:
                self._at %= FIRST  # the ramp sees the batches whose loss is known
            losses.append(self.step(leg.rate))
            if hopeless(losses[-1]):
                return losses
        if keep and leg.arm >= 0:
            self._arms[leg.arm] = self._taken(), self._at
        return losses

    def evaluated(self, count: int) -> list[float]:
        """The losses of the first batches, without a gradient."""
        self.evaluations += count
        with torch.no_grad():
            return [
                float(self.compute_loss(self.model, self.batches[i % len(self.batches)]))
                for i in range(count)
            ]

    @property
    def cost(self) -> float:
        """In gradient evaluations; a loss without its gradient is a third of one."""
        return self.gradients + self.evaluations / 3

    def step(self, rate: float) -> float:
        """One update on the next batch; its loss from before it."""
        batch = self.batches[self._at % len(self.batches)]
        self._at += 1
        self.rates.set(rate)
        seen: list[Tensor] = []

        def closure() -> Tensor:
            self.gradients += 1
            self.optimizer.zero_grad()
            with torch.enable_grad():
                loss = self._loss(batch)
                seen.append(loss.detach())
                loss.backward()  # type: ignore[no-untyped-call]
            if self.before_step is not None:
                self.before_step()
            return loss

        self.optimizer.step(closure)
        return float(seen[0])

    def _loss(self, batch: Any) -> Tensor:
        if not self._looking:
            return self.compute_loss(self.model, batch)
        self._looking = False
        with computing_the_loss():
            loss = self.compute_loss(self.model, batch)
        return checked_loss(loss, self.model, batch)

    def first(self) -> tuple[float | None, tuple[str, ...]]:
        """Looks at one step: the scale of rates, and the names of parameters that get no gradient.

        The scale is the rate at which a straight loss would be zero after one step, |L| / (−gradient ·
        update). For plain gradient descent this is Polyak's step for a loss whose least value is 0; as the
        update is measured, it is the same for whatever the optimizer makes of a gradient. None where the
        update does not point downwards. Cost: one gradient. Begins and ends at ``start``.

        Raises:
            DescentryError: The loss or its gradient has a fault that no rate mends.
        """
        self._looking = True
        loss = self.step(1.0)
        silent = checked_gradients(self.model, self.optimizer)
        held = [p for group in self.optimizer.param_groups for p in group["params"] if p.grad is not None]
        dense = [p for p in held if p.grad.layout == torch.strided]
        after = [(p, p.detach().clone(), p.grad.detach().clone()) for p in dense]
        self.start.restore()
        self._at = 0
        slope = sum(
            float(torch.sum(values(p.detach() - moved) * values(gradient))) for p, moved, gradient in after
        )
        rate = abs(loss) / slope if slope > 0 else 0.0
        return (rate if isfinite(rate) and rate > 0 else None), silent

    def stay(self, arm: int, rate: float) -> None:
        """Puts the training where this trial ended, with a rate set."""
        snapshot, self._at = self._arms[arm]
        snapshot.restore()
        self.rates.set(rate)
