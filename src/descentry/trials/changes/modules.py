"""Modules exchanged in place: activations between the layers, the share that dropout drops."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from torch import nn

from descentry.core.data import Remedy
from descentry.trials._fork import Fork
from descentry.trials._training import Cannot, Training
from descentry.trials.changes._entry import Change, Variant

_ACTIVATIONS = (nn.ReLU, nn.Sigmoid, nn.Tanh, nn.Hardtanh, nn.ReLU6)
_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)


def _places(model: nn.Module) -> list[tuple[nn.Module, str]]:
    """Where activations are, without a last one that makes the outputs."""
    children = [(parent, name) for parent in model.modules() for name, _ in parent.named_children()]
    leaves = [(p, n) for p, n in children if not list(getattr(p, n).children())]
    inner = leaves[:-1] if leaves and isinstance(getattr(*leaves[-1]), _ACTIVATIONS) else leaves
    return [(p, n) for p, n in inner if isinstance(getattr(p, n), _ACTIVATIONS)]


def _variants(remedy: Remedy, fork: Fork) -> Sequence[Variant]:
    if remedy.id == "lower-dropout":
        share = float(remedy.change["dropout"])
        found = [m for m in fork.model.modules() if isinstance(m, _DROPOUTS) and m.p > share]
        if not found:
            raise Cannot("no dropout module is there to be changed")

        def lower(training: Training) -> None:
            for module in found:
                training.on_undo(functools.partial(setattr, module, "p", module.p))
                module.p = share

        return [Variant(f"lowering dropout to {share:g}", lower, forward="dropout")]
    kind = {"LeakyReLU": nn.LeakyReLU, "ReLU": nn.ReLU}.get(str(remedy.change.get("activation")))
    places = _places(fork.model)
    if kind is not None and places and all(isinstance(getattr(p, n), kind) for p, n in places):
        raise Cannot(f"the activations are {kind.__name__} already")
    if kind is None or not places:
        raise Cannot("no activation module is there to be exchanged; functions are called in forward()")

    def exchange(training: Training) -> None:
        for parent, name in places:
            training.exchange(parent, name, kind())

    return [
        Variant(
            f"using {kind.__name__} between the layers",
            exchange,
            forward="activation",
            by_hand="Make the model with it, so that checkpoints and code agree.",
        )
    ]


CHANGE = Change(("lower-dropout", "change-activation"), _variants)
