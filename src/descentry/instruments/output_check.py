"""Whether outputs, targets and loss fit together: logits, probabilities, ranges and shapes.

## What it is

A list of ways in which outputs, targets and loss can fail to fit, each of which trains badly without an
error message. Every reading but the last is 0 where all is well.

## How it is measured

The loss function is called once more on copies of the outputs and targets, and the calls of
`torch.nn.functional` in it are listened to. So it makes no difference whether the loss is a module, a
function or a lambda.

- `already-probabilities`: cross-entropy applies a softmax itself; the share of its rows that lie in [0, 1]
  and sum to 1. With a sigmoid in the loss, 1 where the outputs come out of a softmax or sigmoid.
- `clipped-logits`: the share of logits that are exactly zero where none is negative, as a final ReLU leaves
  them; 1 after a tanh.
- `single-class`: 1 where cross-entropy is given a single class, so that it is always zero, or where a loss is
  given the softmax of a single output, which is always 1.
- `not-log-probabilities`: the share of rows given to `nll_loss` whose exponentials do not sum to 1.
- `targets-out-of-range`: the share of targets that the loss does not mean (binary ones outside [0, 1], rows
  of class probabilities that do not sum to 1, margin targets other than ±1) or that the last operation of
  the network cannot reach (a squared error after tanh).
- `class-indices`: how many different targets a squared or absolute error is given, where all are whole
  numbers from 0 up and none is left out, among the last 1,024 that were measured.
- `broadcast`: shapes differ, so that each target is compared with several outputs: how many comparisons for
  each entry of the larger one. Outputs (n, 1) beside targets (n,) give n.
- `log-of-zero`: the share of entries that are zero or below where the loss takes a logarithm by hand.
- `loss-over-guess`: the loss over that of an uninformed guess: equal logits (ln C, ln 2), or the mean of
  the targets.

## Cost

A call of the loss function, without the model, and some passes over the outputs; of more than four million
outputs only the first examples are examined.

## How to read it

Any reading above 0 among the first eight deserves a look. `already-probabilities` bounds the gradient and
keeps the loss from falling. `class-indices` is a weak sign by itself: counts and ratings look the same, and
2 may be a least-squares GAN; it is a strong one if the network has several outputs. `loss-over-guess` in
the first steps: about 1 for a fresh network, below for a pretrained one; much above 1, the network starts
out sure and wrong, for its initial weights or its inputs are too large. Later on, still 1 means that
nothing has been learned.

## Limits

Losses written by hand are heard only where they subtract targets from outputs or take logarithms. NaN (not
examined): what the network's last operation is cannot be told (a compiled model), and the values leave it
open. The mean is not the best guess for an absolute error. Targets with one value only have no guess to
compare with.

## Sources

PyTorch documentation of `CrossEntropyLoss`, `BCEWithLogitsLoss` and `NLLLoss`. The loss at the start:
Karpathy 2019, *A Recipe for Training Neural Networks*.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._last_operation import RANGES
from descentry.instruments._loss_calls import CLASSES, MARGIN, REGRESSION, YES_NO, LossCall, heard
from descentry.instruments._probe import Probe
from descentry.instruments._runs_of_values import distinct
from descentry.instruments._tensors import wide

SUM_TOLERANCE = (
    1e-3  # float32 sums of probabilities are off by far less, logits that sum to 1 by chance by more
)
LOG_TOLERANCE = 1e-2
KEPT = 1_024  # targets of the last batches measured, among which the classes are counted
PER_CLASS = 4  # examples for each class index, at least, before targets are taken for indices

_UNITS = {"class-indices": "classes", "broadcast": "comparisons"}
Finding = tuple[str, Tensor | float]


def measure(probe: Probe) -> list[Reading]:
    """One reading for each check that applies; of several losses in the loss function, the worst.

    Raises:
        RuntimeError: The outputs are too many to examine.
    """
    loss = heard(probe)
    if loss is None:
        return []
    found: dict[str, list[Tensor | float]] = {}
    for call in loss.calls:
        for name, value in _of_call(call):
            found.setdefault(name, []).append(value)
    if len(loss.calls) == 1 and loss.calls[0].name in REGRESSION:
        found["class-indices"] = [_indices(loss.calls[0].target, probe.memory)]
    for logits, dim in loss.log_softmax:
        found.setdefault("already-probabilities", []).append(_share(_sums_to_one(logits, dim)))
    for argument in loss.logs:
        found.setdefault("log-of-zero", []).append(_share(argument <= 0))
    if loss.repeats:
        found["broadcast"] = [*loss.repeats]
    readings = [Reading(name, _worst(values), unit=_UNITS.get(name)) for name, values in found.items()]
    if len(loss.calls) == 1:
        ratio = _over_guess(loss.calls[0])
        readings += [] if ratio is None else [Reading("loss-over-guess", ratio)]
    return readings


def _worst(values: list[Tensor | float]) -> Tensor | float:
    numbers = [v for v in values if not isinstance(v, Tensor)]
    worst: Tensor | None = None
    for value in (v for v in values if isinstance(v, Tensor)):
        worst = value if worst is None else torch.fmax(worst, value.to(worst.device, non_blocking=True))
    if worst is None:
        return max(numbers)
    return worst.clamp_min(max(numbers)) if numbers else worst


def _share(mask: Tensor) -> Tensor:
    return mask.float().mean()


def _of_call(call: LossCall) -> Iterator[Finding]:
    given, target = call.input, call.target
    if call.made_by == "softmax" and call.name in REGRESSION | YES_NO:
        yield "single-class", (given == 1).all().float()
    if call.name == "cross_entropy":
        dim = min(1, given.ndim - 1)
        yield "single-class", float(given.shape[dim] == 1)
        if given.shape[dim] > 1:
            squashed = call.made_by in ("softmax", "sigmoid")
            yield "already-probabilities", 1.0 if squashed else _share(_sums_to_one(given, dim))
        yield "clipped-logits", _clipped(call)
        if target.is_floating_point():
            yield "targets-out-of-range", _share(~_sums_to_one(target, dim))
    elif call.name == "nll_loss":
        total = given.logsumexp(min(1, given.ndim - 1))
        yield "not-log-probabilities", _share(~(total.abs() < LOG_TOLERANCE))
    elif call.name in YES_NO:
        if call.name.endswith("logits"):
            yield "already-probabilities", _squashed(call)
            yield "clipped-logits", _clipped(call)
        yield "targets-out-of-range", _share((target < 0) | (target > 1))
    elif call.name in MARGIN:
        yield "targets-out-of-range", _share(target.abs() != 1)
    elif call.name in REGRESSION and call.made_by in RANGES:
        low, high = RANGES[call.made_by]
        yield "targets-out-of-range", _share((target < low) | (target > high))


def _sums_to_one(rows: Tensor, dim: int) -> Tensor:
    inside = ((rows >= 0) & (rows <= 1)).all(dim)
    return inside & ((rows.sum(dim) - 1).abs() < SUM_TOLERANCE)


def _squashed(call: LossCall) -> Tensor | float:
    if call.made_by:
        return float(call.made_by in ("softmax", "sigmoid"))
    outside = ((call.input < 0) | (call.input > 1)).any()
    return torch.where(outside, 0.0, torch.nan)


def _clipped(call: LossCall) -> Tensor | float:
    if call.made_by == "tanh":
        return 1.0
    if call.made_by not in ("relu", ""):
        return 0.0
    # A network whose last layer starts at zero gives zeros only: those are no sign of a rectifier.
    sign = (call.input >= 0).all() & (call.input > 0).any()
    return torch.where(sign, _share(call.input == 0), 0.0)


def _indices(targets: Tensor, memory: dict[str, Any]) -> Tensor | float:
    """How many classes the targets number, of those kept from the batches so far; 0 where they do not."""
    target = wide(targets.detach().reshape(-1))
    if not target.numel() or target.numel() != targets.shape[0]:
        return 0.0
    kept = memory.get("targets")
    if kept is None or kept.device != target.device or kept.dtype != target.dtype:
        memory["targets"] = kept = target[:1].repeat(KEPT)
        memory["count"] = 0
    places = torch.arange(memory["count"], memory["count"] + min(len(target), KEPT), device=target.device)
    kept[places % KEPT] = target[:KEPT]
    memory["count"] += len(places)
    kinds, whole = distinct(kept), (kept == kept.round()).all()
    indices = whole & (kept.amin() == 0) & (kept.amax() == kinds - 1)
    indices &= (kinds > 1) & (kinds * PER_CLASS <= min(memory["count"], KEPT))
    return torch.where(indices, kinds.float(), 0.0)


def _over_guess(call: LossCall) -> Tensor | None:
    """The loss over that of the same call with outputs that know nothing of the inputs."""
    given, target = call.input, call.target
    if call.name in ("cross_entropy", "binary_cross_entropy_with_logits"):
        guess = torch.zeros_like(given)
    elif call.name in CLASSES:
        guess = torch.full_like(given, -math.log(given.shape[min(1, given.ndim - 1)]))
    elif call.name in YES_NO:
        guess = torch.full_like(given, 0.5)
    elif call.name in REGRESSION and target.ndim and given.shape == target.shape:
        guess = target.to(given.dtype).mean(0, keepdim=True).expand_as(given)
    else:
        return None
    with torch.no_grad():
        level = call.mean(guess)
        return torch.where(level > 0, call.mean() / level, torch.nan)


INSTRUMENT = Instrument(
    id="output-check",
    title="whether outputs, targets and loss fit together",
    unit="fraction",
    cost=Cost(gradients=0.1),
    moment="before",
    needs=frozenset({"outputs", "loss"}),
    how_often="sampled",
    measure=measure,
    information=3.0,
)
