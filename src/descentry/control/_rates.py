"""The multiplier on the learning rate, in force only while the optimizer makes its step.

Before the step each group's rate is multiplied, after it the rate is put back. A scheduler, whether it
computes its rates anew or from the last ones, therefore only ever sees its own; and with a multiplier of
one nothing is touched.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from descentry.control._orders import Rate
from descentry.core.errors import DescentryError
from descentry.live._hooks import Hook, is_within_another_step

_PEAKS = ("max_lr", "initial_lr")  # what schedulers of torch write down beside the rate


class Rates:
    """The rates of one optimizer.

    Args:
        optimizer: The optimizer. It must have step hooks.

    Attributes:
        given: The rate that was given, of the first group that has one: with a scheduler its peak.
        scheduled: Whether a scheduler was put on it already.
        coming: What is in force at the next step.
        skip: Whether the next step is to be left out.
        base: The rate that was set for the last step, over the given one.

    Raises:
        DescentryError: There is no rate, or there are no hooks.
    """

    def __init__(self, optimizer: Any) -> None:
        groups = optimizer.param_groups
        self._given = [_given(g) for g in groups]
        rates = [r for r in self._given if r > 0.0]
        if not rates or not hasattr(optimizer, "register_step_pre_hook"):
            what = "no learning rate above zero" if not rates else "no hooks for its steps"
            raise DescentryError(
                f"{type(optimizer).__name__} has {what}",
                where="pilot",
                how="descentry.watch takes any optimizer.",
            )
        self.given = rates[0]
        self._first = self._given.index(rates[0])
        self.scheduled = any("initial_lr" in g for g in groups)
        self.coming = Rate()
        self.skip = False
        self.base = 1.0
        self._before: list[Any] | None = None
        self._depth = 0  # of steps within each other
        self._pre = optimizer.register_step_pre_hook(Hook(self, Rates._apply))
        self._post: Any = None

    def follow(self, optimizer: Any) -> None:
        """Puts the rates back after a step; last of all hooks: the others see the rate that was in force."""
        self._post = optimizer.register_step_post_hook(Hook(self, Rates._after))

    def now(self, optimizer: Any) -> float:
        """The rate of the next step, of the first group that has one."""
        rate = optimizer.param_groups[self._first]["lr"]
        given = self._given[self._first]
        return (given if self.coming.fixed else float(rate)) * self.coming.factor

    def close(self) -> None:
        """Takes the hooks away."""
        self._pre.remove()
        if self._post is not None:
            self._post.remove()

    def _apply(self, optimizer: Any, *_: Any) -> None:
        try:
            self._multiply(optimizer)
        except Exception:  # noqa: BLE001 - this is inside the training's own step
            self.coming, self.skip = Rate(), False
            self._put_back(optimizer.param_groups)

    def _multiply(self, optimizer: Any) -> None:
        groups = optimizer.param_groups
        self._depth += 1
        if self._depth > 1:
            if is_within_another_step(optimizer):
                return  # a subclass calls the step of its base
            self._depth = 1  # the last step raised
            self._put_back(groups)
        self.base = float(groups[min(self._first, len(groups) - 1)]["lr"]) / self.given
        if self.skip:
            # Every optimizer passes over parameters without a gradient: nothing moves, nothing is remembered.
            self.skip = False
            for group in groups:
                for parameter in group["params"]:
                    parameter.grad = None
        coming = self.coming
        if coming.factor == 1.0 and not coming.fixed:
            return
        self._before = [g["lr"] for g in groups]
        for place, group in enumerate(groups):
            now = group["lr"]
            # A group that was added later has no rate of its own from before.
            given = self._given[place] if place < len(self._given) else now
            rate = (given if coming.fixed else now) * coming.factor
            group["lr"] = (
                torch.as_tensor(rate, dtype=now.dtype, device=now.device) if isinstance(now, Tensor) else rate
            )

    def _after(self, optimizer: Any, *_: Any) -> None:
        self._depth = max(0, self._depth - 1)
        if not self._depth:
            self._put_back(optimizer.param_groups)

    def _put_back(self, groups: list[dict[str, Any]]) -> None:
        before, self._before = self._before, None
        for group, rate in zip(groups, before or (), strict=False):
            group["lr"] = rate


def _given(group: dict[str, Any]) -> float:
    known = [group[name] for name in _PEAKS if isinstance(group.get(name), (int, float, Tensor))]
    return float(known[0] if known else group.get("lr", 0.0))
