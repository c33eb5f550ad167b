"""Learning rates that are too small or too large, and gradients that are mostly noise."""

from __future__ import annotations

from benchmarks.zoo.faults._kind import Kind
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import Training


def _times(spec: Spec, strength: float) -> Spec:
    return spec.with_(rate=spec.rate * strength)


def _one_by_one(spec: Spec, strength: float) -> Spec:
    return spec.with_(rate=spec.rate * strength, batch=1 + (spec.seed % 2), schedule="constant")


def _steady(spec: Spec, strength: float) -> Spec:
    return spec.with_(schedule="constant", steps=max(spec.steps, 200))


def _ramp(t: Training, strength: float) -> None:
    """The rate rises from step to step, to so many times a good one, as in a warm-up that goes too far."""
    n, rate = t.spec.steps, t.spec.rate
    t.scheduled = lambda step: rate * strength * (step + 1) / n


def _whole(spec: Spec, strength: float) -> Spec:
    return spec.with_(rate=spec.rate * strength, batch=0, schedule="constant", replace=False)


KINDS = (
    Kind(
        "rate-down",
        ("lr-too-low",),
        (0.03, 0.01, 3e-3, 1e-3, 1e-4, 1e-5),
        proof="too low",
        setting=_times,
        weight=3,
    ),
    # Which of too high a rate, overshooting and noise it is, the outcome decides.
    Kind("rate-up", (), (3, 4, 6, 10, 15, 30, 100, 1e3, 1e4), proof="too high", setting=_times, weight=4),
    # Only where it learns before it runs away.
    Kind(
        "rate-ramp", ("lr-too-high",), (10, 30, 100, 300), (), "late", setting=_steady, loop=_ramp, weight=2
    ),
    Kind("rate-up-full-batch", (), (3, 5, 8, 12, 20, 40), proof="too high", setting=_whole, weight=2),
    Kind(
        "tiny-batch",
        (),
        (1, 2, 4, 8),
        proof="too high",
        setting=_one_by_one,
        weight=2,
        fits=lambda spec: spec.model.norm != "batch",
    ),
)
