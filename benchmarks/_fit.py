"""Fits what each sign is worth: a logistic regression for each cause, drawn towards what its file states.

For one cause, the log-odds of a run are a base plus one weight for each sign that could be read, the weight
of the bin that its value lies in. The weights of a cause are fitted together (so that signs which say the
same share one weight between them) by the most likely values given a Gaussian prior around the stated ones:

    minimise  Σᵢ log(1 + exp(−yᵢ zᵢ)) + ½ λ Σⱼ (wⱼ − sⱼ)²

``λ`` is chosen on left-out tasks. A run whose labels allow a cause without having been given it (an
acceptable second name for what was done) takes no part in that cause's fit. Log-odds of left-out tasks are
then fitted to what is true by one slope and one shift for all causes (Platt 1999), so that probabilities
hold on unseen tasks.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from descentry.causes._entry import Cause

FOLDS = 5
STRENGTHS = (0.3, 1.0, 3.0, 10.0)  # λ: a stated weight is worth that many nats⁻²
FIRM = 0.3  # nats from which on a stated weight says on which side it is
BASE_STRENGTH = 0.01
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """One run as the fit sees it.

    Attributes:
        task: What was trained; folds leave out whole tasks.
        values: Sign values by id, None where not read.
        given: Causes that were put into the run (``healthy`` if none).
        allowed: Causes that may also be named.
    """

    task: str
    values: Mapping[str, float | None]
    given: frozenset[str]
    allowed: frozenset[str]


@dataclass(frozen=True)
class Design:
    """The columns of one cause: a base, then a column for each bin of each of its signs."""

    cause: Cause
    matrix: Floats
    stated: Floats
    answer: Floats  # +1, −1, or 0 for runs that take no part

    @classmethod
    def of(cls, cause: Cause, samples: Sequence[Sample]) -> Design:
        stated = np.array([cause.base, *(w for clue in cause.clues for w in clue.weights)])
        matrix = np.zeros((len(samples), len(stated)))
        matrix[:, 0] = 1.0
        answer = np.zeros(len(samples))
        for i, sample in enumerate(samples):
            at = 1
            for clue in cause.clues:
                value = sample.values.get(clue.sign.id)
                if value is not None:
                    matrix[i, at + clue.sign.bin(value)] = 1.0
                at += len(clue.weights)
            inside = cause.id in sample.given
            answer[i] = 1.0 if inside else 0.0 if cause.id in sample.allowed else -1.0
        return cls(cause, matrix, stated, answer)


def solve(design: Design, rows: NDArray[np.bool_], strength: float) -> Floats:
    """The most likely weights on some rows."""
    used = rows & (design.answer != 0)
    x, y, start = design.matrix[used], design.answer[used], design.stated
    pull = np.full(len(start), strength)
    pull[0] = BASE_STRENGTH

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin = y * (x @ weights)
        value = np.logaddexp(0.0, -margin).sum() + 0.5 * (pull * (weights - start) ** 2).sum()
        slope = -(x.T @ (y * expit(-margin))) + pull * (weights - start)
        return float(value), slope

    bounds = [(None, None), *(_side(w) for w in start[1:])]
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x)


def _side(stated: float) -> tuple[float | None, float | None]:
    """A weight stays on the side on which it is stated: what speaks for a cause does not come to deny it.

    The zoo is no fair sample of all trainings. Too high a rate, say, explodes in the first steps of most of
    its runs, so that a late explosion would come out as evidence against it.
    """
    if abs(stated) < FIRM:
        return None, None
    return (0.0, None) if stated > 0 else (None, 0.0)


def folds(samples: Sequence[Sample]) -> NDArray[np.int64]:
    """Which fold each run is left out in: whole tasks, spread evenly by size, always alike."""
    tasks: dict[str, int] = {}
    for sample in samples:
        tasks[sample.task] = tasks.get(sample.task, 0) + 1
    load, of = [0] * FOLDS, {}
    for task in sorted(tasks, key=lambda t: (-tasks[t], t)):
        of[task] = load.index(min(load))
        load[of[task]] += tasks[task]
    return np.array([of[s.task] for s in samples])


def left_out(designs: Sequence[Design], fold: NDArray[np.int64], strength: float) -> Floats:
    """Log-odds [causes, runs], each run's from a fit that has not seen its task."""
    odds = np.zeros((len(designs), len(fold)))
    for k in range(FOLDS):
        for c, design in enumerate(designs):
            weights = solve(design, fold != k, strength)
            odds[c, fold == k] = design.matrix[fold == k] @ weights
    return odds


