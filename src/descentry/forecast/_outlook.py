"""From a curve to its levels and gains ahead, in its own units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from descentry.behaviours._curve import Curve
from descentry.core import metrics
from descentry.core.data import Floats
from descentry.core.ranks import median
from descentry.forecast._fit import fit
from descentry.forecast._mixture import mix, quantiles
from descentry.forecast._say import VISIBLE, WORTHWHILE

INTERVAL = (0.05, 0.5, 0.95)
FAN = 13  # times at which the forecast is drawn
# Losses that may fall below zero however positive they were so far.
_SIGNED = {"nll", "elbo", "energy", "objective", "deviance", "likelihood"}
_SHARES = {
    "acc", "accuracy", "auc", "auroc", "f1", "precision", "recall", "map", "iou", "miou", "dice", "top1",
    "top5", "success", "winrate", "em", "prec", "ap", "correct",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Outlook:
    """What lies ahead of a curve that falls when things go well.

    Attributes:
        levels: Low, middle and high at times from now to the horizon, float64[``FAN``, 3].
        gain: Low, middle and high of what is gained until the horizon, float64[3].
        scale: What gains are compared with.
        worthwhile: How likely a worthwhile gain is.
        visible: How likely a gain is that would show.
        families: The kinds of curve and their weights.
    """

    levels: Floats
    gain: Floats
    scale: float
    worthwhile: float
    visible: float
    families: tuple[tuple[str, float], ...]


def outlook(curve: Curve, since: int, stride: float, length: float, times: float) -> Outlook | None:
    """What lies ahead; None where the levels span more than arithmetic does.

    Args:
        curve: The curve.
        since: The first level that the forecast is made from.
        stride: Steps between points.
        length: Steps of the whole run so far, above 0.
        times: How long the run is to be, in times of ``length``.
    """
    at = _times(curve, stride)
    begin = float(at[since - 1]) if since else 0.0
    level, noise = curve.clean[since:], curve.level_noise[since:]
    centre = float(median(level))
    unit = curve.scale if curve.scale > 0.0 else max(float(median(noise)), 1e-300)
    with np.errstate(all="ignore"):
        fits = fit(
            (at[since:] - begin) / (length - begin), (level - centre) / unit, np.maximum(noise / unit, 1e-9)
        )
        mixture = mix(fits)
        if not len(mixture.weight):
            return None
        bound = _bound(curve)
        levels = np.empty((FAN, len(INTERVAL)))
        for i, when in enumerate(np.linspace(1.0, (times * length - begin) / (length - begin), FAN)):
            drawn, gain, weight = mixture.draws(float(when))
            levels[i] = quantiles(np.maximum(centre + unit * drawn, bound), weight, INTERVAL)
        # What lies beyond the bound cannot be gained.
        gain = np.minimum(unit * gain, max(0.0, float(levels[0, 1]) - bound))
        gained = np.array(quantiles(gain, weight, INTERVAL))
    if not (np.isfinite(levels).all() and np.isfinite(gained).all()):
        return None
    scale = max(curve.scale, float(median(curve.noise))) if curve.trend.flat else curve.scale

    def chance(size: float) -> float:
        return float(weight[gain >= size * scale].sum()) if scale > 0.0 else 0.0

    return Outlook(levels, gained, scale, chance(WORTHWHILE), chance(VISIBLE), mixture.families)


def _times(curve: Curve, stride: float) -> Floats:
    """When each level was, in steps since one before the first: float64[m]."""
    step = curve.series.step
    first, last = step[curve.reduced.first], step[curve.reduced.last]
    middle = (first - step[0]) / 2.0 + (last - step[0]) / 2.0 + stride
    # Points logged twice at one step may not make two levels at one time.
    return np.maximum.accumulate(middle + np.arange(len(middle)) * 1e-9 * stride)


def _bound(curve: Curve) -> float:
    """The level below which the metric cannot go, as far as its name and values so far tell; else −∞."""
    series = curve.series
    if not len(curve.reduced.high):
        return -np.inf
    low, top = float(curve.reduced.low.min()), float(curve.reduced.high.max())
    if curve.rising:
        low, top = -top, -low
    if low < 0.0:
        return -np.inf
    words, kind = metrics.words(series.name), metrics.kind(series.name)
    if not curve.rising:
        return 0.0 if kind in {"loss", "error"} and not set(words) & _SIGNED else -np.inf
    share = set(words) & _SHARES or "".join(words).endswith("accuracy")
    if not share or top > 100.0:
        return -np.inf
    return -1.0 if top <= 1.0 else -100.0
