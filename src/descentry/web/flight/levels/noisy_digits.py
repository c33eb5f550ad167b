"""A small network on digits, with noise: small batches, and labels that are wrong at times."""

from __future__ import annotations

from descentry.web.flight._level import Level, Problem, sgd

WRONG = 0.1  # of the labels


def _problem(seed: int) -> Problem:
    import numpy as np
    from torch import nn

    from descentry.web.flight._data import digits
    from descentry.web.flight._models import classifier

    pixels, classes = digits()
    rng = np.random.default_rng(seed)
    wrong = rng.random(len(classes)) < WRONG
    labels = np.where(wrong, rng.integers(0, 10, len(classes)), classes)
    return classifier(
        seed, lambda: nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10)), pixels, labels
    )


LEVEL = Level(
    id="noisy-digits",
    order=4,
    title="Digits in the fog",
    brief=(
        "A network with one hidden layer on handwritten digits, in batches of 8, and one label in ten is "
        "wrong. The curve jumps about whatever you do. Do not answer the jumps; answer the trend."
    ),
    teaches=(
        "While the noise scale is below the batch size, a large rate is quick. Later the gradient is mostly "
        "noise, and the level at which the curve hovers is proportional to the rate: a rate that falls "
        "towards the end, or a batch that grows, gives the rest."
    ),
    steps=700,
    pace=14.0,
    lr=0.01,
    low=1e-4,
    high=10.0,
    batch=8,
    batches=(4, 8, 16, 32, 64, 128),
    within=0.1,
    look=20,
    problem=_problem,
    optimizer=sgd(0.0),
)
