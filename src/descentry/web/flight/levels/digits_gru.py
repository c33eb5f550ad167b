"""A recurrent network that reads digits row by row."""

from __future__ import annotations

from descentry.web.flight._level import Level, Problem, adamw


def _problem(seed: int) -> Problem:
    from descentry.web.flight._data import digits
    from descentry.web.flight._models import Reader, classifier

    pixels, classes = digits()
    return classifier(seed, lambda: Reader(8, 32, 10), pixels.reshape(-1, 8, 8), classes)


LEVEL = Level(
    id="digits-gru",
    order=7,
    title="Row by row",
    brief=(
        "A recurrent network reads each digit row by row; AdamW, batches of 32. AdamW makes every rate feel "
        "alike at first, and the edge it has is another one: the gauge knows it."
    ),
    teaches=(
        "Adam divides by the size of the gradients, so that a rate is a distance: all weights move by about "
        "η a step. Its edge of stability is in the preconditioned curvature, and noise rules long before it."
    ),
    steps=400,
    pace=8.0,
    lr=1e-4,
    low=1e-5,
    high=1.0,
    batch=32,
    batches=(8, 16, 32, 64, 128),
    within=0.3,
    look=20,
    problem=_problem,
    optimizer=adamw,
)
