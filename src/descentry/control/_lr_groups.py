"""One learning rate for all parameter groups: each keeps its ratio to the others."""

from __future__ import annotations

from typing import Any

import torch


class Rates:
    """The rates of an optimizer's groups as one number, that of the first group whose rate is not zero.

    Where a scheduler is attached, the ratios are those of the rates that it starts from. A group whose rate
    is zero stays at zero, unless all are.
    """

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        scheduled = all("initial_lr" in group for group in optimizer.param_groups)
        self.scheduled = scheduled
        now = [float(group["initial_lr" if scheduled else "lr"]) for group in optimizer.param_groups]
        base = next((rate for rate in now if rate > 0), 0.0)
        self.base = base
        self.ratios = tuple(rate / base for rate in now) if base else (1.0,) * len(now)

    def set(self, rate: float) -> None:
        """Sets every group's rate, in place where it is a tensor."""
        for group, ratio in zip(self.optimizer.param_groups, self.ratios, strict=True):
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(rate * ratio)
            else:
                group["lr"] = rate * ratio

    def of(self, rate: float) -> tuple[float, ...]:
        """The rates of the groups."""
        return tuple(rate * ratio for ratio in self.ratios)
