"""A plateau: saturating units, small weights, no slope to begin with."""

from __future__ import annotations

from descentry.web.flight._level import Level, Problem, sgd


def _problem(seed: int) -> Problem:
    import numpy as np
    from torch import nn

    from descentry.web.flight._data import digits
    from descentry.web.flight._models import classifier

    def make() -> nn.Module:
        return nn.Sequential(
            nn.Linear(64, 32), nn.Sigmoid(), nn.Linear(32, 32), nn.Sigmoid(), nn.Linear(32, 10)
        )

    pixels, classes = digits()
    return classifier(seed, make, np.asarray(pixels), classes)


LEVEL = Level(
    id="plateau",
    order=5,
    title="The plateau",
    brief=(
        "Two layers of sigmoids: hardly any gradient comes through to the first. The curve lies flat, and "
        "then falls off a cliff. Is it time for patience, or for throttle, and when to take it back?"
    ),
    teaches=(
        "On a plateau the gradient is small and says little; a larger rate gets across sooner, and the edge "
        "beyond it is sharp. The gauge of η·sharpness sees the cliff before the loss does."
    ),
    steps=500,
    pace=10.0,
    lr=0.05,
    low=1e-3,
    high=30.0,
    batch=64,
    batches=(16, 32, 64, 128, 256),
    within=0.3,
    look=10,
    problem=_problem,
    optimizer=sgd(0.9),
)
