"""What is wrong with the data: labels, batches, signal, and how much there is of it."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.zoo.data import Data
from benchmarks.zoo.faults._kind import Kind, kind_of, numbers, whole_targets
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import Training, in_steps


def _shuffled(data: Data, strength: float, rng: torch.Generator) -> Data:
    """This share of the training labels goes to other examples."""
    rows = torch.randperm(len(data), generator=rng)[: round(strength * len(data))]
    y = data.y.clone()
    y[rows] = data.y[rows[torch.randperm(len(rows), generator=rng)]]
    return in_steps(data, y=y)


def _misaligned(data: Data, strength: float, rng: torch.Generator) -> Data:
    """The labels of the neighbours, as a sort or a filter of one file alone leaves them."""
    return in_steps(data, y=torch.roll(data.y, int(strength), 0))


def _constant(data: Data, strength: float, rng: torch.Generator) -> Data:
    """Nearly all examples have the label of the first, as a join or a default that went wrong leaves them."""
    rows = torch.randperm(len(data), generator=rng)[: round(strength * len(data))]
    y = data.y.clone()
    y[rows] = data.y[:1]
    return in_steps(data, y=y)


def _units_mixed(data: Data, strength: float, rng: torch.Generator) -> Data:
    """Some targets were written down in another unit."""
    rows = torch.randperm(len(data), generator=rng)[: round(strength * len(data))]
    y = data.y.clone()
    y[rows] = 10 * y[rows]
    return in_steps(data, y=y)


def _no_signal(data: Data, strength: float, rng: torch.Generator) -> Data:
    """Inputs that know nothing of the targets: another example's."""
    return in_steps(
        data,
        x=data.x[torch.randperm(len(data.x), generator=rng)],
        x_val=data.x_val[torch.randperm(len(data.x_val), generator=rng)],
    )


def _few(data: Data, strength: float, rng: torch.Generator) -> Data:
    """So few examples that a network learns them by heart."""
    rows = torch.randperm(len(data), generator=rng)[: int(strength)]
    return in_steps(data, x=data.x[rows], y=data.y[rows])


def _wide(spec: Spec, strength: float) -> Spec:
    return spec.with_(batch=min(spec.batch or 16, 16), steps=max(spec.steps, 200))


def _narrow(spec: Spec, strength: float) -> Spec:
    if spec.model.family in {"linear", "product"}:
        return spec
    return spec.with_model(widths=(int(strength),) * min(len(spec.model.widths), 2))


def _line(spec: Spec, strength: float) -> Spec:
    return spec.with_model(family="mlp", act="identity", widths=())


def _when(t: Training) -> int:
    share = 0.25 + 0.5 * float(torch.rand((), generator=t.rng))
    t.event = int(share * t.spec.steps)
    return t.event


def _bad_inputs(t: Training, strength: float) -> None:
    """One batch whose inputs are that many times too large; NaN for 0, infinite for -1."""
    when = _when(t)

    def change(step: int, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        if step != when:
            return x, y
        x = x.clone()
        if strength <= 0:
            x[0] = float("nan") if strength == 0 else float("inf")
            return x, y
        return x * strength, y

    t.batch_of.append(change)


def _bad_targets(t: Training, strength: float) -> None:
    when = _when(t)

    def change(step: int, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        if step != when:
            return x, y
        return x, torch.full_like(y, float("nan")) if strength == 0 else y * strength

    t.batch_of.append(change)


def _values(spec: Spec) -> bool:
    return kind_of(spec) == "values"


def _bent(spec: Spec) -> bool:
    return spec.task in {"moons", "circles", "spirals", "quantiles", "peaks", "wave", "swiss-roll"} and (
        spec.model.family == "mlp" and spec.model.style != "by-hand" and spec.model.act != "identity"
    )


def _own_targets(spec: Spec) -> bool:
    return spec.model.family != "autoencoder" and whole_targets(spec)


KINDS = (
    Kind(
        "labels-shuffled",
        ("label-error",),
        (0.4, 0.6, 1.0),
        ("capacity-or-data",),
        "labels",
        _own_targets,
        data=_shuffled,
        weight=4,
    ),
    Kind(
        "labels-misaligned",
        ("label-error",),
        (1, 7),
        ("capacity-or-data",),
        "labels",
        _own_targets,
        data=_misaligned,
        weight=1,
    ),
    Kind(
        "labels-constant",
        ("label-error",),
        (0.98, 1.0, 1.0),
        (),
        "constant",
        lambda s: _own_targets(s) and kind_of(s) != "values",
        data=_constant,
        weight=1,
    ),
    Kind(
        "units-mixed",
        ("label-error",),
        (0.05, 0.1, 0.2),
        ("target-scaling", "capacity-or-data"),
        "labels",
        lambda s: _own_targets(s) and _values(s),
        data=_units_mixed,
        weight=2,
    ),
    Kind(
        "no-signal",
        ("capacity-or-data",),
        (1,),
        ("label-error",),
        "labels",
        _own_targets,
        data=_no_signal,
        weight=3,
    ),
    Kind(
        "few-examples",
        ("capacity-or-data",),
        (12, 24, 40),
        (),
        "overfits",
        lambda s: _own_targets(s) and s.model.family != "linear",
        _wide,
        _few,
        weight=3,
    ),
    Kind(
        "narrow",
        ("capacity-or-data",),
        (1, 2),
        (),
        "capacity",
        lambda s: (
            s.model.family in {"mlp", "autoencoder", "cnn", "gru", "lstm"}
            and s.model.widths[0] >= 8
            and s.model.act != "relu"
        ),
        _narrow,
        weight=2,
    ),
    Kind("straight", ("capacity-or-data",), (1,), (), "capacity", _bent, _line, weight=4),
    Kind("bad-inputs", ("bad-batch",), (0, -1, 1e3, 1e5), (), "event", numbers, loop=_bad_inputs, weight=4),
    Kind("bad-targets", ("bad-batch",), (0, 1e3, 1e5), (), "event", _values, loop=_bad_targets, weight=2),
)
