"""What other tools say to the same runs, translated into our causes as kindly as can be.

Each word of a peer counts for every cause that it could mean.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from descentry.core.data import Run, Series
from descentry.story import main_series

Causes = frozenset[str]


@dataclass(frozen=True)
class Said:
    """What a peer says to a run.

    Attributes:
        first: The causes that the first thing it says can mean; empty where it says nothing.
        any: The causes that any of it can mean.
        alarm: Whether it says that something is wrong.
        refused: Whether it could not judge the run at all.
    """

    first: Causes = frozenset()
    any: Causes = frozenset()
    alarm: bool = False
    refused: bool = False


def _set(*causes: str) -> Causes:
    return frozenset(causes)


TRAINING_DOCTOR: Mapping[str, Causes] = {
    "gradient_instability": _set(
        "exploding-gradients", "vanishing-gradients", "lr-too-high", "unstable-numerics", "bad-batch"
    ),
    "mixed_precision_instability": _set("unstable-numerics", "exploding-gradients"),
    "lr_too_high": _set("lr-too-high", "overshooting"),
    "lr_too_low": _set("lr-too-low"),
    "overfitting": _set("capacity-or-data"),
    "train_eval_mismatch": _set("capacity-or-data"),
    "plateau": _set(
        "flat-region", "lr-too-low", "capacity-or-data", "noise-dominated", "no-gradient", "over-regularised"
    ),
    "early_plateau": _set(
        "flat-region",
        "lr-too-low",
        "no-gradient",
        "vanishing-gradients",
        "dead-units",
        "init-too-small",
        "init-symmetric",
        "over-regularised",
    ),
}
SK_AUTOD: Mapping[str, Causes] = {
    "Classic overfitting": _set("capacity-or-data"),
    "Missed early stopping": _set("capacity-or-data"),
    "Data leakage": frozenset(),
    "Exploding gradient": _set("exploding-gradients", "lr-too-high", "unstable-numerics"),
    "LR too high": _set("lr-too-high", "overshooting"),
    "LR too low": _set("lr-too-low"),
    "Underfitting": _set("capacity-or-data", "lr-too-low", "over-regularised", "flat-region"),
    "Dying ReLU proxy": _set("dead-units", "no-gradient", "vanishing-gradients"),
    "Noisy training": _set("noise-dominated", "overshooting"),
    "Label noise floor": _set("label-error"),
}


def training_doctor(run: Run) -> Said:
    """``training-doctor``, given loss, rate and validation loss step by step, as it says to use it live."""
    from training_doctor import Doctor

    doctor = Doctor()
    doctor.set_auto_print(False)
    main = main_series(run, None)
    others = {s.name: s for s in run.series if s is not main and s.name in ("lr", "val_loss", "grad_norm")}
    found = []
    with contextlib.redirect_stdout(io.StringIO()):
        for step, value in zip(main.step, main.value, strict=True):
            beside = {name: at for name, s in others.items() if (at := _at(s, int(step))) is not None}
            found += doctor.log(int(step), loss=float(value), **beside)
    names = [d.detector_name for d in found if d.severity.value != "info"]
    return _said(names, TRAINING_DOCTOR)


def sk_autod(run: Run) -> Said:
    """``sk-autod`` on fifty points; where there is no validation loss, the training loss stands in for it."""
    from sk_autod import diagnose

    main = main_series(run, None)
    at = np.unique(np.linspace(0, len(main) - 1, 50).round().astype(int))
    train = main.value[at].tolist()
    twin = next((s for s in run.series if s.name == "val_loss" and len(s) > 1), None)
    steps = main.step[at]
    beside = train if twin is None else np.interp(steps, twin.step, twin.value).tolist()
    try:
        report = diagnose(train, beside)
    except ValueError:
        return Said(refused=True)
    return _said([f.detector_name for f in report.findings if f.severity.value != "INFO"], SK_AUTOD)


def _at(series: Series, step: int) -> float | None:
    found = np.flatnonzero(series.step == step)
    return float(series.value[found[-1]]) if len(found) else None


def _said(names: list[str], meaning: Mapping[str, Causes]) -> Said:
    if not names:
        return Said()
    sets = [meaning.get(name, frozenset()) for name in names]
    return Said(sets[0], frozenset().union(*sets), alarm=True)


PEERS: Mapping[str, tuple[str, Callable[[Run], Said]]] = {
    "training-doctor": ("training_doctor", training_doctor),
    "sk-autod": ("sk_autod", sk_autod),
}


def installed() -> dict[str, Callable[[Run], Said]]:
    """The peers that are at hand."""
    return {name: ask for name, (module, ask) in PEERS.items() if importlib.util.find_spec(module)}
