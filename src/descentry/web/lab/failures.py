"""Trainings that fail for one reason each, and the same repaired: plain PyTorch, watched as any other.

Each recipe stands alone, because scripts carry it along as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from descentry.core.data import Report
from descentry.live._clock import VirtualClock
from descentry.live.watch import Watch, watch
from descentry.web.lab.engine import FIRST, THEN

OVERHEAD = 0.1  # of the work: these trainings are a second long, and looking at them is what they are for

Made = tuple[nn.Module, Tensor, Tensor, Callable[[Tensor, Tensor], Tensor], torch.optim.Optimizer]


def features(repaired: bool) -> Made:
    """Prices of flats from area in m², rooms, and age in days; repaired, the columns are standardised."""
    g = torch.Generator().manual_seed(0)
    area = 50 + 200 * torch.rand(256, 1, generator=g)
    rooms = 1 + 5 * torch.rand(256, 1, generator=g)
    age = 20000 * torch.rand(256, 1, generator=g)
    x = torch.cat([area, rooms, age], dim=1)
    y = area / 100 + rooms / 3 - age / 10000 + 0.1 * torch.randn(256, 1, generator=g)
    if repaired:
        x = (x - x.mean(0)) / x.std(0)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1))
    return model, x, y, nn.functional.mse_loss, torch.optim.SGD(model.parameters(), lr=0.1)


def large(repaired: bool) -> Made:
    """Two rings; the weights begin at a standard deviation of 10, or, repaired, as PyTorch draws them."""
    x, y = rings()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2))
    if not repaired:
        for name, parameter in model.named_parameters():
            if name.endswith("weight"):
                nn.init.normal_(parameter, std=10.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, x, y, nn.functional.cross_entropy, optimizer


def alike(repaired: bool) -> Made:
    """Two rings; all weights begin at 0.1, or, repaired, as PyTorch draws them."""
    x, y = rings()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
    if not repaired:
        for name, parameter in model.named_parameters():
            if name.endswith("weight"):
                nn.init.constant_(parameter, 0.1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    return model, x, y, nn.functional.cross_entropy, optimizer


def high(repaired: bool) -> Made:
    """Two rings at a learning rate of 300; repaired, of 0.3."""
    x, y = rings()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3 if repaired else 300.0)
    return model, x, y, nn.functional.cross_entropy, optimizer


def low(repaired: bool) -> Made:
    """Two rings at a learning rate of 0.0003; repaired, of 0.3."""
    x, y = rings()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3 if repaired else 3e-4)
    return model, x, y, nn.functional.cross_entropy, optimizer


def mismatch(repaired: bool) -> Made:
    """Two rings, with a softmax before a loss that has one of its own; repaired, without."""
    x, y = rings()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
    if not repaired:
        model.append(nn.Softmax(dim=1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    return model, x, y, nn.functional.cross_entropy, optimizer


def rings() -> tuple[Tensor, Tensor]:
    """Two classes, one around the other."""
    g = torch.Generator().manual_seed(0)
    y = torch.arange(256) % 2
    turn = 6.2831853 * torch.rand(256, generator=g)
    radius = 0.6 + 0.9 * y + 0.15 * torch.randn(256, generator=g)
    return torch.stack([radius * torch.cos(turn), radius * torch.sin(turn)], dim=1), y


RECIPES: dict[str, Callable[[bool], Made]] = {
    one.__name__: one for one in (features, large, alike, high, low, mismatch)
}


def train(recipe: str, repaired: bool, steps: int, check: Callable[[], None]) -> Iterator[list[float]]:
    """Trains a recipe, unwatched, yielding the losses so far now and then and at the end.

    Args:
        recipe: A name of ``RECIPES``.
        repaired: Whether it is repaired.
        steps: Updates.
        check: Called at every step; raises to stop.
    """
    due = time.perf_counter() + FIRST
    loss: list[float] = []
    for value in _losses(recipe, repaired, steps, check, None):
        loss.append(value)
        if time.perf_counter() > due:
            yield loss.copy()
            due = time.perf_counter() + THEN
    yield loss


def watched(recipe: str, repaired: bool, steps: int, check: Callable[[], None]) -> Report:
    """The story of the same training under a real watch, which changes none of its numbers.

    The watch counts work and not seconds, so that the same readings are taken whatever else the machine does.
    Some 2 ms a step; arguments as for ``train``.
    """
    found: list[Watch] = []
    for _ in _losses(recipe, repaired, steps, check, found):
        pass
    with found[0] as watching:
        return watching.explain()


def _losses(
    recipe: str, repaired: bool, steps: int, check: Callable[[], None], watching: list[Watch] | None
) -> Iterator[float]:
    """The loss of each step; where there is a list for it, a watch is put into it and told of every step."""
    with torch.random.fork_rng(devices=[]):
        model, x, y, loss_fn, optimizer = RECIPES[recipe](repaired)
        if watching is not None:
            watching.append(watch(model, optimizer, run_dir=None, overhead=OVERHEAD, _clock=VirtualClock()))
        for _ in range(steps):
            check()
            optimizer.zero_grad()
            value = loss_fn(model(x), y)
            torch.autograd.backward(value)
            optimizer.step()
            for one in watching or ():
                one.step(value)
            yield float(value.detach())
