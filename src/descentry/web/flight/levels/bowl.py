"""A convex bowl."""

from __future__ import annotations

import numpy as np

from descentry.web.flight._level import Level, Problem, sgd


def _problem(seed: int) -> Problem:
    from descentry.web.flight._models import quadratic

    return quadratic(seed, np.geomspace(0.02, 1.0, 8).tolist())


LEVEL = Level(
    id="bowl",
    order=1,
    title="The bowl",
    brief=(
        "Plain gradient descent on a convex bowl, fifty times steeper one way than the other. You take off "
        "far too slowly. Climb towards η·sharpness = 2 and find out what happens there."
    ),
    teaches=(
        "On a quadratic everything is decided by η·sharpness: below 2 the steep direction dies out, above 2 "
        "it grows. The flat directions want the largest rate that the steep one allows; a few steps beyond 2 "
        "are even worth it, when short steps clean up after them."
    ),
    steps=80,
    pace=3.0,
    lr=0.02,
    low=1e-3,
    high=10.0,
    batch=0,
    batches=(),
    within=0.3,
    look=2,
    problem=_problem,
    optimizer=sgd(0.0),
)
