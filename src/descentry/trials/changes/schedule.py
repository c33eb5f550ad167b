"""A learning rate that grows at first, or falls towards the end."""

from __future__ import annotations

import math
from collections.abc import Sequence

from descentry.core.data import Remedy
from descentry.trials._fork import Fork
from descentry.trials.changes._entry import Change, Variant
from descentry.trials.changes.rate import scheduled


def _variants(remedy: Remedy, fork: Fork) -> Sequence[Variant]:
    change = remedy.change
    if "warmup_steps" in change:
        steps = max(1, int(change["warmup_steps"]))
        return [
            Variant(
                f"warming the rate up over {steps:,} steps",
                lambda training: scheduled(training, lambda t: min(1.0, (t + 1) / steps)),
                by_hand="Use a scheduler for it, such as torch.optim.lr_scheduler.LinearLR.",
            )
        ]
    end = float(change.get("lr_end_factor", 0.01))
    steps = max(1, int(change.get("steps", 1)))

    def cosine(t: int) -> float:
        return end + (1 - end) * (1 + math.cos(math.pi * min(1.0, t / steps))) / 2

    return [
        Variant(
            f"letting the rate fall along a cosine over {steps:,} steps",
            lambda training: scheduled(training, cosine),
            by_hand="Use torch.optim.lr_scheduler.CosineAnnealingLR for it.",
        )
    ]


CHANGE = Change(("warm-up", "decay-lr"), _variants)
