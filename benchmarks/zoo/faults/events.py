"""Things that happen on the way: a change of the rate, and a resume that did not bring all back."""

from __future__ import annotations

import copy

import torch

from benchmarks.zoo.faults._kind import Kind
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import Training, optimizer_for


def _when(t: Training) -> int:
    t.event = int((0.35 + 0.4 * float(torch.rand((), generator=t.rng))) * t.spec.steps)
    return t.event


def _changed(t: Training, strength: float) -> None:
    """The rate is multiplied from some step on."""
    when, usual = _when(t), t.scheduled
    t.scheduled = lambda step: usual(step) * (strength if step >= when else 1)


def _steady(spec: Spec, strength: float) -> Spec:
    # A drop shows where noise holds the loss up, so the rate is as large as it may be and batches are small.
    batch = min(spec.batch or 32, 32)
    return spec.with_(schedule="constant", batch=batch, rate=6 * spec.rate, steps=max(spec.steps, 400))


def _constant(spec: Spec, strength: float) -> Spec:
    return spec.with_(schedule="constant")


def _resumed(t: Training, strength: float) -> None:
    """Weights of some steps ago, an optimizer that knows nothing, and (for 2) a rate that warms up again.

    For 3 the weights are those of the start: the checkpoint was not found and nobody noticed.
    """
    when, usual = _when(t), t.scheduled
    t.seam = True
    kept: list[dict[str, torch.Tensor]] = [copy.deepcopy(t.model.state_dict())]
    back = max(1, when // 6)

    def act(step: int) -> None:
        if step == when - back and strength != 3:
            kept[0] = copy.deepcopy(t.model.state_dict())
        if step == when:
            t.model.load_state_dict(kept[0])
            fresh = optimizer_for(t.spec, list(t.model.parameters()))
            t.optimizer.state.clear()
            t.optimizer.load_state_dict(fresh.state_dict())

    t.before.append(act)
    if strength == 2:
        t.scheduled = lambda step: usual(step - when if step >= when else step) * _warm(step - when, back)


def _warm(since: int, length: int) -> float:
    return min(1.0, (since + 1) / length) if since >= 0 else 1.0


KINDS = (
    Kind(
        "rate-cut",
        ("schedule-event",),
        (0.1, 0.03, 0.01),
        ("healthy",),
        "event",
        setting=_steady,
        loop=_changed,
        weight=2,
    ),
    Kind(
        "rate-raised",
        ("schedule-event",),
        (10, 30, 100),
        ("lr-too-high",),
        "event",
        setting=_constant,
        loop=_changed,
        weight=3,
    ),
    Kind("resumed", ("resume-artefact",), (1, 2, 3, 3), (), "event", loop=_resumed, weight=4),
)
