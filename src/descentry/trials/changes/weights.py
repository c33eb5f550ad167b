"""Weights drawn anew, set free, or given to the optimizer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from descentry.core.data import Remedy
from descentry.trials._fork import Fork
from descentry.trials._training import Cannot, Training
from descentry.trials.changes._entry import Change, Variant

_DRAWS: dict[str, Callable[[Any], Any]] = {
    "kaiming_normal_": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
    "xavier_uniform_": nn.init.xavier_uniform_,
}
_LAYERS = (nn.Linear, nn.modules.conv._ConvNd)


def _redraw(training: Training, init: str) -> None:
    layers = [m for m in training.model.modules() if isinstance(m, _LAYERS)]
    with torch.no_grad():
        for module in training.model.modules():
            if isinstance(module, _LAYERS):
                # The last layer's outputs are not rectified, so He's factor of 2 does not belong there.
                draw = nn.init.xavier_uniform_ if module is layers[-1] else _DRAWS[init]
                draw(module.weight)
                if module.bias is not None:
                    module.bias.zero_()
            else:
                reset: Any = getattr(module, "reset_parameters", None)
                if callable(reset):
                    reset()
    training.optimizer.state.clear()  # it is about weights that are no longer there


def _held(optimizer: Any) -> set[int]:
    return {id(p) for group in optimizer.param_groups for p in group["params"]}


def _register(training: Training) -> None:
    held = _held(training.optimizer)
    missing = [p for p in training.model.parameters() if id(p) not in held and p.requires_grad]
    groups = training.optimizer.param_groups
    before = list(groups)
    training.optimizer.add_param_group({"params": missing, "lr": float(groups[0]["lr"])})

    def undo() -> None:
        groups[:] = before

    training.on_undo(undo)


def _freeze(parameter: nn.Parameter) -> None:
    parameter.requires_grad_(False)


def _thaw(training: Training) -> None:
    frozen = [p for p in training.model.parameters() if not p.requires_grad and p.is_floating_point()]
    for parameter in frozen:
        parameter.requires_grad_(True)
        training.on_undo(functools.partial(_freeze, parameter))
    held = _held(training.optimizer)
    if any(id(p) not in held for p in frozen):
        _register(training)


def _variants(remedy: Remedy, fork: Fork) -> Sequence[Variant]:
    if remedy.id == "reinitialise":
        if not any(isinstance(m, _LAYERS) for m in fork.model.modules()):
            raise Cannot("there is no linear or convolutional layer to draw anew")
        init = str(remedy.change.get("init"))
        if init not in _DRAWS:
            raise Cannot(f"there is no way of drawing called {init!r} here")
        name = "He" if init.startswith("kaiming") else "Glorot"
        return [Variant(f"drawing the weights anew with {name}'s scale", lambda t: _redraw(t, init))]
    if remedy.id == "unfreeze":
        if all(p.requires_grad for p in fork.model.parameters()):
            raise Cannot("no parameter is frozen")
        return [Variant("letting frozen parameters learn", _thaw)]
    held = _held(fork.optimizer)
    if all(id(p) in held for p in fork.model.parameters() if p.requires_grad):
        raise Cannot("the optimizer holds every parameter that the model shows")
    return [Variant("giving the optimizer all parameters", _register)]


CHANGE = Change(("reinitialise", "unfreeze", "register-parameters"), _variants)
