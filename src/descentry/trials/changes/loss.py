"""The loss that belongs to the outputs: on raw ones, of one shape, as a mean. Found by listening to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from descentry.core.data import Remedy
from descentry.instruments._probe import batch_size
from descentry.trials._fork import Fork, rewritten
from descentry.trials._training import Cannot, Loss, Training
from descentry.trials.changes._entry import Change, Variant

_CODE = "Train on `applied.compute_loss`, or mend the code: "
_REGRESSION = frozenset({"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"})


def _variant(title: str, make: Callable[[Loss], Loss], by_hand: str, own_ground: bool = False) -> Variant:
    def install(training: Training) -> None:
        before = training.compute_loss
        training.compute_loss = make(before)
        training.on_undo(lambda: setattr(training, "compute_loss", before))

    return Variant(title, install, forward=title, own_ground=own_ground, by_hand=_CODE + by_hand)


def _raw_outputs(fork: Fork) -> Variant:
    """Without what squashes the outputs before the loss does so itself, or keeps them from the targets.

    Raises:
        Cannot: Nothing of the kind was seen, or the loss wants it so.
    """
    if fork.heard.squashed is None:
        raise Cannot("no softmax, sigmoid, tanh or rectifier was seen to make what the loss is given")
    name, place = fork.heard.squashed
    if fork.heard.loss not in {"cross_entropy", "binary_cross_entropy_with_logits", *_REGRESSION}:
        raise Cannot(f"{fork.heard.loss} wants its outputs squashed")
    return _variant(
        f"taking the {name} out of the end of the model",
        lambda loss: rewritten(loss, name, place, lambda _, x, *args, **kwargs: x),
        f"leave the {name} out of what the loss is given.",
        # A loss that squashes probabilities once more has a floor, under which it sees no difference. By the
        # other one, models are judged by the probabilities that their outputs state.
        own_ground=name in ("softmax", "sigmoid"),
    )


def _log_probabilities() -> Variant:
    def nll(func: Any, outputs: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Any:
        return func(torch.log_softmax(outputs, 1), target, *args, **kwargs)

    return _variant(
        "using CrossEntropyLoss on the raw outputs",
        lambda loss: rewritten(loss, "nll_loss", 0, nll),
        "use CrossEntropyLoss instead of NLLLoss.",
        own_ground=True,
    )


def _yes_or_no() -> Variant:
    def bce(_: Any, outputs: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Any:
        return functional.binary_cross_entropy_with_logits(outputs.reshape(target.shape), target.to(outputs))

    return _variant(
        "using BCEWithLogitsLoss for the one output",
        lambda loss: rewritten(loss, "cross_entropy", 0, bce),
        "use BCEWithLogitsLoss with targets of 0 and 1.",
        own_ground=True,
    )


def _one_shape(fork: Fork) -> Variant:
    name = fork.heard.loss
    if name not in _REGRESSION or fork.heard.given is None:
        raise Cannot("the loss is none of PyTorch's for regression, so it is not known what it compares")
    outputs, targets = fork.heard.given
    if outputs.shape == targets.shape or outputs.numel() != targets.numel():
        raise Cannot(
            f"outputs {tuple(outputs.shape)} and targets {tuple(targets.shape)} cannot be brought together"
        )

    def compare(func: Any, outputs: Tensor, target: Tensor, *args: Any, **kwargs: Any) -> Any:
        return func(outputs, target.reshape(outputs.shape), *args, **kwargs)

    return _variant(
        "giving outputs and targets one shape",
        lambda loss: rewritten(loss, name, 0, compare),
        f"make the targets {tuple(outputs.shape)}, as the outputs are.",
        own_ground=True,
    )


def _mean(fork: Fork) -> Variant:
    if batch_size(fork.batches.training[0]) is None:
        raise Cannot("the size of a batch is not known")

    def make(loss: Loss) -> Loss:
        return lambda model, batch: loss(model, batch) / (batch_size(batch) or 1)

    return _variant("dividing the loss by the number of examples", make, 'use reduction="mean".')


def _variants(remedy: Remedy, fork: Fork) -> Sequence[Variant]:
    change = remedy.change
    if remedy.id == "match-shapes":
        return [_one_shape(fork)]
    if remedy.id == "use-mean-loss":
        return [_mean(fork)]
    if remedy.id == "use-logits" and change.get("loss") == "cross_entropy" and fork.heard.loss == "nll_loss":
        return [_log_probabilities()]
    if remedy.id in ("use-logits", "match-output-range"):
        return [_raw_outputs(fork)]
    single = (
        fork.heard.loss == "cross_entropy" and fork.heard.given is not None and _single(fork.heard.given[0])
    )
    if change.get("loss") == "binary_cross_entropy_with_logits" and single:
        return [_yes_or_no()]
    raise Cannot("another loss needs other outputs of the model, which is for you to write")


def _single(outputs: Tensor) -> bool:
    return outputs.ndim == 2 and outputs.shape[1] == 1


CHANGE = Change(
    ("use-logits", "match-output-range", "match-loss", "match-shapes", "use-mean-loss"),
    _variants,
)
