"""Streams that several monitors are tried on, made on the spot from fixed seeds."""

from __future__ import annotations

import numpy as np

from descentry.core.data import Floats


def heavy(n: int, seed: int = 0, scale: float = 0.05) -> Floats:
    """Noise with the tails of Student's t with three degrees of freedom."""
    return scale * np.random.default_rng(seed).standard_t(3.0, size=n)


def falling(n: int, seed: int = 0, scale: float = 0.05) -> Floats:
    """A healthy training: a power law that goes on, with heavy-tailed noise that shrinks with the loss."""
    level = 3.0 * (1.0 + np.arange(n) / 20.0) ** -0.5
    return level * (1.0 + heavy(n, seed, scale))


def settling(n: int, seed: int = 0, scale: float = 0.02) -> Floats:
    """A fall that is over after a fifth of the run."""
    return 0.5 + 2.0 * np.exp(-np.arange(n) / (n / 30.0)) + heavy(n, seed, scale)


def exploding(n: int, at: int, seed: int = 0) -> Floats:
    """A healthy training that grows by a tenth a step from a step on."""
    values = falling(n, seed)
    values[at:] *= 1.1 ** np.arange(n - at)
    return values


def spiking(n: int, at: int, height: float, length: float, seed: int = 0) -> Floats:
    """A healthy training with one rise that decays over ``length`` steps."""
    values = falling(n, seed)
    values[at:] += height * np.exp(-np.arange(n - at) / length)
    return values


def smooth(n: int, at: int) -> Floats:
    """A fall of a hundredth a step without any noise, and from a step on a growth of a twentieth."""
    steps = np.arange(n)
    return 3.0 * 0.99 ** np.minimum(steps, at) * 1.05 ** np.maximum(steps - at, 0)


def drift(n: int, slope: float, seed: int = 0) -> Floats:
    """A straight rise with heavy-tailed noise."""
    return slope * np.arange(n) + heavy(n, seed)
