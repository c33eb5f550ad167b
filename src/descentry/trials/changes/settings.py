"""Other settings of the optimizer, or another optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from descentry.core.data import Remedy
from descentry.trials._fork import Fork
from descentry.trials._training import Cannot, Training
from descentry.trials.changes._entry import Change, Variant


def _setting(key: str, value: Any, title: str, fork: Fork) -> list[Variant]:
    if not all(key in group for group in fork.optimizer.param_groups):
        raise Cannot(f"{type(fork.optimizer).__name__} has no setting called {key}")

    def install(training: Training) -> None:
        for group in training.optimizer.param_groups:
            training.set({key: value}, group)

    return [Variant(title, install)]


def _adam(rate: float) -> list[Variant]:
    def install(training: Training) -> None:
        before = training.optimizer
        # A decay stays as it is: one thing is changed.
        groups = [
            {"params": list(g["params"]), "weight_decay": g.get("weight_decay", 0.0)}
            for g in before.param_groups
        ]
        training.optimizer = torch.optim.Adam(groups, rate)
        training.on_undo(lambda: setattr(training, "optimizer", before))

    return [
        Variant(
            f"switching to Adam at a rate of {rate:g}",
            install,
            by_hand="Your loop calls step() of the optimizer it knows: give it `applied.optimizer`.",
        )
    ]


def _variants(remedy: Remedy, fork: Fork) -> Sequence[Variant]:
    change = remedy.change
    if change.get("optimizer") == "Adam":
        return _adam(float(change.get("lr", 1e-3)))
    if "momentum" in change:
        return _setting("momentum", change["momentum"], f"adding a momentum of {change['momentum']:g}", fork)
    if change.get("maximize") is False:
        return _setting("maximize", False, "descending instead of climbing", fork)
    if "weight_decay" in change:
        decay = float(change["weight_decay"])
        now = max((float(g.get("weight_decay", 0.0)) for g in fork.optimizer.param_groups), default=0.0)
        word = "lowering" if decay < now else "setting"
        return _setting("weight_decay", decay, f"{word} the weight decay to {decay:.2g}", fork)
    raise Cannot("which sign is meant cannot be told by a trial: each way looks better by its own loss")


CHANGE = Change(
    ("add-momentum", "switch-to-adam", "lower-weight-decay", "regularise", "flip-sign"),
    _variants,
)
