"""What is true of a training: settled by how it ended beside its twin, never by what was meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.zoo.faults import KINDS
from benchmarks.zoo.loop import Floats, Outcome
from benchmarks.zoo.spec import Spec

LEARNS = 0.85  # a twin that ends higher has learned too little for anything to be clearly worse


@dataclass(frozen=True)
class Labels:
    """The truth about a training.

    Attributes:
        given: Causes that it has; ``healthy`` where nothing is wrong.
        allowed: Causes that may be named as well, or first by a fair judge: what the given ones lead to, or
            what nobody could tell from them.
        ended: Shortfall at its end (:func:`losses.shortfall`).
        twin: Shortfall at the end of the same training without the fault.
        proof: How it was settled.
    """

    given: frozenset[str]
    allowed: frozenset[str]
    ended: float
    twin: float
    proof: str

    @property
    def healthy(self) -> bool:
        """Nothing is wrong with it."""
        return "healthy" in self.given


@dataclass(frozen=True)
class Case:
    """What a proof is made from.

    Attributes:
        spec: The training with its fault.
        got: Where it led.
        twin: Where the same without the fault led.
        best: The lowest shortfall that any rate reached without the fault.
        arm: Trains another spec, for a comparison.
    """

    spec: Spec
    got: Outcome
    twin: Outcome
    best: float
    arm: Callable[[Spec], Outcome]


Proof = Callable[[Case], "tuple[frozenset[str], frozenset[str]] | None"]


def clearly_worse(got: Outcome, twin: Outcome) -> bool:
    """It ended well above its twin: by 15% of what the twin had learned, or at 2.5 times its level."""
    return not got.finite or _above(got.end, twin.end)


def _above(a: float, b: float) -> bool:
    return (a - b) / max(1 - b, 0.05) >= 0.15 or (a > 2.5 * b and a - b > 0.03)


def settle(case: Case) -> Labels | None:
    """The labels of a training with one fault, or None where its outcome does not prove them."""
    kind = KINDS[case.spec.faults[0].kind]
    if case.twin.end > LEARNS:
        return None
    found = PROOFS[kind.proof](case)
    if found is None:
        return None
    given, more = found
    given = given or frozenset(kind.causes)
    return Labels(given, frozenset(kind.also) | more | given, case.got.end, case.twin.end, kind.proof)


def together(spec: Spec, got: Outcome, twin: Outcome, parts: Mapping[str, Labels]) -> Labels | None:
    """The labels of a training with several faults, each of which was proved alone."""
    if not clearly_worse(got, twin):
        return None
    chosen = [parts[fault.kind] for fault in spec.faults]
    given = frozenset[str]().union(*(c.given for c in chosen)) - {"healthy"}
    allowed = frozenset[str]().union(*(c.allowed for c in chosen)) - {"healthy"}
    return Labels(given, allowed, got.end, twin.end, "pair")


_NOTHING: frozenset[str] = frozenset()


def _worse(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    return (_NOTHING, _NOTHING) if clearly_worse(case.got, case.twin) else None


def _too_low(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    return _worse(case) if case.got.finite else None


def _too_high(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    """Divergence is too high a rate; what a full batch cures at the same rate is noise; else overshooting."""
    got = case.got
    if not clearly_worse(got, case.twin):
        return None
    also = {"dead-units"} if got.dead >= 0.8 else set()
    tail = float(np.median(got.loss[-max(5, len(got.loss) // 10) :]))
    if not got.finite or got.end >= 0.95 or tail > got.loss[:5].max():
        return frozenset({"lr-too-high"}), frozenset(also | {"overshooting", "exploding-gradients"})
    if case.spec.batch and not clearly_worse(case.arm(_on_all(case.spec)), case.twin):
        return frozenset({"noise-dominated"}), frozenset({"lr-too-high"})
    return frozenset({"overshooting"}), frozenset(also | {"lr-too-high"})


def _on_all(spec: Spec) -> Spec:
    """The same training at the same rate, its gradients free of noise."""
    if spec.faults[0].kind == "tiny-batch":
        factor = spec.faults[0].strength
        return spec.with_(rate=spec.rate * factor, batch=0, faults=(), schedule="constant")
    return spec.with_(batch=0)


def _vanishes(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    return _worse(case) if case.got.finite and case.got.first_to_last <= 0.03 else None


def _explodes(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    large = not np.isfinite(case.got.grad) or case.got.grad >= 20 * max(case.twin.grad, 0.1)
    return _worse(case) if large else None


def _dead(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    return _worse(case) if case.got.finite and case.got.dead >= 0.7 else None


def _plateau(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    """Flat for the first eighth at least, where an ordinary start had fallen; it may leave later."""
    usual = case.arm(case.spec.with_(faults=(case.spec.faults[0].__class__("saddle", 1.0),)))
    if not case.got.finite or usual.end > LEARNS or not usual.finite:
        return None
    n = max(8, len(case.got.loss) // 8)
    early, whole = case.got.loss[:n], float(usual.loss[0] - usual.loss.min())
    moved = abs(float(np.mean(early[: n // 4 + 1]) - np.mean(early[-(n // 4 + 1) :])))
    fell = float(np.mean(usual.loss[: n // 4 + 1]) - np.mean(usual.loss[n - n // 4 - 1 : n]))
    if moved > 0.05 * whole or fell < 0.15 * whole:
        return None
    return _NOTHING, _NOTHING if clearly_worse(case.got, usual) else frozenset({"healthy"})


def _overfits(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    got = case.got
    if not got.finite or got.end > 0.3 or got.val - got.val_best < 0.1 or got.val < 2 * got.end + 0.1:
        return None
    return _NOTHING, _NOTHING


def _capacity(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    """A larger model ends clearly lower, another rate does not."""
    if not case.got.finite or not clearly_worse(case.got, case.twin):
        return None
    for factor in (0.3, 3.0):
        other = case.arm(case.spec.with_(rate=case.spec.rate * factor))
        if other.finite and clearly_worse(case.got, other):
            return None
    return _NOTHING, _NOTHING


def _late(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    """It learns, and runs away after a quarter of the steps or later."""
    loss, n = case.got.loss, len(case.got.loss)
    high = np.flatnonzero(~(loss <= 2 * float(np.max(loss[:5]))))
    if not len(high) or high[0] < n // 4 or not clearly_worse(case.got, case.twin):
        return None
    learnt = float(np.median(loss[high[0] // 2 : high[0]])) < 0.7 * float(np.median(loss[:5]))
    stays = not case.got.finite or float(np.median(loss[-max(5, n // 20) :])) > float(np.max(loss[:5]))
    return (_NOTHING, frozenset({"overshooting", "exploding-gradients"})) if learnt and stays else None


def _constant(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    """What was learnt from the labels is of no use for the right ones."""
    return (_NOTHING, _NOTHING) if case.got.finite and _above(case.got.val, case.twin.val) else None


def _labels(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    return _worse(case) if case.got.finite else None


def _numeric(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    return None if case.got.finite else (_NOTHING, _NOTHING)


def _event(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    """The loss visibly jumps or drops where something was done, or is not finite from there on."""
    loss, at = case.got.loss, case.got.event
    if at is None or at < 12 or at > len(loss) - 8 or not np.isfinite(loss[:at]).all():
        return None
    if not np.isfinite(loss[at:]).all():
        return _NOTHING, _NOTHING
    w = min(at // 3, max(6, len(loss) // 10), len(loss) - at)
    before, earlier, after = loss[at - w : at], loss[at - 2 * w : at - w], loss[at : at + w]
    noise = 1.48 * float(np.median(np.abs(before - np.median(before)))) + 1e-9
    spread = float(np.ptp(np.percentile(loss[:at], [5, 95])))
    drift = abs(float(np.median(before) - np.median(earlier)))
    step = abs(float(np.median(after) - np.median(before)))
    peak = float(np.max(after[:5]) - np.median(before))
    size = min(0.1 * spread, 0.25 * abs(float(np.median(before))))
    if step > max(5 * noise / np.sqrt(w), size, 2 * drift):
        return _NOTHING, _NOTHING
    if case.spec.faults[0].kind != "rate-cut" and peak > max(8 * noise, 0.3 * spread, _reach(loss[:at])):
        return _NOTHING, _NOTHING
    return None


def _reach(before: Floats) -> float:
    """How far single losses lie above their level without an event, in the second half before it."""
    half = before[len(before) // 2 :]
    return 1.5 * float(half.max() - np.median(half))


def _fine(case: Case) -> tuple[frozenset[str], frozenset[str]] | None:
    got = case.got
    learned = got.end <= LEARNS and (got.end - case.best) / max(1 - case.best, 0.05) <= 0.15
    return (_NOTHING, _NOTHING) if got.finite and learned and not _lopsided(got) else None


def _lopsided(got: Outcome) -> bool:
    """It learned the training data by heart at the cost of all others, which nobody calls healthy."""
    return got.val - got.val_best > 0.15 and got.val > 2 * got.end + 0.1


PROOFS: dict[str, Proof] = {
    "worse": _worse,
    "too low": _too_low,
    "too high": _too_high,
    "vanishes": _vanishes,
    "explodes": _explodes,
    "dead": _dead,
    "plateau": _plateau,
    "scaling": _worse,
    "labels": _labels,
    "late": _late,
    "constant": _constant,
    "overfits": _overfits,
    "capacity": _capacity,
    "numeric": _numeric,
    "event": _event,
    "fine": _fine,
}
