"""When the verdict *converged* falls, and why it is not perfection: several minima, several seeds.

## The idea

*Converged* is a verdict about the curve: the loss has stopped improving by more than its noise. It is no
certificate that the minimum is the deepest there is, or that the model is good. Another start may have
ended lower.

## What to try

Change the seed, and nothing else. See where the verdict falls, and where the run has come to by then beside
the other twenty-three.

## What to notice

Runs that converge at different losses have curves of the same shape. The only way to know that yours is not
the best is to have others beside it.

## Limits

Two dimensions have more poor minima than millions have; for large networks minima tend to lie at similar
losses, and what differs is how well they do on new data. The verdict is worked out at sixteen moments of
the run, so it falls up to a sixteenth late.

## Sources

Choromanska et al. 2015, *The Loss Surfaces of Multilayer Networks*; on verdicts about the end of a run:
decision 5 of the project.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from descentry.core.data import Floats
from descentry.web.lab import naming, scripts
from descentry.web.lab._entry import Case, Question, Scene, Settings
from descentry.web.lab._shared import curve, rate_slider, short
from descentry.web.lab.controls import Choice, Slider
from descentry.web.lab.optimizers import OPTIMIZERS
from descentry.web.lab.pictures import Chart, Line, Mark, Path, Picture
from descentry.web.lab.surfaces import SURFACES

if TYPE_CHECKING:
    from descentry.web.lab.bench import Bench
    from descentry.web.lab.engine import Descent

SEEDS = tuple(range(1, 25))
MOMENTS = 16
SHORTEST = 20  # steps that can be judged at all
BEST = 0.02  # of the spread between the best and the worst end
DATA: dict[str, Any] = {"n": 64, "noise": 0.15, "seed": 0}
SIZES = (2, 4, 1)
BATCH, DRAW = 16, 5


def run(settings: Settings, lab: Bench) -> Iterator[Picture]:
    """All seeds together; yours is drawn strong."""
    seed, rate, steps, network = (
        settings["seed"],
        settings["rate"],
        settings["steps"],
        settings["ground"] == "network",
    )
    mine = seed - 1
    if network:
        problem: Any = lab.network("two_rings", DATA, SIZES, loss="bce")
        starts, draws = lab.starts(SIZES, SEEDS), lab.draws(problem, BATCH, DRAW)
    else:
        problem, starts, draws = lab.surface(SURFACES[settings["ground"]]), _starts(settings["ground"]), None
    for descent in lab.descend(problem, "gd", [rate] * len(SEEDS), steps, start=starts, batches=draws):
        yield Picture(_chart(descent, mine, ()))
    loss = descent.loss[:, mine]
    told = naming.told(lab.measured(problem, "gd", rate, loss, descent.path[:, mine], noisy=network))
    ends = lab.losses(problem, descent.end)
    fell = _fell(lab, loss)
    marks = () if fell is None else (Mark(float(fell), "converged"),)
    if network:
        where = lab.plane(problem, descent.path[:, mine], f"seed {seed}")
    else:
        ground = SURFACES[settings["ground"]]
        paths = [
            Path(f"seed {s}", descent.path[:, s - 1, 0], descent.path[:, s - 1, 1])
            for s in SEEDS
            if s != seed
        ]
        paths.append(Path(f"seed {seed}", descent.path[:, mine, 0], descent.path[:, mine, 1], "yours", loss))
        where = lab.ground(ground, paths, note=ground.lesson)
    answer, happened = _happened(ends, mine, fell, told["convergence"]["status"])
    facts = (
        ("your loss at the end", short(float(ends[mine]))),
        ("the best of 24 seeds", short(float(np.nanmin(ends)))),
        ("different ends", str(len(np.unique(np.round(ends[np.isfinite(ends)], 2))))),
    )
    chart = _chart(descent, mine, marks, told["phases"])
    yield Picture(chart, where, _side(ends, mine), (), facts, told, happened, answer, whole=True)


def _starts(ground: str) -> Floats:
    """float64[24, 2]: where each seed begins; rounded, so that a script can name it."""
    left, right, bottom, top = SURFACES[ground].window
    return np.array(
        [
            np.round(np.random.default_rng(seed).uniform((left, bottom), (right, top)) * 0.9, 3)
            for seed in SEEDS
        ]
    )


def _fell(lab: Bench, loss: Floats) -> int | None:
    """The first of sixteen moments at which the run so far is judged to have converged."""
    for stop in np.unique(np.linspace(SHORTEST, len(loss), MOMENTS).astype(int)):
        if lab.status(loss[:stop]) == "converged":
            return int(stop)
    return None


def _chart(descent: Descent, mine: int, marks: tuple[Mark, ...], phases: list[Any] | tuple[()] = ()) -> Chart:
    lines = [curve(f"seed {s}", descent.loss[:, s - 1]) for s in SEEDS if s - 1 != mine]
    lines.insert(0, curve(f"seed {SEEDS[mine]}: yours", descent.loss[:, mine], "yours"))
    return Chart("Loss by step", "step", "loss", tuple(lines), marks=marks, phases=tuple(phases))


def _side(ends: Floats, mine: int) -> Chart:
    place = (np.argsort(np.argsort(ends, kind="stable"), kind="stable") + 1).astype(np.float64)
    others = Line("all seeds", np.sort(place), np.sort(ends), "other", dots=True)
    yours = Line("yours", place[[mine]], ends[[mine]], "yours", dots=True)
    marks = (Mark(float(place[mine]), "yours"),)
    return Chart(
        "Loss at the end, the best seed first", "place", "loss", (others, yours), False, False, marks
    )


def _happened(ends: Floats, mine: int, fell: int | None, status: str) -> tuple[str, str]:
    finite = np.where(np.isfinite(ends), ends, np.inf)
    best, worst = float(finite.min()), float(finite[np.isfinite(finite)].max(initial=-np.inf))
    better = int((finite < finite[mine] - BEST * (worst - best)).sum())
    when = f"The verdict fell at step {fell}" if fell is not None else "The verdict has not fallen"
    if status != "converged":
        return "not-yet", f"{when}: at the end of the run it is {status}."
    if not better:
        return "best", f"{when}, and no other seed came lower; a twenty-fifth might."
    return "poorer", f"{when}. It has converged, and {better} of the other seeds came lower."


def script(settings: Settings) -> str:
    """Your seed, alone."""
    if settings["ground"] == "network":
        arguments = ", ".join(f"{name}={value!r}" for name, value in DATA.items())
        return scripts.on_data(
            f"Seed {settings['seed']}",
            "two_rings",
            arguments,
            SIZES,
            OPTIMIZERS["gd"],
            settings["rate"],
            settings["steps"],
            seed=settings["seed"],
            loss="bce",
            batch=BATCH,
            draw=DRAW,
        )
    start = _starts(settings["ground"])[settings["seed"] - 1].tolist()
    return scripts.on_surface(
        f"Seed {settings['seed']}",
        SURFACES[settings["ground"]],
        OPTIMIZERS["gd"],
        settings["rate"],
        settings["steps"],
        start=start,
    )


SCENE = Scene(
    id="convergence",
    number=8,
    title="Convergence",
    question=Question(
        "How will your run end?",
        (
            ("best", "converged, and no other seed lower"),
            ("poorer", "converged, and others lower"),
            ("not-yet", "not converged"),
        ),
    ),
    controls=(
        Slider("seed", "Seed", 1, 24, 1, whole=True),
        Choice(
            "ground",
            "Ground",
            (
                ("tilted", "four minima, one deepest"),
                ("rugged", "many small minima"),
                ("network", "a small network"),
            ),
            "tilted",
        ),
        rate_slider(1e-3, 1.0, 0.005),
        Slider("steps", "Steps", 50, 1500, 300, log=True, whole=True),
    ),
    run=run,
    script=script,
    cases=(
        Case(
            "a seed that ends in a poor minimum",
            {"seed": 1},
            ("smooth-decrease",),
            ("divergence",),
            "poorer",
            status="converged",
        ),
        Case(
            "a seed that ends in the deepest",
            {"seed": 2},
            ("smooth-decrease",),
            ("divergence",),
            "best",
            status="converged",
        ),
        Case("a budget too small", {"rate": 0.001, "steps": 50}, (), ("divergence",), "not-yet"),
        Case(
            "a network",
            {"ground": "network", "rate": 0.5, "steps": 600},
            ("noisy-decrease",),
            ("divergence",),
        ),
    ),
)
