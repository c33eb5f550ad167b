"""Initial weights that are alike, too large or too small."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.zoo.faults._kind import Kind, matrices
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import Training


def _constant(t: Training, strength: float) -> None:
    with torch.no_grad():
        for w in matrices(t.model):
            w.fill_(strength)


def _scaled(t: Training, strength: float) -> None:
    with torch.no_grad():
        for w in matrices(t.model):
            w.mul_(strength)


def _normal(t: Training, strength: float) -> None:
    """Drawn from a normal distribution of one width, whatever the layer, as people write it."""
    with torch.no_grad():
        for module in t.model.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                module.weight.normal_(0, strength, generator=t.rng)


def _hidden(spec: Spec) -> bool:
    return spec.model.family in {"mlp", "cnn", "autoencoder", "residual", "window"}


def _deeper(spec: Spec, strength: float) -> Spec:
    if spec.model.family not in {"mlp", "autoencoder"} or len(spec.model.widths) > 2:
        return spec
    return spec.with_model(widths=spec.model.widths * 3)


def _unnormalised(spec: Spec) -> bool:
    return _hidden(spec) and not spec.model.norm


KINDS = (
    Kind("all-alike", ("init-symmetric",), (0.01, 0.1, 0.5, 1.0), fits=_hidden, model=_constant, weight=2),
    Kind(
        "all-zero",
        ("init-symmetric",),
        (0.0,),
        ("flat-region", "vanishing-gradients", "no-gradient", "init-too-small"),
        fits=_hidden,
        model=_constant,
        weight=2,
    ),
    Kind(
        "weights-up",
        ("init-too-large",),
        (5, 10, 30, 100),
        ("exploding-gradients", "flat-region"),
        fits=_unnormalised,
        model=_scaled,
        weight=2,
    ),
    Kind(
        "weights-wide",
        ("init-too-large",),
        (1, 3, 10),
        ("exploding-gradients", "flat-region"),
        fits=_unnormalised,
        model=_normal,
        weight=2,
    ),
    Kind(
        "weights-down",
        ("init-too-small",),
        (0.1, 0.03, 0.01),
        ("vanishing-gradients", "flat-region"),
        fits=_unnormalised,
        setting=_deeper,
        model=_scaled,
        weight=2,
    ),
    Kind(
        "weights-narrow",
        ("init-too-small",),
        (1e-2, 1e-3, 1e-4),
        ("vanishing-gradients", "flat-region"),
        fits=_unnormalised,
        setting=_deeper,
        model=_normal,
        weight=2,
    ),
)
