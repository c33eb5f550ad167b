"""What looks odd and is fine: these trainings are healthy, and must be called so."""

from __future__ import annotations

import torch
from torch import nn

from benchmarks.zoo.data import Data
from benchmarks.zoo.faults._kind import Kind, kind_of, shape_of, whole_targets
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import Training, in_steps

_FINE = ("healthy",)


def _plain(spec: Spec, strength: float) -> Spec:
    return spec.with_(rate=spec.rate * strength)


def _single(spec: Spec, strength: float) -> Spec:
    """Batches of one or two, with a rate to match."""
    usual = spec.batch or 256
    factor = max(0.03, min(0.5, (strength / usual) ** 0.7))
    schedule = "cosine" if spec.seed % 3 == 0 else "constant"
    return spec.with_(batch=int(strength), rate=spec.rate * factor, steps=600, schedule=schedule)


def _warm_long(t: Training, strength: float) -> None:
    n, rate = t.spec.steps, t.spec.rate
    t.scheduled = lambda step: rate * min(1.0, (step + 1) / (strength * n)) ** 2


def _cut_late(t: Training, strength: float) -> None:
    usual = t.scheduled
    t.scheduled = lambda step: usual(step) * (strength if step >= 0.6 * t.spec.steps else 1)


def _trained(t: Training, steps: int) -> None:
    """Trains in advance, with an optimizer of its own."""
    optimizer = torch.optim.Adam(t.model.parameters(), lr=3e-3)
    batches = t.batches()
    for _ in range(steps):
        x, y = next(batches)
        optimizer.zero_grad()
        t.loss_fn(t.model(x), y).backward()
        optimizer.step()


def _converged(t: Training, strength: float) -> None:
    """It goes on from where it had ended: nothing moves, and nothing should."""
    _trained(t, int(strength))


def _tuned(t: Training, strength: float) -> None:
    """A trained body that is frozen, and a new head."""
    _trained(t, 150)
    heads = [m for m in t.model.modules() if isinstance(m, nn.Linear)]
    for p in t.model.parameters():
        p.requires_grad_(False)
    heads[-1].reset_parameters()
    for p in heads[-1].parameters():
        p.requires_grad_(True)
    t.learns = list(heads[-1].parameters())


def _accumulated(t: Training, strength: float) -> None:
    t.every = int(strength)


def _flipped(data: Data, strength: float, rng: torch.Generator) -> Data:
    """A few labels are wrong, as in most data."""
    rows = torch.randperm(len(data), generator=rng)[: round(strength * len(data))]
    y = data.y.clone()
    y[rows] = data.y[torch.randint(len(data), (len(rows),), generator=rng)]
    return in_steps(data, y=y)


def _decayed(spec: Spec, strength: float) -> Spec:
    return spec.with_(decay=strength)


def _dropping(spec: Spec, strength: float) -> Spec:
    return spec.with_model(dropout=strength, style=spec.model.style.replace("by-hand", "sequential"))


def _clipping(spec: Spec, strength: float) -> Spec:
    return spec.with_(clip=strength)


def _long(spec: Spec, strength: float) -> Spec:
    return spec.with_(steps=int(min(600, spec.steps * strength)))


def _unstandardised(data: Data, strength: float, rng: torch.Generator) -> Data:
    """Units that differ a little, and targets that are not quite standardised: no reason to stop."""
    scale = strength ** (2 * torch.rand(data.x.shape[1], generator=rng) - 1)
    return in_steps(data, x=data.x * scale, x_val=data.x_val * scale)


def _tuned_gently(t: Training, strength: float) -> None:
    """A trained model goes on at a small rate: the loss is low from the start, and hardly moves."""
    _trained(t, 200)
    usual = t.scheduled
    t.scheduled = lambda step: usual(step) * strength


def _resumed_well(t: Training, strength: float) -> None:
    """Stopped and resumed with all that belongs to it: there is a seam in the log and none in the loss."""
    t.event, t.seam = int(strength * t.spec.steps), True


def _fresh(t: Training, strength: float) -> None:
    """The optimizer starts anew half way, which does no harm here."""

    def act(step: int) -> None:
        if step == t.spec.steps // 2:
            t.optimizer.state.clear()

    t.before.append(act)


KINDS = (
    Kind("as-it-is", _FINE, (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.5), proof="fine", setting=_plain, weight=4),
    Kind(
        "one-example",
        _FINE,
        (1, 2),
        proof="fine",
        setting=_single,
        weight=4,
        fits=lambda s: s.model.norm != "batch" and s.model.family not in {"transformer", "cnn"},
    ),
    Kind("slow-start", _FINE, (0.4, 0.7), proof="fine", loop=_warm_long, weight=2),
    Kind("cut-late", _FINE, (0.1, 0.3), proof="fine", loop=_cut_late, weight=2),
    Kind(
        "converged-before",
        _FINE,
        (300, 600),
        proof="fine",
        model=_converged,
        weight=2,
        fits=lambda s: s.model.family not in {"transformer", "cnn"},
    ),
    Kind(
        "fine-tuned",
        _FINE,
        (1,),
        proof="fine",
        model=_tuned,
        weight=1.5,
        fits=lambda s: (
            s.model.style != "by-hand" and s.model.family in {"mlp", "cnn", "gru", "lstm", "window"}
        ),
    ),
    Kind("accumulated", _FINE, (2, 4), proof="fine", loop=_accumulated, fits=lambda s: 0 < s.batch <= 32),
    Kind(
        "few-labels-wrong",
        _FINE,
        (0.05, 0.1),
        proof="fine",
        data=_flipped,
        weight=2,
        fits=lambda s: whole_targets(s) and kind_of(s) != "values",
    ),
    Kind(
        "fine-tuned-gently",
        _FINE,
        (0.03, 0.1, 0.3),
        proof="fine",
        loop=_tuned_gently,
        weight=2,
        fits=lambda s: s.model.family not in {"transformer", "cnn"},
    ),
    Kind("resumed-well", _FINE, (0.3, 0.5, 0.7), proof="fine", loop=_resumed_well, weight=2),
    Kind("usual-decay", _FINE, (1e-4, 1e-3), proof="fine", setting=_decayed),
    Kind(
        "usual-dropout",
        _FINE,
        (0.1, 0.3, 0.5),
        proof="fine",
        setting=_dropping,
        fits=lambda s: s.model.family in {"mlp", "cnn", "transformer"},
    ),
    Kind("clipped", _FINE, (0.5, 1, 5), proof="fine", setting=_clipping),
    Kind("long", _FINE, (2, 3), proof="fine", setting=_long, weight=2),
    Kind(
        "units-differ",
        _FINE,
        (2, 3),
        proof="fine",
        data=_unstandardised,
        fits=lambda s: s.model.family in {"linear", "mlp"} and shape_of(s) == "vector",
    ),
    Kind(
        "optimizer-anew",
        _FINE,
        proof="fine",
        loop=_fresh,
        fits=lambda s: s.optimizer in {"momentum", "adam", "adamw"},
    ),
)
