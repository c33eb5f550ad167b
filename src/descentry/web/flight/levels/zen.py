"""A transformer that learns to write the Zen of Python."""

from __future__ import annotations

from descentry.web.flight._level import Level, Problem, adamw

LENGTH = 32


def _problem(seed: int) -> Problem:
    import torch

    from descentry.web.flight._data import zen
    from descentry.web.flight._models import Characters, per_token, seeded

    alphabet, places = zen()
    windows = torch.from_numpy(places).unfold(0, LENGTH + 1, 1)
    model = seeded(seed, lambda: Characters(len(alphabet), LENGTH, width=48, blocks=2))
    return Problem(model, windows[:, :-1], windows[:, 1:], per_token)


LEVEL = Level(
    id="zen",
    order=8,
    title="The Zen of Python",
    brief=(
        "A small transformer learns the Zen of Python by heart, character by character; AdamW, batches of "
        "16. Without a gentle take-off it never flies, and without a landing it never arrives."
    ),
    teaches=(
        "Transformers want a warm-up, since the first steps are taken on the steepest ground with an untried "
        "preconditioner, and a decay, since what remains at a constant rate is noise."
    ),
    steps=300,
    pace=5.0,
    lr=1e-4,
    low=1e-5,
    high=1.0,
    batch=16,
    batches=(4, 8, 16, 32, 64),
    within=0.3,
    look=25,
    problem=_problem,
    optimizer=adamw,
)
