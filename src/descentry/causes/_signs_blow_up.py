"""Signs of how a loss blew up: from the first steps on, by and by, or out of nowhere."""

from __future__ import annotations

import math

import numpy as np

from descentry.causes._entry import Sign
from descentry.causes._signs_curve import CALIBRATED, TINY
from descentry.core.ranks import median
from descentry.facts import Facts

FAR_ABOVE = 3.0  # times the typical level, which the noise of batches seldom reaches twice in a row


def _early_rise(facts: Facts) -> float | None:
    value = facts.curve.series.value
    if facts.curve.rising or len(value) < 8 or not np.isfinite(value[0]) or value[0] <= 0:
        return None
    head = value[: max(5, len(value) // 20)]
    top = np.max(np.where(np.isfinite(head), head, np.inf))
    return float(min(top / value[0], 1e30))


EARLY_RISE = Sign(
    "early-rise",
    "how far the loss rises in its first twentieth",
    _early_rise,
    (1.5, 5.0, 100.0),
    (
        "The loss does not rise at the start.",
        "The loss rises to {value} times its first value at the start.",
        "The loss rises to {value} times its first value at the start.",
        "The loss blows up in the first steps, to {value} times its first value.",
    ),
    "its first value; the noise of a batch rarely doubles it",
    CALIBRATED,
)


def _run_up(facts: Facts) -> float | None:
    """Decades between the highest of the last finite points and the typical level, where the loss broke."""
    value = facts.curve.series.value
    if not facts.curve.reduced.bad or facts.curve.rising:
        return None
    broken = np.flatnonzero(~np.isfinite(value))
    before = value[: broken[0]]
    before = np.abs(before[np.isfinite(before)])
    if len(before) < 2:
        return None
    typical = float(median(before))
    return math.log10(max(float(before[-max(1, len(before) // 10, 3) :].max()), TINY) / max(typical, TINY))


RUN_UP = Sign(
    "run-up",
    "how far the loss had risen before it was NaN",
    _run_up,
    (0.3, 1.0, 4.0),
    (
        "Nothing announced the NaN: the loss was as usual up to it.",
        "The loss had risen a little before it was NaN.",
        "The loss had risen to {power} times its usual level before it was NaN.",
        "The loss had exploded, to {power} times its usual level, before it was NaN.",
    ),
    "0 where a value out of nowhere broke it, large where it grew step by step",
    CALIBRATED,
)


def _climbed(facts: Facts) -> float | None:
    """Points in a row, up to where the loss broke or ended, that lie far above its typical level."""
    value = facts.curve.series.value
    if facts.curve.rising or not (facts.curve.reduced.bad or facts.has("divergence")):
        return None
    broken = np.flatnonzero(~np.isfinite(value))
    before = np.abs(value[: broken[0]] if len(broken) else value)
    if len(before) < 2:
        return None
    low = np.flatnonzero(before <= FAR_ABOVE * float(median(before)))
    return float(len(before) - 1 - low[-1]) if len(low) else float(len(before))


CLIMBED = Sign(
    "climbed",
    "over how many points the loss ran away",
    _climbed,
    (0.5, 3.5, 12.5),
    (
        "The loss did not climb before it broke.",
        "The loss ran away within {value} points.",
        "The loss climbed for {value} points in a row, as steps that are too long make it.",
        "The loss climbed for {value} points in a row, by and by, as steps that are too long make it.",
    ),
    "an unstable rate multiplies the loss by a steady factor at each step; a bad batch takes one",
    "LeCun, Simard and Pearlmutter 1993",
)


def _when_broken(facts: Facts) -> float | None:
    if not facts.curve.reduced.bad:
        return None
    return float(np.argmin(np.isfinite(facts.curve.series.value)))


BROKE_AT = Sign(
    "broke-at",
    "how many points were finite before the first NaN",
    _when_broken,
    (0.5, 10.0, 60.0),
    (
        "The very first loss is not finite.",
        "The loss is not finite after {value} points.",
        "The loss is not finite after {value} points.",
        "The loss is not finite after {value} points, when the run had gone well for long.",
    ),
    "a rate that is too large shows within some ten steps",
    CALIBRATED,
)
