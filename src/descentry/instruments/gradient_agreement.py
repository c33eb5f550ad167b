"""Whether the gradients of successive steps point the same way: following a valley, bouncing, or noise.

## What it is

The cosine of the angle between the gradients of two steps in a row, and the share of their entries that
change sign.

## How it is measured

    cos(gₜ, gₜ₋₁) = gₜᵀgₜ₋₁ / (‖gₜ‖ ‖gₜ₋₁‖)

On a fixed random subset of 65,536 entries, drawn from all parameters in proportion to their size; models
with fewer entries are measured whole. The standard error is a jackknife over 16 parts of the subset. Sign
changes are counted among the entries that are not zero at either step.

## Cost

Gathering the subset, twice. That subset (256 KiB) is all that is kept.

## How to read it

Near +1: the steps follow a slope, and could be longer. Near 0: the gradients are mostly noise, or the
valley turns; usual for small batches. Clearly below 0, reading after reading: the steps bounce between the
walls of a valley, as plain gradient descent does beyond the edge of stability; a smaller rate, or momentum,
damps it. Half of all signs change by chance alone.

## Limits

Two batches differ, so noise pulls the cosine towards 0 whatever the surface does. Momentum is not in it:
these are gradients and not updates. Entries of sparse gradients have no fixed place and are left out.

## Sources

Sign changes as a sign of overshooting: Jacobs 1988; Riedmiller and Braun 1993 (Rprop). Bouncing between
valley walls: Xing et al. 2018, *A Walk with SGD*. The jackknife: Efron 1982.
"""

from __future__ import annotations

import torch
from torch import Tensor

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe
from descentry.instruments._subset import Subset, dense

PARTS = 16


def measure(probe: Probe) -> list[Reading]:
    """The cosine under the empty name, and the sign changes; nothing on the first of two steps in a row."""
    gradients = dense(probe.gradients)
    if not gradients:
        return []
    memory = probe.memory
    subset = memory.get("subset")
    if subset is None or not subset.fits(gradients):
        memory.clear()
        memory["subset"] = subset = Subset.of(gradients)
    now = subset.take(gradients)
    last, memory["last"] = memory.get("last"), (probe.step, now)
    if last is None or last[0] != probe.step - 1:
        return []
    error = None if subset.complete else _jackknife(now, last[1])
    both = (now != 0) & (last[1] != 0)
    flips = ((now.sign() * last[1].sign()) < 0).sum() / both.sum()
    return [
        Reading("", _cosine(*_sums(now, last[1], 1))[0], error),
        Reading("sign-flips", flips, unit="fraction"),
    ]


def _sums(a: Tensor, b: Tensor, parts: int) -> tuple[Tensor, Tensor, Tensor]:
    """Inner products ab, aa and bb within interleaved parts, so that each part holds some of every layer."""
    length = len(a) // parts * parts
    # Scaled, so that squares of very small or very large gradients stay within float32.
    a, b = (v / v.abs().amax().clamp_min(torch.finfo(v.dtype).tiny) for v in (a, b))
    a, b = a[:length].view(-1, parts), b[:length].view(-1, parts)
    return (a * b).sum(0), (a * a).sum(0), (b * b).sum(0)


def _cosine(ab: Tensor, aa: Tensor, bb: Tensor) -> Tensor:
    return ab / (aa * bb).sqrt()


def _jackknife(a: Tensor, b: Tensor) -> Tensor:
    without = _cosine(*(s.sum() - s for s in _sums(a, b, PARTS)))
    return ((PARTS - 1) / PARTS * (without - without.mean()).square().sum()).sqrt()


INSTRUMENT = Instrument(
    id="gradient-agreement",
    title="cosine and sign changes between the gradients of successive steps",
    unit="cosine",
    cost=Cost(passes=0.1),
    moment="before",
    needs=frozenset({"gradients"}),
    how_often="sampled",
    measure=measure,
    information=1.5,
    consecutive=2,
)
