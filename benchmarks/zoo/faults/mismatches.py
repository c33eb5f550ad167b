"""Losses that do not fit what the model gives or what the targets are."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.zoo.faults._kind import Kind, kind_of, plain_head, whole_targets, with_loss
from benchmarks.zoo.losses import Ended, ended
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import Training


def _softmaxed(t: Training, strength: float) -> None:
    t.model, t.reads = (
        ended(t.model, nn.Softmax(-1), lambda x: functional.softmax(x, dim=-1)),
        "probabilities",
    )


def _sigmoided(t: Training, strength: float) -> None:
    t.model, t.reads = ended(t.model, nn.Sigmoid(), torch.sigmoid), "probabilities"


def _negative_likelihood(t: Training, strength: float) -> None:
    """Meant for log-probabilities, given logits (1) or probabilities (2)."""
    if strength == 2:
        _softmaxed(t, strength)
    with_loss(t, nn.NLLLoss() if t.spec.seed % 2 else functional.nll_loss)


def _one_hot(y: Tensor, like: Tensor) -> Tensor:
    return functional.one_hot(y, like.shape[-1]).to(like.dtype)


def _logistic_of_classes(t: Training, strength: float) -> None:
    """Each class on its own, after a softmax: the sum of two losses that pull apart."""
    _softmaxed(t, strength)
    with_loss(t, lambda out, y: functional.binary_cross_entropy_with_logits(out, _one_hot(y, out)))


def _square_of_indices(t: Training, strength: float) -> None:
    """The number of the class as a value to predict, by one output."""
    width = t.data.outputs
    if isinstance(t.model, nn.Sequential) and isinstance(t.model[-1], nn.Linear):
        t.model[-1] = nn.Linear(t.model[-1].in_features, 1)
    elif isinstance(getattr(t.model, "head", None), nn.Linear):
        t.model.head = nn.Linear(t.model.head.in_features, 1)  # type: ignore[union-attr, arg-type]
    else:
        t.model = Ended(t.model, lambda out: out.mean(-1, keepdim=True))
    with_loss(t, lambda out, y: functional.mse_loss(out.squeeze(-1), y.to(out.dtype)), "index")
    assert width > 1


def _single_class(t: Training, strength: float) -> None:
    """Cross-entropy of one output, which is always 0."""
    with_loss(t, lambda out, y: functional.cross_entropy(out, y.flatten().long() * 0))


def _clipped(t: Training, strength: float) -> None:
    t.model = ended(t.model, nn.ReLU(), functional.relu)


def _bounded(t: Training, strength: float) -> None:
    last, call = (nn.Tanh(), torch.tanh) if strength == 1 else (nn.Sigmoid(), torch.sigmoid)
    t.model = ended(t.model, last, call)


def _classes(spec: Spec) -> bool:
    return kind_of(spec) == "classes" and plain_head(spec) and whole_targets(spec)


def _two(spec: Spec) -> bool:
    return kind_of(spec) == "binary" and plain_head(spec)


def _values(spec: Spec) -> bool:
    return kind_of(spec) == "values" and plain_head(spec)


KINDS = (
    Kind(
        "softmax-before-cross-entropy",
        ("loss-mismatch",),
        fits=lambda s: kind_of(s) == "classes" and plain_head(s),
        model=_softmaxed,
        weight=3,
    ),
    Kind(
        "sigmoid-before-cross-entropy",
        ("loss-mismatch",),
        fits=lambda s: kind_of(s) == "classes" and plain_head(s),
        model=_sigmoided,
    ),
    Kind("sigmoid-twice", ("loss-mismatch",), fits=_two, model=_sigmoided, weight=4),
    Kind(
        "likelihood-of-logits",
        ("loss-mismatch",),
        (1, 2),
        ("wrong-sign",),
        fits=_classes,
        model=_negative_likelihood,
        weight=2,
    ),
    Kind("logistic-of-classes", ("loss-mismatch",), fits=_classes, model=_logistic_of_classes),
    Kind("square-of-indices", ("loss-mismatch",), fits=_classes, model=_square_of_indices, weight=2),
    Kind(
        "single-class", ("loss-mismatch",), (1,), ("no-gradient",), fits=_two, model=_single_class, weight=3
    ),
    Kind(
        "relu-at-the-end",
        ("loss-mismatch",),
        (1,),
        ("dead-units",),
        fits=lambda s: plain_head(s) and whole_targets(s),
        model=_clipped,
        weight=2,
    ),
    Kind(
        "bounded-outputs",
        ("loss-mismatch",),
        (1, 2),
        ("target-scaling",),
        fits=_values,
        model=_bounded,
        weight=2,
    ),
)
