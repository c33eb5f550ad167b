"""An ill-conditioned ravine, with momentum."""

from __future__ import annotations

import numpy as np

from descentry.web.flight._level import Level, Problem, sgd


def _problem(seed: int) -> Problem:
    from descentry.web.flight._models import quadratic

    return quadratic(seed, np.geomspace(5e-5, 1.0, 16).tolist())


LEVEL = Level(
    id="ravine",
    order=2,
    title="The ravine",
    brief=(
        "Sixteen directions, the steepest twenty thousand times steeper than the flattest, and momentum 0.9. "
        "The walls throw you back while the floor hardly slopes at all."
    ),
    teaches=(
        "The steep directions set the limit, the flat ones set how long it takes. Momentum moves the edge "
        "from 2 to 2 (1 + β) = 3.8 times 1/sharpness (the gauge has that in it) and carries along the floor; "
        "too much of it swings."
    ),
    steps=200,
    pace=6.0,
    lr=0.05,
    low=1e-3,
    high=10.0,
    batch=0,
    batches=(),
    within=0.3,
    look=4,
    problem=_problem,
    optimizer=sgd(0.9),
)
