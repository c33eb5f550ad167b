"""Skip steps that are not finite.

## What it changes

Before `optimizer.step()`: a step whose loss or gradient norm is not finite is skipped, and its batch is
written down.

## How it is sized

It is not; the step at which the run was thrown off is named.

## When not

Where steps are bad again and again: then data or numerics need a cure, and not a guard.

## What to look for

How many steps are skipped: a few in thousands. Look at their batches.

## Sources

Chowdhery et al. 2022, *PaLM*, section 5.1; `torch.nn.utils.clip_grad_norm_` with `error_if_nonfinite`.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies import _settings
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy:
    """The same for every run, with the step where it happened."""
    step = _settings.trouble(facts)
    where = f" Look at the batch of step {step:,}." if step is not None else ""
    return data.Remedy(
        "guard-batches",
        {"skip_non_finite": True},
        "Skip a step whose loss or gradient is not finite, and note its batch." + where,
        look_for="A few skipped steps in thousands, always with the same examples.",
        safety="automatic",
    )


REMEDY = Remedy("guard-batches", "skip steps that are not finite", size)
