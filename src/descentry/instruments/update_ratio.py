"""How far the step moves the weights, relative to their size.

## What it is

The length of the update over the length of the weights: of all parameters together, and of each parameter.

## How it is measured

    ‖wₜ₊₁ − wₜ‖ / ‖wₜ‖

From a copy of the weights taken before the step, so it holds for any optimizer, with momentum, weight decay
and clipping in it. Norms are accumulated in float32 at least.

## Cost

A copy of the weights, and three passes over them.

## How to read it

About 0.001 is a common size for layers that learn well. Above 0.01, step after step, the weights are thrown
about: the learning rate is large for that layer. Below 0.00001 the layer hardly moves: the rate is small,
or its gradient has vanished. Exactly 0: the layer is frozen, has no gradient, is not in the optimizer, or
the step was skipped. Large values are normal in the first steps.

## Limits

Undefined (not examined) for weights that are exactly zero, as biases are at the start. A single step says
nothing about where many steps lead: noise cancels over steps, a direction does not. For layers followed by
a normalisation only the direction of the weights matters, and the ratio settles where decay and updates
balance.

## Sources

The rule of thumb: Karpathy, CS231n notes, "Ratio of weights:updates". Equilibrium under weight decay:
Kosson et al. 2024.
"""

from __future__ import annotations

import torch

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe
from descentry.instruments._tensors import norms, together


def measure(probe: Probe) -> list[Reading]:
    """The ratio of all trainable parameters under the empty name, then that of each."""
    names = [n for n in probe.trainable if n in probe.before and probe.parameters[n].numel()]
    if not names:
        return []
    before = {n: probe.before[n] for n in names}
    steps = torch._foreach_sub([probe.parameters[n].detach() for n in names], list(before.values()))
    moved = norms(dict(zip(names, steps, strict=True)))
    sizes = norms(before)
    ratios = {n: _ratio(moved[n], sizes[n]) for n in names}
    everything = _ratio(together(list(moved.values())), together(list(sizes.values())))
    return [Reading("", everything), *(Reading(n, v) for n, v in ratios.items())]


def _ratio(moved: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
    return torch.where(size > 0, moved / size, torch.nan)


INSTRUMENT = Instrument(
    id="update-ratio",
    title="length of the update over the length of the weights",
    unit="fraction",
    cost=Cost(passes=3),
    moment="after",
    needs=frozenset({"weights-before"}),
    how_often="sampled",
    measure=measure,
    information=1.5,
)
