"""Fits what each sign is worth: all causes together, drawn towards what their files state.

z of a cause is a base plus one weight for each sign that could be read, the weight of the bin that its value
lies in; how likely the causes are follows from their z (``_surprise.py``). All weights are fitted at once, so
that signs which say the same share one weight between them and what another cause explains better is left
to it: the most likely values given a Gaussian prior around the stated ones,

    minimise  −Σᵢ log P(what was done to i | its signs) + ½ Σⱼ λⱼ (wⱼ − sⱼ)²

A sign that the file of a cause does not name may speak for or against it as well, from a stated weight of
zero and held there more firmly: what tells two causes apart is often named by one of them only. Where such a
sign reads what it does in most healthy runs, it says nothing.

Every run takes part twice, the second time with some of its signs struck out at random: what was not read
must move nothing, and a base that is made for runs of which all is known would.

The λ are chosen on left-out tasks. On these one slope, one shift for all causes, and the two numbers of
``Extra`` are fitted again, so that probabilities hold on unseen tasks; slope and shift then become part of
the weights. How sure it must be that something is wrong before a run draws attention follows from the same
probabilities (``_attention.py``). What is on no list is fitted by striking causes off the list, one after
the other.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks._attention import threshold
from benchmarks._encoding import FOLDS, Encoding, Floats, Mask, Sample, folds, struck
from benchmarks._surprise import Extra, Truth, surprise
from descentry.causes._entry import Cause
from descentry.causes._worlds import HEALTHY, LARGEST

# λ of weights that a file states, and of those that none does: how firmly they are held, in nats⁻²
STRENGTHS = ((0.5, 4.0), (1.0, 8.0))
BASE_STRENGTH = 0.01
FAINT = 0.1  # nats that a sign must be able to bring to a cause that does not name it, or it is left out
UNLISTED = 0.05  # of faulty trainings: as many are taken to have a cause that is on no list
STRUCK = 0.5  # of the weight of a run: that of its copy of which less is known


def solve(
    encoding: Encoding,
    matrix: Floats,
    truth: Truth,
    worth: Floats,
    strength: tuple[float, float],
    usual: Mask | None = None,
) -> tuple[Floats, float]:
    """The most likely weights [columns, causes], and what having two causes is worth.

    Args:
        encoding: What the columns are, and what is stated of them.
        matrix: Of the runs [runs, columns].
        truth: What is true of them.
        worth: How much each of them counts [runs].
        strength: λ of stated weights, and of the others.
        usual: Bins that say nothing of a cause whose file does not name their sign [columns].
    """
    rows = worth > 0
    matrix, truth, worth = matrix[rows], truth[rows], worth[rows]
    shape = encoding.stated.shape
    pull = np.where(encoding.says, *strength)
    pull[0] = BASE_STRENGTH
    start, pulls = np.append(encoding.stated, Extra().two), np.append(pull, BASE_STRENGTH)
    at = encoding.causes.index(HEALTHY)
    others = np.arange(shape[1]) != at

    def loss(p: Floats) -> tuple[float, Floats]:
        z = matrix @ p[:-1].reshape(shape)
        value, slopes, well, two = surprise(z[:, others], z[:, at], truth, Extra(float(p[-1])))
        by_z = np.empty_like(z)
        by_z[:, others], by_z[:, at] = slopes * worth[:, None], well * worth
        drawn = p - start
        slope = np.append(matrix.T @ by_z, two @ worth)
        return float(value @ worth + 0.5 * (pulls * drawn**2).sum()), slope + pulls * drawn

    silent = np.zeros(shape, dtype=bool) if usual is None else usual[:, None] & ~encoding.says
    each = zip(silent.ravel(), encoding.stated.ravel(), strict=True)
    sides = [(0.0, 0.0) if says_nothing else _side(stated) for says_nothing, stated in each]
    bounds = [(None, None)] * shape[1] + sides[shape[1] :] + [(None, None)]
    options = {"maxiter": 500}
    p = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return p[:-1].reshape(shape), float(p[-1])


def _side(stated: float) -> tuple[float | None, float | None]:
    """A weight stays on the side on which it is stated: what speaks for a cause does not come to deny it.

    The zoo is no fair sample of all trainings. Too high a rate, say, explodes in the first steps of most of
    its runs, so that a late explosion would come out as evidence against it. Zero is no side.
    """
    if stated == 0:
        return None, None
    return (0.0, None) if stated > 0 else (None, 0.0)


def left_out(
    encoding: Encoding,
    matrix: Floats,
    truth: Truth,
    worth: Floats,
    fold: NDArray[np.int64],
    strength: tuple[float, float],
    usual: Mask | None = None,
) -> Floats:
    """The z [runs, causes], each run's from a fit that has not seen its task."""
    found = np.zeros((len(fold), encoding.stated.shape[1]))
    for k in range(FOLDS):
        weights, _ = solve(encoding, matrix, truth, worth * (fold != k), strength, usual)
        found[fold == k] = matrix[fold == k] @ weights
    return found


