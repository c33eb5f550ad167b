"""Small curves of known shape, for the cases that behaviours carry."""

from __future__ import annotations

import math

import numpy as np

from descentry.core.data import Floats


def descend(n: int, *, start: float = 2.0, floor: float = 0.2, rate: float = 5.0) -> Floats:
    """An exponential fall from ``start`` towards ``floor``, ``rate`` time constants long, without noise."""
    return floor + (start - floor) * np.exp(-rate * np.arange(n, dtype=np.float64) / n)


def white(n: int, sigma: float, seed: int = 0) -> Floats:
    """White noise."""
    return sigma * np.random.default_rng(seed).standard_normal(n)


def noisy(n: int, *, level: float | None = None, sigma: float = 0.1, seed: int = 0) -> Floats:
    """Noise about a fall, or about a constant ``level``."""
    trend = descend(n) if level is None else np.full(n, level)
    return trend + white(n, sigma, seed)


def bump(n: int, at: int, width: int, height: float) -> Floats:
    """Zero but for a rectangle."""
    out = np.zeros(n)
    out[at : at + width] = height
    return out


def power_law(n: int, *, start: float = 3.0, exponent: float = 0.3) -> Floats:
    """A fall as large models show it."""
    fall: Floats = np.exp(-exponent * np.log1p(np.arange(n, dtype=np.float64)))
    return start * fall


def explosion(n: int, *, start: float, factor: float = 2.0) -> Floats:
    """A geometric growth from ``start``."""
    grown: Floats = np.exp(math.log(factor) * np.arange(n, dtype=np.float64))
    return start * grown


def staircase(n: int, *, drop_at: float = 0.5, sigma: float = 0.01, drop: float = 0.4) -> Floats:
    """A fall to a floor, then a drop within a hundredth of the run to a lower one."""
    steps = np.arange(n)
    fall = 0.6 + 1.4 * np.exp(-40 * steps / n)
    cliff: Floats = drop / (1 + np.exp(-(steps - drop_at * n) / (0.002 * n + 0.3)))
    return fall - cliff + white(n, sigma)
