"""What looks like a fault of scale, loss or initialisation, and is right as it is."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.zoo.data import Data, load
from benchmarks.zoo.faults._kind import Kind, kind_of, plain_head, shape_of, whole_targets, with_loss
from benchmarks.zoo.losses import ended, entropy
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import Training, in_steps

_FINE = ("healthy",)
_ADAPTIVE = frozenset({"adam", "adamw", "rmsprop"})


def _larger_inputs(data: Data, strength: float, rng: torch.Generator) -> Data:
    """Pixels from 0 to 16, percentages, degrees: not standardised, and learned from all the same."""
    shift = strength * torch.rand((), generator=rng)
    return in_steps(data, x=strength * data.x + shift, x_val=strength * data.x_val + shift)


def _raw_targets(data: Data, strength: float, rng: torch.Generator) -> Data:
    shift = strength * torch.rand((), generator=rng)
    return in_steps(data, y=strength * data.y + shift, y_val=strength * data.y_val + shift)


def _counts(data: Data, strength: float, rng: torch.Generator) -> Data:
    """Whole numbers that are values, not classes."""

    def counted(y: Tensor) -> Tensor:
        return torch.round(strength * (y - data.y.min()) / (data.y.max() - data.y.min()))

    return in_steps(data, y=counted(data.y), y_val=counted(data.y_val))


def _for_a_sum(spec: Spec, strength: float) -> Spec:
    return spec.with_(rate=spec.rate / spec.batch if spec.optimizer not in _ADAPTIVE else spec.rate)


def _summed(t: Training, strength: float) -> None:
    """A summed loss with a rate that was meant for it."""
    usual = t.loss_fn
    ways = {
        "classes": nn.CrossEntropyLoss(reduction="sum"),
        "binary": nn.BCEWithLogitsLoss(reduction="sum"),
        "values": lambda out, y: ((out - y) ** 2).sum(),
    }
    with_loss(t, ways[t.data.kind] if t.data.y.ndim < 3 else usual)


def _for_outputs(spec: Spec, strength: float) -> Spec:
    return spec.with_(rate=spec.rate / _outputs(spec) if spec.optimizer not in _ADAPTIVE else spec.rate)


def _outputs(spec: Spec) -> int:
    return load(spec.task).outputs


def _summed_over_outputs(t: Training, strength: float) -> None:
    """A sum over the values of an example and a mean over the examples, as for densities."""
    t.loss_fn = lambda out, y: ((out - y) ** 2).flatten(1).sum(1).mean()


def _no_head(t: Training, strength: float) -> None:
    """The last layer starts at zero, so that the network starts as a guess."""
    last = [m for m in t.model.modules() if isinstance(m, nn.Linear)][-1]
    nn.init.zeros_(last.weight)


def _logarithm_of_softmax(t: Training, strength: float) -> None:
    """Probabilities, and a loss that takes probabilities."""
    t.model = ended(t.model, nn.Softmax(-1), lambda x: functional.softmax(x, dim=-1))
    with_loss(t, lambda out, y: functional.nll_loss(torch.log(out + 1e-8), y), "probabilities")


def _sigmoid_and_entropy(t: Training, strength: float) -> None:
    t.model = ended(t.model, nn.Sigmoid(), torch.sigmoid)
    with_loss(t, entropy, "probabilities")


def _squares_of_one_hot(t: Training, strength: float) -> None:
    """Squared errors of probabilities, the Brier score: another loss for classes, and a proper one."""
    t.model = ended(t.model, nn.Softmax(-1), lambda x: functional.softmax(x, dim=-1))

    def loss(out: Tensor, y: Tensor) -> Tensor:
        return functional.mse_loss(out, functional.one_hot(y, out.shape[-1]).to(out.dtype))

    with_loss(t, loss, "probabilities")


def _absolute(t: Training, strength: float) -> None:
    with_loss(t, nn.L1Loss() if strength == 1 else nn.HuberLoss())


def _smoothed(t: Training, strength: float) -> None:
    with_loss(t, nn.CrossEntropyLoss(label_smoothing=strength))


def _numbers(spec: Spec) -> bool:
    return shape_of(spec) in {"vector", "image", "series"} and spec.model.family != "autoencoder"


def _values(spec: Spec) -> bool:
    return kind_of(spec) == "values" and plain_head(spec) and spec.model.family != "autoencoder"


def _classes(spec: Spec) -> bool:
    return kind_of(spec) == "classes" and plain_head(spec) and whole_targets(spec)


def _summable(spec: Spec) -> bool:
    return spec.batch > 0 and plain_head(spec) and whole_targets(spec)


KINDS = (
    Kind("larger-inputs", _FINE, (3, 8, 16), proof="fine", fits=_numbers, data=_larger_inputs, weight=2),
    Kind("raw-targets", _FINE, (2, 3, 5), proof="fine", fits=_values, data=_raw_targets, weight=3),
    Kind("counts", _FINE, (5, 10), proof="fine", fits=_values, data=_counts, weight=2),
    Kind("sum-as-meant", _FINE, proof="fine", fits=_summable, setting=_for_a_sum, model=_summed),
    Kind(
        "sum-over-outputs",
        _FINE,
        proof="fine",
        setting=_for_outputs,
        model=_summed_over_outputs,
        weight=2,
        fits=lambda s: kind_of(s) == "values" and _outputs(s) > 1,
    ),
    Kind("zero-head", _FINE, proof="fine", fits=lambda s: s.model.style != "by-hand", model=_no_head),
    Kind("softmax-and-logarithm", _FINE, proof="fine", fits=_classes, model=_logarithm_of_softmax, weight=2),
    Kind(
        "sigmoid-and-entropy",
        _FINE,
        proof="fine",
        fits=lambda s: kind_of(s) == "binary" and plain_head(s),
        model=_sigmoid_and_entropy,
        weight=3,
    ),
    Kind("squares-of-one-hot", _FINE, proof="fine", fits=_classes, model=_squares_of_one_hot, weight=2),
    Kind("other-distance", _FINE, (1, 2), proof="fine", fits=_values, model=_absolute),
    Kind("smoothed-labels", _FINE, (0.05, 0.1), proof="fine", fits=_classes, model=_smoothed),
)