def settle(z: Floats, at: int, truth: Truth) -> tuple[float, float, Extra, Floats]:
    """Slope, shift and the two numbers under which left-out runs are most likely, and the surprise of each.

    Args:
        z: Left-out z [runs, causes].
        at: Which of the causes is ``healthy``.
        truth: What is true of the runs.
    """
    others = np.arange(z.shape[1]) != at

    def tried(slope: float, shift: float, extra: Extra, hidden: int | None = None) -> Floats:
        faults = slope * z[:, others] + shift
        if hidden is None:
            return surprise(faults, slope * z[:, at], truth, extra)[0]
        faults[:, hidden] = -LARGEST
        e = np.exp(np.clip(faults, -LARGEST, LARGEST))
        one = e.sum(1)
        whole = np.exp(slope * z[:, at]) + one + math.exp(extra.two) * (one**2 - (e**2).sum(1)) / 2
        return np.asarray(np.log(whole + math.exp(extra.unlisted)) - extra.unlisted)

    alone = [
        rows
        for c in range(truth.given.shape[1])
        if (rows := truth.given[:, c] & (truth.allowed.sum(1) == 1) & ~truth.may_be_well).any()
    ]
    columns = [int(truth.given[rows].argmax(1)[0]) for rows in alone]
    hidden = sum(int(rows.sum()) for rows in alone)
    worth = UNLISTED * (~truth.well).sum() / max(hidden, 1)

    def loss(p: Floats) -> float:
        extra = Extra(float(p[2]), float(p[3]))
        total = tried(p[0], p[1], extra).sum()
        for column, rows in zip(columns, alone, strict=True):
            total += worth * tried(p[0], p[1], extra, column)[rows].sum()
        return float(total)

    start = np.array([0.9, 0.0, -3.0, -2.0])
    p = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 400, "xatol": 1e-3, "fatol": 1e-2}).x
    extra = Extra(float(p[2]), float(p[3]))
    return float(p[0]), float(p[1]), extra, tried(p[0], p[1], extra)


def fit(
    causes: Sequence[Cause], samples: Sequence[Sample], *, watched: bool = True
) -> tuple[dict[str, Any], Floats]:
    """The table of one view, as JSON, and the left-out z [runs, causes] that it was calibrated on.

    Cost: about a minute for each of ``STRENGTHS`` and five thousand runs.
    """
    everyone, n = [*samples, *struck(samples)], len(samples)
    worth = np.repeat([1.0, STRUCK], n)
    encoding = Encoding.of(causes)
    matrix, truth, fold = (
        encoding.matrix(everyone),
        Truth.of(encoding.causes, everyone),
        np.tile(folds(samples), 2),
    )
    at, whole = encoding.causes.index(HEALTHY), np.arange(2 * n) < n
    usual = encoding.usual(samples)
    tried = {s: left_out(encoding, matrix, truth, worth, fold, s, usual)[:n] for s in STRENGTHS}
    settled = {s: settle(z, at, truth[whole]) for s, z in tried.items()}
    best = min(settled, key=lambda s: float(settled[s][-1].mean()))
    slope, shift, extra, _ = settled[best]
    weights, _ = solve(encoding, matrix, truth, worth, best, usual)
    table = tabled(encoding, slope * weights, shift)
    table |= {"two": round(extra.two, 3), "unlisted": round(extra.unlisted, 3)}
    told = slope * tried[best] + shift * (np.arange(len(causes)) != at)
    table["attention"] = threshold(causes, samples, told, extra, watched=watched)
    table["made"] = {
        "runs": n,
        "tasks": len({s.task for s in samples}),
        "strength": list(best),
        "slope": round(slope, 3),
        "shift": round(shift, 3),
        "surprise": {str(s): round(float(found[-1].mean()), 5) for s, found in settled.items()},
    }
    return table, tried[best]


def tabled(encoding: Encoding, weights: Floats, shift: float) -> dict[str, Any]:
    """Bases and weights by cause and sign; of signs that a cause does not name, those that bring anything."""
    base: dict[str, float] = {}
    clues: dict[str, dict[str, list[float]]] = {}
    for c, cause in enumerate(encoding.causes):
        base[cause] = round(float(weights[0, c]) + (shift if cause != HEALTHY else 0.0), 3)
        clues[cause] = {
            sign: [round(float(w), 3) for w in weights[at, c]]
            for sign, at in encoding.columns.items()
            if encoding.says[at, c].any() or np.abs(weights[at, c]).max() >= FAINT
        }
    return {"base": base, "clues": clues}


def written(table: Mapping[str, Any]) -> str:
    """The table as JSON with a line for each sign, so that two fits can be compared line by line."""
    text = json.dumps(table, indent=1, sort_keys=True)
    return re.sub(r"\[[^\[\]]*\]", lambda m: " ".join(m[0].split()), text) + "\n"
