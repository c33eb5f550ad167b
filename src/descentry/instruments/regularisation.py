"""How hard the training is held back: weight decay beside the gradient, and the share that dropout zeroes.

## What it is

The pull of weight decay towards zero beside what the data ask for, how much smaller the weights have become
since the first reading, and the largest share of units that dropout sets to zero.

## How it is measured

With decay λ and learning rate η, over all trainable parameters that have a decay:

| optimizer | `pull` |
|---|---|
| adds λw to the gradient (SGD, Adam, …) | ‖λw‖ / ‖g‖ |
| shrinks the weights by itself (AdamW, …) | ‖ηλw‖ / ‖Δw + ηλw‖ |

w are the weights before the step, Δw is the step, and g the gradient without the decay in it. Where there
is no decay the pull is 0. `shrunk` is ‖w‖ over ‖w‖ at the first reading. `dropout` is the largest
probability among the dropout modules that are in training mode.

## Cost

A copy of the weights and four passes over them.

## How to read it

A pull far below 1 leaves the weights to the data. Near 1 late in a run is a balance, which a long training
with decay ends in by itself. Above 1 from the first steps on: the weights are drawn towards zero faster than
the data can build them, and the model ends up smaller than the task needs. `shrunk` below 0.3 while the loss
is high says the same. A dropout of 0.1 to 0.5 is usual; from 0.8 on hardly anything passes.

## Limits

Penalties that the training adds to the loss are part of its gradient and not seen, nor is dropout by a
function or inside recurrent and attention layers. A clipped gradient looks smaller than it is. For layers
followed by a normalisation a large pull only changes the rate at which they learn.

## Sources

Krogh and Hertz 1991; Loshchilov and Hutter 2019, *Decoupled Weight Decay Regularization*; Srivastava et al.
2014, *Dropout*.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe
from descentry.instruments._tensors import norms, together

_DROPOUT = nn.modules.dropout._DropoutNd


def measure(probe: Probe) -> list[Reading]:
    """The pull and how much the weights have shrunk; the dropout where there is any."""
    readings = [Reading("dropout", share) for share in _dropout(probe.model)]
    names = [n for n in probe.trainable if n in probe.before and probe.parameters[n].numel()]
    if not names:
        return readings
    size = together(list(norms({n: probe.before[n] for n in names}).values()))
    first = probe.memory.setdefault("first", size.detach().clone())
    readings.append(Reading("shrunk", torch.where(first > 0, size / first, torch.nan), unit="ratio"))
    pull = _pull(probe, set(names))
    return [*([] if pull is None else [Reading("pull", pull, unit="ratio")]), *readings]


def _dropout(model: nn.Module) -> Iterator[float]:
    found = [float(m.p) for m in model.modules() if isinstance(m, _DROPOUT) and m.training]
    if found:
        yield max(found)


def _pull(probe: Probe, names: set[str]) -> Tensor | float | None:
    """All decays together beside all that they are up against; None where nothing is known of a decay."""
    named = {id(p): n for n, p in probe.parameters.items() if n in names}
    decays: dict[str, Tensor] = {}
    against: dict[str, Tensor] = {}
    told = False
    for group in probe.optimizer.param_groups:
        decay = group.get("weight_decay")
        if decay is None:
            continue
        told = True
        if isinstance(decay, (int, float)) and decay == 0:
            continue
        for parameter in group["params"]:
            name = named.get(id(parameter))
            if name is None or name not in probe.gradients:
                continue
            before = probe.before[name]
            if _decoupled(probe.optimizer, group):
                decays[name] = before * (decay * group["lr"])
                against[name] = parameter.detach() - before + decays[name]
            else:
                decays[name], against[name] = before * decay, probe.gradients[name]
    if not decays:
        return 0.0 if told else None
    over = together(list(norms(against).values()))
    scale = probe.gradient_scale
    if scale is not None and not any(_decoupled(probe.optimizer, g) for g in probe.optimizer.param_groups):
        over = over / scale.to(over.device, non_blocking=True)
    return torch.where(over > 0, together(list(norms(decays).values())) / over, torch.nan)


def _decoupled(optimizer: torch.optim.Optimizer, group: dict[str, object]) -> bool:
    return isinstance(optimizer, torch.optim.AdamW) or bool(group.get("decoupled_weight_decay"))


INSTRUMENT = Instrument(
    id="regularisation",
    title="pull of weight decay beside the gradient, and the share that dropout zeroes",
    unit="fraction",
    cost=Cost(passes=4),
    moment="after",
    needs=frozenset({"gradients", "weights-before"}),
    how_often="sampled",
    measure=measure,
)
