"""What happens to a gradient before the optimizer uses it: clipped, skipped, set to zero in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from descentry.core.data import Remedy
from descentry.trials._fork import Fork
from descentry.trials._training import Training
from descentry.trials.changes._entry import Change, Variant


def _parameters(optimizer: Any) -> list[torch.Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]


def _skip(optimizer: Any, *_: Any) -> None:
    held = _parameters(optimizer)
    if not all(bool(torch.isfinite(p.grad).all()) for p in held if p.grad is not None):
        for parameter in held:
            parameter.grad = None  # optimizers leave alone what has no gradient


def _zeroed(training: Training) -> None:
    before = training.zero
    training.zero = True
    training.on_undo(lambda: setattr(training, "zero", before))


def _variants(remedy: Remedy, fork: Fork) -> Sequence[Variant]:
    change = remedy.change
    if "max_grad_norm" in change:
        limit = float(change["max_grad_norm"])

        def clip(optimizer: Any, *_: Any) -> None:
            torch.nn.utils.clip_grad_norm_(_parameters(optimizer), limit)

        return [
            Variant(
                f"clipping the gradient's norm at {limit:.2g}", lambda training: training.before_step(clip)
            )
        ]
    if change.get("skip_non_finite"):
        return [Variant("skipping steps that are not finite", lambda training: training.before_step(_skip))]
    return [
        Variant(
            "setting gradients to zero before each step",
            _zeroed,
            by_hand="Call optimizer.zero_grad() before each backward().",
        )
    ]


CHANGE = Change(("clip-gradients", "guard-batches", "zero-gradients"), _variants)