def log_loss(odds: Floats, designs: Sequence[Design]) -> float:
    """Mean over causes and runs."""
    answers = np.array([d.answer for d in designs])
    used = answers != 0
    return float(np.logaddexp(0.0, -(answers * odds)[used]).mean())


def platt(odds: Floats, designs: Sequence[Design]) -> tuple[float, float]:
    """Slope and shift under which the left-out log-odds are most likely."""
    answers = np.array([d.answer for d in designs])
    used = answers != 0
    z, y = odds[used], answers[used]

    def loss(pair: Floats) -> float:
        return float(np.logaddexp(0.0, -y * (pair[0] * z + pair[1])).sum())

    slope, shift = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(slope), float(shift)


def fit(causes: Sequence[Cause], samples: Sequence[Sample]) -> tuple[dict[str, Any], Floats]:
    """The table of one view, as JSON, and the left-out log-odds [causes, runs] that it was calibrated on."""
    designs = [Design.of(cause, samples) for cause in causes]
    fold = folds(samples)
    tried = {strength: left_out(designs, fold, strength) for strength in STRENGTHS}
    scores = {strength: log_loss(odds, designs) for strength, odds in tried.items()}
    best = min(scores, key=lambda strength: scores[strength])
    slope, shift = platt(tried[best], designs)
    everyone = np.ones(len(samples), dtype=bool)
    base, clues = {}, {}
    for design in designs:
        weights = solve(design, everyone, best)
        base[design.cause.id] = round(float(weights[0]), 3)
        clues[design.cause.id], at = {}, 1
        for clue in design.cause.clues:
            part = weights[at : at + len(clue.weights)]
            clues[design.cause.id][clue.sign.id] = [round(float(w), 3) for w in part]
            at += len(clue.weights)
    table = {"base": base, "clues": clues, "slope": round(slope, 4), "shift": round(shift, 4)}
    table["made"] = {
        "runs": len(samples),
        "tasks": len({s.task for s in samples}),
        "strength": best,
        "log_loss": {str(s): round(v, 5) for s, v in scores.items()},
    }
    return table, tried[best]


def first_right(causes: Sequence[Cause], samples: Sequence[Sample], odds: Floats) -> float:
    """The share of runs whose likeliest cause is one that may be named."""
    top = odds.argmax(0)
    return float(np.mean([causes[c].id in s.allowed | s.given for c, s in zip(top, samples, strict=True)]))


def written(table: Mapping[str, Any]) -> str:
    """The table as JSON with a line for each sign, so that two fits can be compared line by line."""
    text = json.dumps(table, indent=1, sort_keys=True)
    return re.sub(r"\[[^\[\]]*\]", lambda m: " ".join(m[0].split()), text) + "\n"


def calibration_error(probability: Floats, true: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error: the mean gap between what was said and what was true, over equal bins."""
    edges = np.minimum((probability * bins).astype(int), bins - 1)
    gap = 0.0
    for b in range(bins):
        inside = edges == b
        if inside.any():
            gap += inside.mean() * abs(probability[inside].mean() - true[inside].mean())
    return float(gap)


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The 95% interval of a share (Wilson 1927)."""
    if total == 0:
        return 0.0, 1.0
    z, p = 1.96, hits / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, middle - half), min(1.0, middle + half)
