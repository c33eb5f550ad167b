"""Features and targets of the wrong scale."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.zoo.data import Data
from benchmarks.zoo.faults._kind import Kind, kind_of, shape_of
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import in_steps


def _decades(data: Data, strength: float, rng: torch.Generator) -> Data:
    """Each feature in a unit of its own."""
    width = data.x.shape[1]
    exponents = strength * (2 * torch.rand(width, generator=rng) - 1)
    if width > 1:
        exponents[torch.randint(width, (1,), generator=rng)] = strength
        exponents[torch.randint(width, (1,), generator=rng)] = -strength
    return in_steps(data, x=data.x * 10**exponents, x_val=data.x_val * 10**exponents)


def _offset(data: Data, strength: float, rng: torch.Generator) -> Data:
    shift = strength * (0.5 + torch.rand(data.x.shape[-1], generator=rng))
    return in_steps(data, x=data.x + shift, x_val=data.x_val + shift)


def _all(data: Data, strength: float, rng: torch.Generator) -> Data:
    return in_steps(data, x=data.x * strength, x_val=data.x_val * strength)


def _few(data: Data, strength: float, rng: torch.Generator) -> Data:
    """A few features in large units, such as an income or a year."""
    scale = torch.ones(data.x.shape[1])
    chosen = torch.randperm(len(scale), generator=rng)[: max(1, len(scale) // 5)]
    scale[chosen] = strength
    return in_steps(data, x=data.x * scale, x_val=data.x_val * scale)


def _targets(data: Data, strength: float, rng: torch.Generator) -> Data:
    return in_steps(data, y=data.y * strength, y_val=data.y_val * strength)


def _target_offset(data: Data, strength: float, rng: torch.Generator) -> Data:
    return in_steps(data, y=data.y + strength, y_val=data.y_val + strength)


def _one_target(data: Data, strength: float, rng: torch.Generator) -> Data:
    scale: Tensor = torch.ones(data.y.shape[1])
    scale[0] = strength
    return in_steps(data, y=data.y * scale, y_val=data.y_val * scale)


def _bearable(spec: Spec, strength: float) -> Spec:
    """The largest rate that such inputs bear, roughly: gradient descent's falls with their square."""
    if spec.optimizer in {"sgd", "momentum", "nesterov"}:
        return spec.with_(rate=spec.rate / (1 + (10**strength) ** 2 / 3))
    return spec


def _bearable_few(spec: Spec, strength: float) -> Spec:
    if spec.optimizer in {"sgd", "momentum", "nesterov"}:
        return spec.with_(rate=spec.rate / strength**2 * 3)
    return spec


def _vectors(spec: Spec) -> bool:
    return shape_of(spec) == "vector" and spec.model.family != "autoencoder"


def _numbers(spec: Spec) -> bool:
    return shape_of(spec) in {"vector", "image", "series"} and spec.model.family != "autoencoder"


def _values(spec: Spec) -> bool:
    return kind_of(spec) == "values" and spec.model.family != "autoencoder" and spec.loss != "log-softmax"


KINDS = (
    Kind(
        "features-by-decades",
        ("feature-scaling",),
        (1.0, 2.0, 3.0),
        ("lr-too-high",),
        "scaling",
        _vectors,
        data=_decades,
        weight=2,
    ),
    Kind(
        "features-by-decades-small-rate",
        ("feature-scaling",),
        (1.0, 1.5, 2.0, 3.0),
        (),
        "scaling",
        _vectors,
        _bearable,
        _decades,
        weight=2,
    ),
    Kind(
        "few-large-features",
        ("feature-scaling",),
        (30, 300, 3e3),
        ("lr-too-high",),
        "scaling",
        _vectors,
        data=_few,
    ),
    Kind(
        "few-large-features-small-rate",
        ("feature-scaling",),
        (30, 300, 3e3),
        (),
        "scaling",
        _vectors,
        _bearable_few,
        _few,
    ),
    Kind(
        "features-offset",
        ("feature-scaling",),
        (10, 100, 1000),
        ("lr-too-high",),
        "scaling",
        _numbers,
        data=_offset,
    ),
    Kind(
        "features-large",
        ("feature-scaling",),
        (30, 255, 3000),
        ("lr-too-high",),
        "scaling",
        _numbers,
        data=_all,
    ),
    Kind(
        "targets-large",
        ("target-scaling",),
        (100, 1e3, 1e4, 1e6),
        ("lr-too-high", "lr-too-low", "exploding-gradients"),
        "worse",
        _values,
        data=_targets,
        weight=4,
    ),
    Kind(
        "targets-offset",
        ("target-scaling",),
        (30, 100, 1e3),
        ("lr-too-high", "lr-too-low"),
        "worse",
        _values,
        data=_target_offset,
        weight=2,
    ),
    Kind(
        "one-large-target",
        ("target-scaling",),
        (100, 1e3),
        ("lr-too-high",),
        "worse",
        lambda s: _values(s) and s.task in {"linear-map", "linnerud"},
        data=_one_target,
    ),
)
