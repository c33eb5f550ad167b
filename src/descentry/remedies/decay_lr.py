"""Let the learning rate decay.

## What it changes

The learning rate falls along a cosine, to a hundredth of what it is.

## How it is sized

From the rate in force, over half as many steps as the run has had.

## When not

While the loss still falls at a constant rate: an early decay gains at once and loses later.

## What to look for

The loss gets calmer and sinks as the rate falls.

## Sources

Robbins and Monro 1951; Loshchilov and Hutter 2017, *SGDR*; Defazio et al. 2023 on schedules that end at
zero.
"""

from __future__ import annotations

from typing import Any

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy

END = 0.01


def size(facts: Facts) -> data.Remedy:
    """From the present rate, over half the length of the run."""
    rate = facts.rate
    now = float(rate.value[-1]) if rate is not None else facts.peak_rate
    steps = max(facts.span // 2, 1)
    change: dict[str, Any] = {"lr_schedule": "cosine", "lr_end_factor": END, "steps": steps}
    start = "Let the learning rate fall along a cosine"
    if now is not None and now > 0:
        change |= {"lr": now, "lr_end": now * END}
        start += f" from {now:.2g} to {now * END:.1g}"
    return data.Remedy(
        "decay-lr",
        change,
        f"{start} over the next {steps:,} steps.",
        look_for="The loss gets calmer and sinks as the rate falls.",
        safety="automatic",
    )


REMEDY = Remedy("decay-lr", "let the learning rate decay", size)
