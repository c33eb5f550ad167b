"""Fits what each sign is worth: all causes together, drawn towards what their files state.

A run has one of these: nothing wrong with it, one cause, two causes, or something that is on no list. The
log of how likely each is, up to a constant, is a sum (``causes/_worlds.py`` computes the probabilities):

    nothing wrong      z of ``healthy``
    one cause          z of the cause
    two causes         the sum of both, and a number for having two
    none on the list   a number

and z of a cause is a base plus one weight for each sign that could be read, the weight of the bin that its
value lies in. All weights are fitted at once, so that signs which say the same share one weight between them
and what another cause explains better is left to it: the most likely values given a Gaussian prior around the
stated ones,

    minimise  −Σᵢ log P(what was done to i | its signs) + ½ λ Σⱼ (wⱼ − sⱼ)²

Every run takes part twice, the second time with some of its signs struck out at random: what was not read
must move nothing, and a base that is made for runs of which all is known would.

``λ`` is chosen on left-out tasks. Of a run whose labels allow a cause without having been given it (an
acceptable second name for what was done), what would be that second name alone is left out of the sum that
P is a share of. On the left-out tasks one slope, one shift for all causes, and the two numbers are fitted
again, so that probabilities hold on unseen tasks; slope and shift then become part of the weights. What is
on no list is fitted by striking causes off the list, one after the other.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from descentry.causes._entry import Cause
from descentry.causes._worlds import HEALTHY

FOLDS = 5
STRENGTHS = (0.5, 1.5)  # λ: a stated weight is worth that many nats⁻²
FIRM = 0.3  # nats from which on a stated weight says on which side it is
BASE_STRENGTH = 0.01
UNLISTED = 0.05  # of faulty trainings: as many are taken to have a cause that is on no list
LARGEST = 80.0  # nats
STRUCK = 0.5  # of the weight of a run: that of its copy of which less is known
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


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


def struck(samples: Sequence[Sample], seed: int = 0) -> list[Sample]:
    """The runs with signs struck out: of each run a share that is drawn for it, from none to all."""
    rng = np.random.default_rng(seed)
    found = []
    for sample in samples:
        share = rng.random()
        values = {name: None if rng.random() < share else value for name, value in sample.values.items()}
        found.append(replace(sample, values=values))
    return found


@dataclass(frozen=True)
class Design:
    """The columns of one cause: a base, then a column for each bin of each of its signs."""

    cause: Cause
    matrix: Floats
    stated: Floats

    @classmethod
    def of(cls, cause: Cause, samples: Sequence[Sample]) -> Design:
        stated = np.array([cause.base, *(w for clue in cause.clues for w in clue.weights)])
        matrix = np.zeros((len(samples), len(stated)))
        matrix[:, 0] = 1.0
        for i, sample in enumerate(samples):
            at = 1
            for clue in cause.clues:
                value = sample.values.get(clue.sign.id)
                if value is not None:
                    matrix[i, at + clue.sign.bin(value)] = 1.0
                at += len(clue.weights)
        return cls(cause, matrix, stated)


@dataclass(frozen=True)
class Truth:
    """What may be said of each run: masks [runs, causes] over the causes but ``healthy``, which has its own.

    Attributes:
        given: What was done.
        allowed: What was done, or is an acceptable second name for it.
        well: Nothing was done [runs].
        may_be_well: That may be said [runs].
    """

    given: Mask
    allowed: Mask
    well: Mask
    may_be_well: Mask

    @classmethod
    def of(cls, causes: Sequence[str], samples: Sequence[Sample]) -> Truth:
        faults = [c for c in causes if c != HEALTHY]
        given = np.array([[c in s.given for c in faults] for s in samples])
        allowed = np.array([[c in s.allowed | s.given for c in faults] for s in samples])
        well = np.array([HEALTHY in s.given for s in samples])
        return cls(given, allowed, well, np.array([HEALTHY in s.allowed | s.given for s in samples]))

    def __getitem__(self, rows: Mask) -> Truth:
        return Truth(self.given[rows], self.allowed[rows], self.well[rows], self.may_be_well[rows])


@dataclass(frozen=True)
class Extra:
    """Logs of what having two causes, and one on no list, is worth."""

    two: float = -3.0
    unlisted: float = -math.inf


def surprise(
    faults: Floats, healthy: Floats, truth: Truth, extra: Extra
) -> tuple[Floats, Floats, Floats, Floats]:
    """−log P of what is true of each run, and its slopes.

    Args:
        faults: z of each cause but ``healthy`` [runs, causes].
        healthy: z of that [runs].
        truth: What is true.
        extra: The two numbers.

    Returns:
        Values [runs]; slopes by ``faults`` [runs, causes], by ``healthy`` and by ``extra.two`` [runs].
    """
    e, h = np.exp(np.clip(faults, -LARGEST, LARGEST)), np.exp(np.clip(healthy, -LARGEST, LARGEST))
    k, unlisted = math.exp(extra.two), math.exp(extra.unlisted)
    inside, outside, own = e * truth.allowed, e * ~truth.allowed, e * truth.given
    a, r, g = inside.sum(1), outside.sum(1), own.sum(1)
    single = truth.given.sum(1) == 1
    # What counts as right: that cause, alone or beside an acceptable one; both of two; nothing.
    pairs = np.where(single, g * (a - g), (g**2 - (own**2).sum(1)) / 2)
    right = np.where(truth.well, h, np.where(single, g, 0.0) + k * pairs)
    by_right = (
        np.where(
            single[:, None],
            own * (1 + k * (a - g)[:, None]) + k * g[:, None] * (inside - own),
            k * own * (g[:, None] - own),
        )
        * ~truth.well[:, None]
    )
    # What is wrong: everything with a cause that must not be named; being well where that is not so.
    twice = (r**2 - (outside**2).sum(1)) / 2 + r * a
    wrong = np.where(truth.may_be_well, 0.0, h) + r + k * twice + unlisted
    by_wrong = outside * (1 + k * ((r + a)[:, None] - outside)) + k * inside * r[:, None]
    whole = right + wrong
    slopes = (by_right + by_wrong) / whole[:, None] - by_right / right[:, None]
    well = (np.where(truth.well | ~truth.may_be_well, h, 0.0)) / whole - truth.well
    two = k * (np.where(truth.well, 0.0, pairs) + twice) / whole - np.where(
        truth.well, 0.0, k * pairs / right
    )
    return np.log(whole) - np.log(right), slopes, well, two


def solve(designs: Sequence[Design], truth: Truth, worth: Floats, strength: float) -> Floats:
    """The most likely weights, of all causes in a row, and what having two is worth.

    Args:
        designs: Of every cause.
        truth: What is true of the runs.
        worth: How much each run counts [runs].
        strength: λ.
    """
    rows = worth > 0
    matrices, kept, counts = [d.matrix[rows] for d in designs], truth[rows], worth[rows]
    stated = np.concatenate([*(d.stated for d in designs), [Extra().two]])
    cuts = np.cumsum([0, *(len(d.stated) for d in designs)])
    pull = np.full(len(stated), strength)
    pull[cuts] = BASE_STRENGTH
    at = [d.cause.id for d in designs].index(HEALTHY)
    others = np.arange(len(designs)) != at

    def loss(weights: Floats) -> tuple[float, Floats]:
        z = np.stack([m @ weights[a:b] for m, a, b in zip(matrices, cuts[:-1], cuts[1:], strict=True)], 1)
        value, slopes, well, two = surprise(z[:, others], z[:, at], kept, Extra(float(weights[-1])))
        by_z = np.empty_like(z)
        by_z[:, others], by_z[:, at] = slopes * counts[:, None], well * counts
        slope = np.concatenate([*(m.T @ by_z[:, c] for c, m in enumerate(matrices)), [two @ counts]])
        drawn = weights - stated
        return float(value @ counts + 0.5 * (pull * drawn**2).sum()), slope + pull * drawn

    bounds = [_side(w) for w in stated]
    for c in cuts:
        bounds[c] = (None, None)
    return np.asarray(minimize(loss, stated, jac=True, method="L-BFGS-B", bounds=bounds).x)


def odds(designs: Sequence[Design], weights: Floats, rows: Mask) -> Floats:
    """The z of every cause [runs, causes]."""
    at, found = 0, []
    for design in designs:
        found.append(design.matrix[rows] @ weights[at : at + len(design.stated)])
        at += len(design.stated)
    return np.stack(found, 1)


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


def left_out(
    designs: Sequence[Design], truth: Truth, worth: Floats, fold: NDArray[np.int64], strength: float
) -> Floats:
    """The z [runs, causes], each run's from a fit that has not seen its task."""
    found = np.zeros((len(fold), len(designs)))
    for k in range(FOLDS):
        weights = solve(designs, truth, worth * (fold != k), strength)
        found[fold == k] = odds(designs, weights, fold == k)
    return found


