"""What a level is, and how the levels are found."""

from __future__ import annotations

import functools
import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from descentry.core.errors import UnknownNameError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

FLOOR = 1e-4  # of the initial loss: losses below it count as equal (the f of the regret)


@dataclass(frozen=True, eq=False)
class Problem:
    """A model at its start, and all the data that it is trained on.

    Attributes:
        model: The model, with the weights that the seed gave it.
        inputs: All inputs; the first dimension counts examples.
        targets: All targets, likewise.
        loss_fn: ``loss_fn(outputs, targets)``, a mean over examples.
    """

    model: nn.Module
    inputs: Tensor
    targets: Tensor
    loss_fn: Callable[[Any, Any], Tensor]


@dataclass(frozen=True)
class Level:
    """One thing to fly. The level is imported by the server, so torch is imported by what it calls only.

    Attributes:
        id: The name in addresses and files.
        order: Its place in the list, from 1.
        title: A few words.
        brief: What is flown, and what is hard about it; two or three sentences.
        teaches: What there is to learn, said in the debrief.
        steps: The budget, in steps at the level's own batch size.
        pace: Steps a second at speed 1.
        lr: The learning rate at take-off.
        low: The lowest rate of the slider.
        high: The highest rate of the slider.
        batch: Examples in a batch at take-off; 0 is all of the data.
        batches: The sizes that can be chosen; empty where the size is fixed.
        within: The regret at which the level counts as passed.
        look: Steps between two readings of the curvature and the noise.
        problem: Makes model and data from a seed.
        optimizer: Makes the optimizer of the parameters, at a rate.
    """

    id: str
    order: int
    title: str
    brief: str
    teaches: str
    steps: int
    pace: float
    lr: float
    low: float
    high: float
    batch: int
    batches: tuple[int, ...]
    within: float
    look: int
    problem: Callable[[int], Problem]
    optimizer: Callable[[Sequence[Any], float], torch.optim.Optimizer]

    @property
    def checkpoint(self) -> int:
        """Steps between two checkpoints that can be returned to: twenty in a flight."""
        return max(1, self.steps // 20)

    @property
    def rollback_cost(self) -> float:
        """What a return to a checkpoint takes from the budget, beside the steps that are lost: 2% of it."""
        return 0.02 * self.steps

    def cost(self, batch: int) -> float:
        """What a step with this batch takes from the budget, in steps with the level's own."""
        return batch / self.batch if self.batch else 1.0

    def clamped(self, rate: float) -> float:
        """The rate, within the ends of the slider."""
        return min(max(rate, self.low), self.high) if math.isfinite(rate) else self.lr


@functools.cache
def levels() -> Mapping[str, Level]:
    """All levels by id, in their order."""
    from descentry.web.flight import levels as room

    names = [m.name for m in pkgutil.iter_modules(room.__path__) if not m.name.startswith("_")]
    found = [importlib.import_module(f"{room.__name__}.{name}").LEVEL for name in names]
    return MappingProxyType({one.id: one for one in sorted(found, key=lambda one: one.order)})


def level(name: str) -> Level:
    """The level of this id.

    Raises:
        UnknownNameError: There is none.
    """
    if name not in levels():
        raise UnknownNameError(f"there is no level called {name!r}", name=name, known=list(levels()))
    return levels()[name]


def sgd(momentum: float) -> Callable[[Sequence[Any], float], torch.optim.Optimizer]:
    """Stochastic gradient descent with this momentum."""

    def make(parameters: Sequence[Any], rate: float) -> torch.optim.Optimizer:
        import torch

        return torch.optim.SGD(parameters, lr=rate, momentum=momentum)

    return make


def adamw(parameters: Sequence[Any], rate: float) -> torch.optim.Optimizer:
    """AdamW with the weight decay that PyTorch has for it."""
    import torch

    return torch.optim.AdamW(parameters, lr=rate)
