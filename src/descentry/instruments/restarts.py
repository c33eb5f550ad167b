"""Whether weights were written from outside, and how far back the optimizer remembers.

## What it is

How many steps the optimizer's moments are old, and how often the weights were written by something other
than the optimizer since the last reading: a checkpoint that was loaded, a model that was set back, an
average that was put in.

## How it is measured

Both of one parameter, the first that the optimizer holds and that requires a gradient.

- `age`: the steps that the optimizer counts for it, where it counts them (Adam and its kin, but not SGD). It
  grows by 1 a step, so it began to count at the step of the reading less `age`.
- `written`: PyTorch counts how often a tensor was written to. An optimizer writes equally often at each step,
  so what is more than that many times the steps since the last reading came from elsewhere.

## Cost

Two numbers are looked up.

## How to read it

`age` less than the steps so far: the optimizer began anew on the way, without its moments. At the first
step `age` above 0: it came with moments from elsewhere, as it should after a resume. `written` above 0 says
that weights were put in somewhere between two readings; a jump of the loss there has its reason in that.
Set back by a rollback, or averaged, they may be meant to be.

## Limits

After a pilot has put the training back, `age` is read no more, and the pilot's own writes are not counted.
Weights that are clipped or projected at every step count as the optimizer's doing. Steps that mixed
precision skips hide as many writes. A count that is kept on a GPU is not looked at, since that would wait
for it.

## Sources

`torch.Tensor._version`; Kingma and Ba 2015 on the step count of Adam.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe


def measure(probe: Probe) -> list[Reading]:
    """The age where the optimizer counts steps; from the second reading on, writes from outside."""
    held = (p for group in probe.optimizer.param_groups for p in group["params"])
    first = next((p for p in held if p.requires_grad), None)
    if first is None:
        return []
    readings = [] if "put back" in probe.memory else [*_age(probe.optimizer.state.get(first, {}).get("step"))]
    now = probe.step, id(first), first._version
    last, probe.memory["last"] = probe.memory.get("last"), now
    if last is None or last[1] != now[1] or now[0] <= last[0]:
        return readings
    steps, writes = now[0] - last[0], now[2] - last[2]
    usual = probe.memory["usual"] = min(probe.memory.get("usual", writes // steps), writes // steps)
    return [*readings, Reading("written", float(max(0, writes - usual * steps)), unit="writes")]


def _age(step: object) -> Iterator[Reading]:
    if isinstance(step, Tensor) and step.device.type == "cpu" and step.numel() == 1:
        yield Reading("age", step.detach().clone(), unit="steps")
    elif isinstance(step, (int, float)):
        yield Reading("age", float(step), unit="steps")


INSTRUMENT = Instrument(
    id="restarts",
    title="writes to the weights from outside, and how far back the optimizer remembers",
    unit="",
    cost=Cost(),
    moment="before",
    needs=frozenset(),
    how_often="sampled",
    measure=measure,
)
