"""The wiring between loss, parameters and optimizer: what cannot learn, and gradients that were left over.

## What it is

How many parameters are frozen, get no gradient, or are not in the optimizer; and whether the gradient that
the optimizer is about to use still holds the one of the step before.

## How it is measured

Counted in parameter tensors, tied ones once; the first 16 of each kind are named, with their entries as
value.

| reading | counts |
|---|---|
| `frozen` | parameters that require no gradient |
| `without-gradient` | those that require one and have none after the backward pass |
| `zero-gradient` | those whose gradient is exactly zero in every entry |
| `not-in-optimizer` | those that require a gradient and that no parameter group holds |
| `not-in-model` | parameters of the optimizer that the model does not have |

From the second reading on, as shares of entries, so that a large layer counts for more than a bias:

- `can-learn`: of all parameters of the model, and of those beside it that its outputs depend on, the share
  that requires a gradient, has one, and is changed by this optimizer (or was by something else since the
  last reading).
- `out-of-reach`: of the parameters that the outputs depend on and that require a gradient, the share that
  nothing changes.

For gradients that were not zeroed, the watch looks at what is in place when the first backward pass of the
step begins. `left-over` is the share of the entries where that is the gradient of the step before, and
`unexplained` is 0. Where no backward pass was seen, the gradient of the batch is computed again and the
gradient in place is explained by it and by the gradient in place of the step before:

    gradient in place ≈ a · gradient of this batch + b · gradient in place one step before

fitted by least squares on 65,536 entries. `left-over` is b/a, `unexplained` is the length of what remains,
relative to the gradient in place. `multiple` is the length of the gradient in place over that of the batch.

## Cost

One pass where the backward pass was seen; else one gradient more, at the second of two steps in a row.

## How to read it

Any count above 0 is worth a look: a parameter without a gradient is detached from the loss, or its part of
the model did not run. `not-in-model` beside `not-in-optimizer`: the model was made anew, or moved, after
the optimizer was made. `out-of-reach` above 0 with nothing frozen: the optimizer was given a part of the
parameters only, or layers are kept in a plain list or dict, in which PyTorch does not find them.
`can-learn` near 1: everything takes part. `left-over` 1 with `unexplained` 0: the gradients were not
zeroed, so each step uses the sum of all gradients so far. `left-over` 0 with `unexplained` 0: all is well.

## Limits

Freezing is often meant, and so is a `can-learn` near 0 where a small head or adapter is trained on a large
model. Experts and branches that a batch does not use have no gradient for that batch. A gradient that is
scaled in place of being set to zero counts as new. When `unexplained` is
not near 0, `left-over` says nothing: gradients accumulated over several batches do that (the others are in
place too), and so do losses with terms that the loss function does not hold. Where both gradients are
parallel they cannot be told apart, and neither is given; there, a `multiple` of 2 instead of 1 at the
second step says that the first gradient is still in place. Sparse gradients take no part in the fit.

## Sources

PyTorch adds gradients up until they are set to zero (`torch.optim.Optimizer.zero_grad`). The fit is
ordinary least squares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe
from descentry.instruments._subset import Subset, dense
from descentry.instruments._tensors import gathered, norms

NAMED = 16
PARALLEL = 1e-5  # 1 − cos² below which float32 cannot tell two gradients apart


def measure(probe: Probe) -> list[Reading]:
    """The counts, and from the second of two steps in a row what was left over.

    Raises:
        RuntimeError: The loss of the batch cannot be computed again.
    """
    readings = [*_counts(probe), *_shares(probe)]
    if probe.gradients:
        sizes = gathered(list(norms(probe.gradients).values()))
        readings.append(Reading("zero-gradient", (sizes == 0).sum(), unit="parameters"))
    return readings + _left_over(probe)


def _counts(probe: Probe) -> Iterator[Reading]:
    held = {id(p) for group in probe.optimizer.param_groups for p in group["params"]}
    own = {id(p) for p in probe.model.parameters()}
    learning = {n: probe.parameters[n] for n in probe.trainable}
    yield from _named(probe, "frozen", (n for n in probe.parameters if n not in learning))
    # Where a forward pass was seen, no gradient anywhere is the finding, and not a lack of one.
    if probe.gradients or probe.outputs is not None:
        yield from _named(probe, "without-gradient", (n for n in learning if n not in probe.gradients))
    yield from _named(probe, "not-in-optimizer", (n for n, p in learning.items() if id(p) not in held))
    yield Reading("not-in-model", float(len(held - own)), unit="parameters")


def _named(probe: Probe, kind: str, names: Iterable[str]) -> Iterator[Reading]:
    found = list(names)
    yield Reading(kind, float(len(found)), unit="parameters")
    for name in found[:NAMED]:
        yield Reading(f"{kind}/{name}", float(probe.parameters[name].numel()), unit="entries")


def _shares(probe: Probe) -> Iterator[Reading]:
    """What can learn, in entries; from the second reading on, at whatever step it is."""
    own = {id(p): p for p in (*probe.model.parameters(), *(probe.behind or ()))}
    versions = {key: p._version for key, p in own.items()}
    last, probe.memory["versions"] = probe.memory.get("versions"), (probe.step, versions)
    if last is None or last[0] >= probe.step or not own:
        return
    held = {id(p) for group in probe.optimizer.param_groups for p in group["params"]}
    moved = {key for key in own if key in held or last[1].get(key, versions[key]) != versions[key]}
    total = sum(p.numel() for p in own.values())
    if total and (probe.gradients or probe.outputs is not None):
        learning = sum(own[k].numel() for k in moved if own[k].requires_grad and own[k].grad is not None)
        yield Reading("can-learn", learning / total)
    behind = {id(p): p.numel() for p in probe.behind or ()}
    if sum(behind.values()):
        missed = sum(size for key, size in behind.items() if key not in moved)
        yield Reading("out-of-reach", missed / sum(behind.values()))


def _left_over(probe: Probe) -> list[Reading]:
    if probe.left_over is not None:
        return [Reading("left-over", probe.left_over), Reading("unexplained", 0.0)]
    seen = dense({n: g for n, g in probe.gradients.items() if n in probe.parameters})
    if not probe.can_evaluate or not seen:
        return []
    memory = probe.memory
    subset = memory.get("subset")
    if subset is None or not subset.fits(seen):
        memory.pop("last", None)
        memory["subset"] = subset = Subset.of(seen)
    in_place = subset.take(seen)
    last, memory["last"] = memory.get("last"), (probe.step, in_place)
    if last is None or last[0] != probe.step - 1:
        return []
    computed = probe.gradient_at()
    batch = subset.take({n: computed[n] for n in seen})
    ratio, unexplained = _fit(in_place, batch, last[1])
    size = torch.linalg.vector_norm(batch)
    multiple = torch.where(size > 0, torch.linalg.vector_norm(in_place) / size, torch.nan)
    return [
        Reading("left-over", ratio),
        Reading("unexplained", unexplained),
        Reading("multiple", multiple, unit="ratio"),
    ]


def _fit(in_place: Tensor, batch: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """b/a and the relative length of the rest; NaN where the two gradients cannot be told apart."""
    batch_size, before_size, size = (torch.linalg.vector_norm(v) for v in (batch, before, in_place))
    one, other, target = batch / batch_size, before / before_size, in_place / size
    cosine = one @ other
    apart = 1 - cosine * cosine
    first, second = one @ target, other @ target
    a = (first - cosine * second) / apart
    b = (second - cosine * first) / apart
    rest = torch.linalg.vector_norm(target - a * one - b * other)
    told = apart > PARALLEL
    return (
        torch.where(told, (b / before_size) / (a / batch_size), torch.nan),
        torch.where(told, rest, torch.nan),
    )


INSTRUMENT = Instrument(
    id="wiring",
    title="parameters that cannot learn, and gradients that were left over",
    unit="fraction",
    cost=Cost(gradients=1, passes=2),
    moment="before",
    needs=frozenset({"gradients", "batch", "graph"}),
    how_often="once",
    measure=measure,
    information=5.0,
    consecutive=2,
)
