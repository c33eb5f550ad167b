"""Which trainings are for fitting and which for scoring: whole tasks and model families are left out."""

from __future__ import annotations

from typing import Literal

from benchmarks.zoo.spec import Spec

# About a third of the trainings, with something of every sort: classes, two classes, values, images, tokens
# and series among the tasks; another shape of network and two other cells among the models.
TEST_TASKS = frozenset(
    {
        "wine",
        "moons",
        "synthetic-classes",
        "friedman1",
        "wave",
        "noisy-values",
        "images-16",
        "text-sequence",
        "walks",
        "blobs-self",
    }
)
TEST_FAMILIES = frozenset({"residual", "lstm"})


def split(spec: Spec) -> Literal["fit", "test"]:
    """``test`` for held-out tasks and for held-out model families, ``fit`` for all others."""
    held = spec.task in TEST_TASKS or spec.model.family in TEST_FAMILIES
    return "test" if held else "fit"
