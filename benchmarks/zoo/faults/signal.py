"""Gradients that vanish, explode or find no way: depth, gain, dead units, saddles and saturation."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.zoo.faults._kind import (
    Kind,
    biases,
    kind_of,
    matrices,
    plain_head,
    whole_targets,
    with_loss,
)
from benchmarks.zoo.losses import ended
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import Training


def _deep(act: str) -> Callable[[Spec, float], Spec]:
    def change(spec: Spec, strength: float) -> Spec:
        width = min(spec.model.widths[0], 32)
        style = "sequential" if spec.seed % 2 else "class"
        return spec.with_model(
            act=act, widths=(width,) * int(strength), norm="", dropout=0.0, style=style, init="torch"
        )

    return change


def _gain(t: Training, strength: float) -> None:
    with torch.no_grad():
        for w in matrices(t.model)[:-1]:
            nn.init.orthogonal_(w)
            w.mul_(strength)


def _recurrent_gain(t: Training, strength: float) -> None:
    with torch.no_grad():
        for name, w in t.model.named_parameters():
            if "weight_hh" in name or name.endswith("recurrent.weight"):
                width = w.shape[1]
                for start in range(0, len(w), width):
                    nn.init.orthogonal_(w[start : start + width])
                w.mul_(strength)


def _linear_recurrence(t: Training, strength: float) -> None:
    _recurrent_gain(t, strength)
    for module in t.model.modules():
        if isinstance(module, nn.RNN):
            module.nonlinearity = "relu"
            module.mode = "RNN_RELU"


def _negative_biases(t: Training, strength: float) -> None:
    with torch.no_grad():
        for b in biases(t.model):
            b.sub_(strength)


def _huge_first_step(t: Training, strength: float) -> None:
    usual = t.scheduled
    t.scheduled = lambda step: usual(step) * (strength if step == 0 else 1)


def _saturated(t: Training, strength: float) -> None:
    with torch.no_grad():
        for b in biases(t.model):
            b.add_(strength * torch.sign(torch.randn(b.shape, generator=t.rng)))


def _far_off(t: Training, strength: float) -> None:
    """Squared errors of probabilities that start out sure of the wrong thing, where they have no slope."""
    binary = t.data.kind == "binary"
    heads = [m for m in t.model.modules() if isinstance(m, nn.Linear)]
    with torch.no_grad():
        heads[-1].bias[0] += strength if torch.rand((), generator=t.rng) < 0.5 or not binary else -strength
    if binary:
        t.model = ended(t.model, nn.Sigmoid(), torch.sigmoid)
        with_loss(t, nn.MSELoss(), "probabilities")
        return
    t.model = ended(t.model, nn.Softmax(-1), lambda x: functional.softmax(x, dim=-1))

    def loss(out: Tensor, y: Tensor) -> Tensor:
        return functional.mse_loss(out, functional.one_hot(y, out.shape[-1]).to(out.dtype))

    with_loss(t, loss, "probabilities")


def _near_zero(t: Training, strength: float) -> None:
    with torch.no_grad():
        for w in matrices(t.model):
            w.mul_(strength)


def _relus(spec: Spec) -> bool:
    return (
        spec.model.act == "relu"
        and not spec.model.norm
        and spec.model.family in {"mlp", "cnn", "autoencoder"}
    )


def _saturates(spec: Spec) -> bool:
    return (
        spec.model.act in {"tanh", "sigmoid"} and not spec.model.norm and spec.model.family in {"mlp", "cnn"}
    )


def _sure(spec: Spec) -> bool:
    kept = plain_head(spec) and whole_targets(spec) and spec.model.style != "by-hand"
    return kept and kind_of(spec) != "values"


def _mlp(spec: Spec) -> bool:
    return spec.model.family == "mlp"


def _steep(spec: Spec) -> bool:
    # Steps of one size for all weights; the others leave a saddle at once.
    return spec.optimizer in {"sgd", "momentum", "nesterov"} and spec.model.family in {"mlp", "linear"}


def _as_product(spec: Spec, strength: float) -> Spec:
    return spec.with_model(family="product", act="identity", widths=(16,) * (1 + spec.seed % 3), norm="")


KINDS = (
    Kind(
        "deep-sigmoid",
        ("vanishing-gradients",),
        (5, 7, 10, 15),
        ("flat-region", "init-too-small"),
        "vanishes",
        _mlp,
        _deep("sigmoid"),
        weight=2,
    ),
    Kind(
        "deep-tanh",
        ("vanishing-gradients",),
        (12, 16, 20),
        ("flat-region", "init-too-small"),
        "vanishes",
        _mlp,
        _deep("tanh"),
    ),
    Kind(
        "deep-relu",
        ("vanishing-gradients",),
        (12, 16, 20),
        ("flat-region", "init-too-small", "dead-units"),
        "vanishes",
        _mlp,
        _deep("relu"),
    ),
    Kind(
        "deep-gain",
        ("exploding-gradients",),
        (2, 3, 4),
        ("init-too-large", "lr-too-high"),
        "explodes",
        _mlp,
        lambda s, g: _deep("relu")(s, 8 + s.seed % 8),
        model=_gain,
        weight=2,
    ),
    Kind(
        "recurrent-gain",
        ("exploding-gradients",),
        (2, 3, 5),
        ("init-too-large", "lr-too-high"),
        "explodes",
        lambda s: s.model.family == "rnn" and s.model.style != "by-hand",
        model=_linear_recurrence,
        weight=4,
    ),
    Kind(
        "recurrent-gain-tanh",
        ("exploding-gradients",),
        (3, 5, 10),
        ("init-too-large", "vanishing-gradients"),
        "explodes",
        lambda s: s.model.family == "rnn",
        model=_recurrent_gain,
        weight=2,
    ),
    Kind(
        "negative-biases",
        ("dead-units",),
        (2, 4, 8, 20),
        ("no-gradient", "flat-region", "vanishing-gradients"),
        "dead",
        _relus,
        model=_negative_biases,
        weight=2,
    ),
    Kind(
        "huge-first-step",
        ("dead-units",),
        (10, 30, 100, 1e3),
        ("lr-too-high", "vanishing-gradients"),
        "dead",
        _relus,
        loop=_huge_first_step,
        weight=2,
    ),
    Kind(
        "saturated",
        ("flat-region",),
        (3, 5, 8),
        ("vanishing-gradients", "dead-units", "init-too-large"),
        "worse",
        _saturates,
        model=_saturated,
        weight=3,
    ),
    Kind(
        "saddle",
        ("flat-region",),
        (0.1, 0.03, 0.01),
        ("init-too-small", "vanishing-gradients"),
        "plateau",
        _steep,
        _as_product,
        model=_near_zero,
        weight=2,
    ),
    Kind(
        "far-off",
        ("flat-region",),
        (6, 10, 15),
        ("vanishing-gradients", "init-too-large", "loss-mismatch"),
        fits=_sure,
        model=_far_off,
        weight=3,
    ),
)
