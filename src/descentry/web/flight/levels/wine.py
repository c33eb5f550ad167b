"""Raw features: wines as they were measured."""

from __future__ import annotations

from descentry.web.flight._level import Level, Problem, sgd


def _problem(seed: int) -> Problem:
    from torch import nn

    from descentry.web.flight._data import wine
    from descentry.web.flight._models import classifier

    return classifier(seed, lambda: nn.Linear(13, 3), *wine())


LEVEL = Level(
    id="wine",
    order=3,
    title="Raw wine",
    brief=(
        "A linear classifier on thirteen measurements of wines, as they came: one in the thousands, others "
        "below one. Batches of 32. The usual rates are a thousand times too large here; read the gauge."
    ),
    teaches=(
        "One feature in the thousands makes the loss a million times steeper in its direction, and the rate "
        "has to obey it. No steering makes that good; standardising the inputs does."
    ),
    steps=400,
    pace=10.0,
    lr=1e-4,
    low=1e-8,
    high=1e-2,
    batch=32,
    batches=(8, 16, 32, 64, 128),
    within=0.1,
    look=10,
    problem=_problem,
    optimizer=sgd(0.9),
)
