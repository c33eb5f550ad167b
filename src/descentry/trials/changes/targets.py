"""Targets standardised without touching them: the model's outputs are in units of their spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from descentry.core.data import Remedy
from descentry.trials._fork import Fork
from descentry.trials._training import Cannot, Training
from descentry.trials.changes._entry import Change, Variant, at_rates

RATES = (10.0, 100.0)
POWER = {
    "mse_loss": 2,
    "l1_loss": 1,
    "smooth_l1_loss": 1,
    "huber_loss": 1,
}  # how the loss grows with its scale


def _variants(remedy: Remedy, fork: Fork) -> Sequence[Variant]:
    power = POWER.get(fork.heard.loss)
    if power is None or not fork.targets:
        raise Cannot("the loss is none of PyTorch's for regression, so its targets are not known")
    y = torch.cat([t.reshape(-1) for t in fork.targets]).double()
    mean, spread = float(y.mean()), float(y.std(correction=0))
    if not spread > 0:
        raise Cannot("the targets are all alike")

    def turned_back(_: nn.Module, __: Any, output: Any) -> Any:
        return output * spread + mean if isinstance(output, Tensor) else output

    def install(training: Training) -> None:
        loss = training.compute_loss
        training.after_forward(turned_back)
        training.compute_loss = lambda model, batch: loss(model, batch) / spread**power
        training.on_undo(lambda: setattr(training, "compute_loss", loss))

    variant = Variant(
        "standardising the targets",
        install,
        forward="targets",
        by_hand=f"Train on (y − {mean:.3g}) / {spread:.3g} and turn predictions back, or train on "
        "`applied.compute_loss`, where a hook turns them back, which is in no state_dict.",
    )
    return at_rates(variant, () if fork.adaptive else RATES, fork)


CHANGE = Change(("standardise-targets",), _variants)
