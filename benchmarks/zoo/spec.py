"""What describes a training: a frozen record, from which it can be made again to the bit."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """Something that is done to a training.

    Attributes:
        kind: Which kind of fault, by its id.
        strength: How much of it, in the unit of its kind.
    """

    kind: str
    strength: float = 1.0


@dataclass(frozen=True)
class ModelSpec:
    """A model, and how it is written.

    Attributes:
        family: ``linear``, ``mlp``, ``residual``, ``cnn``, ``product``, ``autoencoder``, ``rnn``, ``gru``,
            ``lstm``, ``transformer`` or ``window``.
        act: Activation of the hidden layers.
        widths: Widths of the hidden layers; channels of a CNN; of a sequence model the width, once a layer.
        norm: ``batch``, ``layer`` or empty.
        dropout: Probability that a hidden unit is dropped.
        init: ``torch`` (its defaults), ``he``, ``glorot`` or ``orthogonal``.
        style: ``sequential``, ``class`` (activations called in ``forward``), ``blocks`` or ``by-hand``
            (bare parameters and matrix products).
    """

    family: str
    act: str = "relu"
    widths: tuple[int, ...] = (32,)
    norm: str = ""
    dropout: float = 0.0
    init: str = "torch"
    style: str = "sequential"


@dataclass(frozen=True)
class Spec:
    """A training.

    Attributes:
        task: The data, by its name in ``TASKS``.
        model: The model.
        optimizer: ``sgd``, ``momentum``, ``nesterov``, ``adam``, ``adamw``, ``rmsprop`` or ``adagrad``.
        batch: Examples a step; 0 for all of them.
        rate: Learning rate, before the schedule.
        schedule: ``constant``, ``step``, ``cosine`` or ``warmup``.
        steps: Optimizer updates.
        seed: Of the weights, the order of the data, and whatever else is random.
        loss: How the loss is written: ``module``, ``function``, ``by-hand`` or ``log-softmax``.
        decay: Weight decay.
        clip: Largest norm of the gradient; 0 for no clipping.
        replace: Batches are drawn with replacement, instead of epoch by epoch.
        shown: What the watch is given: ``loss_fn``, or ``bare`` where the loss function is not passed.
        faults: What was done to it.
    """

    task: str
    model: ModelSpec
    optimizer: str = "sgd"
    batch: int = 32
    rate: float = 0.1
    schedule: str = "constant"
    steps: int = 200
    seed: int = 0
    loss: str = "module"
    decay: float = 0.0
    clip: float = 0.0
    replace: bool = False
    shown: str = "loss_fn"
    faults: tuple[Fault, ...] = field(default=())

    @property
    def family(self) -> str:
        """Data set and model family."""
        return f"{self.task}/{self.model.family}"

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits of all that describes it."""
        text = json.dumps(to_dict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def with_(self, **changes: Any) -> Spec:
        """The same, but for these."""
        return dataclasses.replace(self, **changes)

    def with_model(self, **changes: Any) -> Spec:
        """The same, but for these in the model."""
        return dataclasses.replace(self, model=dataclasses.replace(self.model, **changes))


def to_dict(spec: Spec) -> dict[str, Any]:
    """As JSON values."""
    return dataclasses.asdict(spec)


def from_dict(data: dict[str, Any]) -> Spec:
    """From JSON values."""
    model = {**data["model"], "widths": tuple(data["model"]["widths"])}
    faults = tuple(Fault(**fault) for fault in data["faults"])
    return Spec(**{**data, "model": ModelSpec(**model), "faults": faults})
