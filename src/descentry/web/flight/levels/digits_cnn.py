"""A convolutional network on digits."""

from __future__ import annotations

from descentry.web.flight._level import Level, Problem, sgd


def _problem(seed: int) -> Problem:
    from torch import nn

    from descentry.web.flight._data import digits
    from descentry.web.flight._models import images

    def make() -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64, 10),
        )

    return images(seed, make, *digits())


LEVEL = Level(
    id="digits-cnn",
    order=6,
    title="Convolutions",
    brief=(
        "A small convolutional network on digits, with momentum 0.9 and batches of 32. Too much rate early "
        "on kills its units, and the dead do not come back: a checkpoint does."
    ),
    teaches=(
        "Early training is the most fragile: the sharpness is high and falls as you go. A short warm-up, a "
        "high cruise and a long descent beat any constant rate."
    ),
    steps=400,
    pace=8.0,
    lr=0.003,
    low=1e-4,
    high=3.0,
    batch=32,
    batches=(8, 16, 32, 64, 128),
    within=0.3,
    look=20,
    problem=_problem,
    optimizer=sgd(0.9),
)
