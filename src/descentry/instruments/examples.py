r"""How single examples fare: errors, labels that the network contradicts, and outputs that do not vary.

## What it is

The loss of a batch taken apart: how many examples are told wrong, for how many the network is all but
certain that the label is another one, how much of the loss the worst tenth carries, and how much of the
outputs depends on the input at all.

## How it is measured

From the outputs and targets of the step. The loss function is called once more and listened to, which tells
what the outputs mean: logits or log-probabilities of classes, those of yes or no, or values. Each
prediction counts as an example: each token of a text, each entry of several yes-or-no targets.

- `error`: the share of examples whose label is not what the network finds likeliest (classes only).
- `error-when-sure`: the same, of the half of the examples that it is surest of.
- `contradicted`: the share of labels that the network thinks at most a tenth as likely as its own answer.
  For values: the share of residuals further from their median than 5 standard deviations, estimated by
  1.4826 times the median distance, so that the outlying ones do not widen it.
- `confidence`: the mean probability of the answer that the network finds likeliest (classes only).
- `worst-tenth`: the share of the loss that the worst tenth of the examples carries.
- `varying`: the root mean square of what differs from one example to the next, over that of the outputs; 0
  where the outputs are the same for every example, at most 1.

## Cost

A call of the loss function, without the model, and some passes over the outputs; of more than four million
outputs only the first examples are examined.

## How to read it

A network whose probabilities are right contradicts at most 1 label in 11 where there are two classes, since
such a label then comes up at most that often. Where a tenth and more are contradicted late in a run, the
labels say something else than the inputs: many are wrong, or the network is far too sure of itself. Normal
residuals put nothing beyond 5 standard deviations. A network knows where it is likely to err, so
`error-when-sure` is far below `error`; where labels are wrong at random the two are equal, however sure it
is. The worst tenth carries a third of the loss where single losses are spread like an exponential, 0.44 for
squares of normal residuals, and nearly all once most examples are learned, which by itself is a good sign.
`varying` at 0 while the targets differ: the network is blind to its inputs, as a layer in it passes nothing
on.

## Limits

Examples that are simply hard are contradicted too; and a network that learned wrong labels by heart
contradicts none of them. One batch is few examples: look at many readings together. Soft targets, margins
and losses by hand are not examined, but for differences of outputs and targets of one shape. A large
constant in outputs that vary (values far from zero) makes `varying` small.

## Sources

Losses of single examples tell wrong labels from right ones: Arazo et al. 2019, *Unsupervised Label Noise
Modeling and Loss Correction*; Northcutt, Jiang and Chuang 2021, *Confident Learning*. The constant 1.4826:
Rousseeuw and Croux 1993.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._loss_calls import CLASSES, REGRESSION, YES_NO, LossCall, examinable, heard
from descentry.instruments._probe import Probe
from descentry.instruments._tensors import wide

AS_LIKELY = 0.1
DEVIATIONS = 5.0
TO_DEVIATION = 1.4826  # normal residuals: standard deviation over median distance
FEW = 20  # examples, below which a tenth of them is no share to speak of


def measure(probe: Probe) -> list[Reading]:
    """What can be told of single examples; nothing where neither outputs nor the loss say what they mean.

    Raises:
        RuntimeError: The outputs are too many to examine.
    """
    loss = heard(probe)
    if loss is None:
        return []
    (outputs, targets), _ = examinable(probe)
    readings = [*_varying(outputs)]
    if len(loss.calls) > 1:
        return readings
    if not loss.calls:
        return readings + (_of_values(outputs, targets) if _alike(outputs, targets) else [])
    return readings + _of_call(loss.calls[0])


def _of_call(call: LossCall) -> list[Reading]:
    if call.name in CLASSES and not call.target.is_floating_point():
        return _of_classes(call)
    if call.name in YES_NO and call.input.shape == call.target.shape:
        return _of_yes_no(call)
    if call.name in REGRESSION and _alike(call.input, call.target):
        return _of_values(call.input, call.target)
    return []


def _alike(one: Any, other: Any) -> bool:
    tensors = isinstance(one, Tensor) and isinstance(other, Tensor) and one.shape == other.shape
    return tensors and one.ndim > 0 and one.is_floating_point() and other.is_floating_point()


def _of_classes(call: LossCall) -> list[Reading]:
    logits = wide(call.input).movedim(min(1, call.input.ndim - 1), -1)
    logits = logits.reshape(-1, logits.shape[-1])
    labels = call.target.reshape(-1).long()
    if not len(labels) or len(labels) != len(logits) or logits.shape[-1] < 2:
        return []
    padding = labels == int(call.arguments.get("ignore_index", -100))
    logs = logits.log_softmax(-1)
    known = labels.clamp(0, logits.shape[-1] - 1)
    own = logs.gather(-1, known.unsqueeze(-1)).squeeze(-1)
    return _told(own, logs.amax(-1), ~padding)


def _of_yes_no(call: LossCall) -> list[Reading]:
    given, label = wide(call.input).reshape(-1), call.target.reshape(-1)
    if not len(label):
        return []
    logits = given if call.name.endswith("logits") else given.logit(1e-7)
    side = torch.where(label > 0.5, logits, -logits)
    likelihood = torch.nn.functional.logsigmoid
    hard = (label == 0) | (label == 1)
    return _told(likelihood(side), likelihood(side.abs()), hard)


def _told(own: Tensor, top: Tensor, counted: Tensor) -> list[Reading]:
    """From the log-likelihoods of the labels and of the likeliest answers."""
    count = counted.sum()

    def share(mask: Tensor) -> Tensor:
        found = (mask & counted).sum() / count.clamp_min(1)
        return torch.where(count > 0, found, torch.nan)

    sure = torch.where(counted, top.exp(), 0.0).sum() / count.clamp_min(1)
    return [
        Reading("error", share(own < top)),
        Reading("error-when-sure", _when_sure(own, top, counted)),
        Reading("contradicted", share(own < top + math.log(AS_LIKELY))),
        Reading("confidence", torch.where(count > 0, sure, torch.nan), unit="probability"),
        *_worst(torch.where(counted, -own, 0.0)),
    ]


def _when_sure(own: Tensor, top: Tensor, counted: Tensor) -> Tensor:
    surest = torch.where(counted, top, -torch.inf).topk(max(1, len(top) // 2)).indices
    kept = counted[surest]
    wrong = ((own < top)[surest] & kept).sum() / kept.sum().clamp_min(1)
    return torch.where(kept.any(), wrong, torch.nan)


def _of_values(outputs: Tensor, targets: Tensor) -> list[Reading]:
    residuals = (wide(outputs) - wide(targets)).detach()
    flat = residuals.reshape(-1)
    if len(flat) < FEW:
        return []
    far = (flat - flat.median()).abs()
    width = DEVIATIONS * TO_DEVIATION * far.median()
    # Where more than half of the residuals are equal there is no width to measure others by.
    outlying = torch.where(width > 0, (far > width).float().mean(), torch.nan)
    each = residuals.square().reshape(len(residuals), -1).mean(1)
    return [Reading("contradicted", torch.where(far.isfinite().all(), outlying, torch.nan)), *_worst(each)]


def _worst(losses: Tensor) -> list[Reading]:
    if len(losses) < FEW:
        return []
    total = losses.sum()
    worst = losses.topk(-(-len(losses) // 10)).values.sum()
    return [Reading("worst-tenth", torch.where(total > 0, worst / total, torch.nan))]


def _varying(outputs: Any) -> list[Reading]:
    if not isinstance(outputs, Tensor) or not outputs.is_floating_point() or not outputs.ndim:
        return []
    if len(outputs) < 2 or not outputs.numel():
        return []
    values = wide(outputs.detach()).reshape(len(outputs), -1)
    differs = values.var(0, correction=0).mean()
    size = values.square().mean()
    return [Reading("varying", torch.where(size > 0, (differs / size).sqrt(), size * 0))]


INSTRUMENT = Instrument(
    id="examples",
    title="errors, contradicted labels and the share of the outputs that varies",
    unit="fraction",
    cost=Cost(gradients=0.1),
    moment="before",
    needs=frozenset({"outputs", "loss"}),
    how_often="sampled",
    measure=measure,
    information=2.0,
)
