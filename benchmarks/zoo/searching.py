"""Finds a good learning rate for a training, by trying seven."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.zoo.loop import train
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import build

_HIGHEST = {
    "sgd": 3.0,
    "momentum": 1.0,
    "nesterov": 1.0,
    "adam": 0.1,
    "adamw": 0.1,
    "rmsprop": 0.1,
    "adagrad": 1.0,
}
_GRID = tuple(10 ** (-i / 2) for i in range(7))


@dataclass(frozen=True)
class Found:
    """The best rate of the grid, and the shortfall that it ended with."""

    rate: float
    end: float


def search(spec: Spec, cache: Path | None = None) -> Found:
    """The best rate of seven between the highest that its optimizer bears and a thousandth of that.

    All are tried for a third of the steps, the three best then for all of them. Cost: five trainings.

    Args:
        spec: The training; its rate does not matter.
        cache: Folder that remembers what was found, a file each.
    """
    spec = spec.with_(rate=1.0)
    path = cache / f"{spec.id}.json" if cache else None
    if path is not None and path.exists():
        return Found(**json.loads(path.read_text(encoding="utf-8")))
    rates = [_HIGHEST[spec.optimizer] * factor for factor in _GRID]
    short = max(40, spec.steps // 3)
    tried = sorted((_end(spec, rate, short), rate) for rate in rates)[:3]
    found = Found(*min((_end(spec, rate, spec.steps), rate) for _, rate in tried)[::-1])
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps({"rate": found.rate, "end": found.end}), encoding="utf-8")
        part.replace(path)
    return found


def _end(spec: Spec, rate: float, steps: int) -> float:
    outcome = train(build(spec.with_(rate=rate)), steps=steps).outcome
    return outcome.end if outcome.finite else 3.0