def settle(z: Floats, at: int, truth: Truth) -> tuple[float, float, Extra, float]:
    """Slope, shift and the two numbers under which left-out runs are most likely, and their mean surprise.

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
    struck = sum(int(rows.sum()) for rows in alone)
    worth = UNLISTED * (~truth.well).sum() / max(struck, 1)

    def loss(p: Floats) -> float:
        extra = Extra(float(p[2]), float(p[3]))
        total = tried(p[0], p[1], extra).sum()
        for column, rows in zip(columns, alone, strict=True):
            total += worth * tried(p[0], p[1], extra, column)[rows].sum()
        return float(total)

    start = np.array([0.9, 0.0, -3.0, -2.0])
    p = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 400, "xatol": 1e-3, "fatol": 1e-2}).x
    extra = Extra(float(p[2]), float(p[3]))
    return float(p[0]), float(p[1]), extra, float(tried(p[0], p[1], extra).mean())


def fit(causes: Sequence[Cause], samples: Sequence[Sample]) -> tuple[dict[str, Any], Floats]:
    """The table of one view, as JSON, and the left-out z [runs, causes] that it was calibrated on."""
    everyone, n = [*samples, *struck(samples)], len(samples)
    worth = np.repeat([1.0, STRUCK], n)
    designs = [Design.of(cause, everyone) for cause in causes]
    names = [cause.id for cause in causes]
    truth, fold, at = Truth.of(names, everyone), np.tile(folds(samples), 2), names.index(HEALTHY)
    tried = {strength: left_out(designs, truth, worth, fold, strength)[:n] for strength in STRENGTHS}
    settled = {strength: settle(z, at, truth[np.arange(2 * n) < n]) for strength, z in tried.items()}
    best = min(settled, key=lambda strength: settled[strength][-1])
    slope, shift, extra, _ = settled[best]
    weights = slope * solve(designs, truth, worth, best)
    base, clues, j = {}, {}, 0
    for design in designs:
        name = design.cause.id
        base[name] = round(float(weights[j]) + (shift if name != HEALTHY else 0.0), 3)
        clues[name] = {}
        j += 1
        for clue in design.cause.clues:
            clues[name][clue.sign.id] = [round(float(w), 3) for w in weights[j : j + len(clue.weights)]]
            j += len(clue.weights)
    table: dict[str, Any] = {"base": base, "clues": clues}
    table |= {"two": round(extra.two, 3), "unlisted": round(extra.unlisted, 3)}
    table["made"] = {
        "runs": len(samples),
        "tasks": len({s.task for s in samples}),
        "strength": best,
        "slope": round(slope, 3),
        "shift": round(shift, 3),
        "surprise": {str(s): round(found[-1], 5) for s, found in settled.items()},
    }
    return table, tried[best]


def first_right(causes: Sequence[Cause], samples: Sequence[Sample], z: Floats) -> float:
    """The share of runs whose likeliest cause is one that may be named."""
    top = z.argmax(1)
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
