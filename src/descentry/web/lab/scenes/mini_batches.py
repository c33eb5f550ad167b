"""What small batches cost and what they buy: a jagged curve, cheap steps, and a way out of poor valleys.

## The idea

The gradient of a batch is that of all examples plus noise. The smaller the batch, the larger the noise and
the cheaper the step. A jagged curve is no sign of trouble: it is what a cheap step looks like.

## What to try

Move the batch size from one end to the other. Look at the same runs by examples seen, on the right. Then
change the ground to the two valleys, and find a batch size that leaves the poor one.

## What to notice

From some size on, larger batches bring hardly more progress a step: that size is about the gradient noise
scale. Noise has its use too. On the two valleys the full gradient stays where it fell, and small batches
leave.

## Limits

All batch sizes train at one learning rate here; larger batches usually bear a larger one. Noise that
carries a run out of one valley may carry it out of a better one as well.

## Sources

McCandlish et al. 2018, *An Empirical Model of Large-Batch Training* (the noise scale is worked out over all
examples here, not estimated); Keskar et al. 2017 on what small batches find.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from descentry.web.lab import naming, scripts
from descentry.web.lab._entry import Case, Question, Scene, Settings
from descentry.web.lab._shared import curve, rate_slider, short
from descentry.web.lab.controls import Choice, Slider
from descentry.web.lab.optimizers import OPTIMIZERS
from descentry.web.lab.pictures import Chart, Ground, Line, Path, Picture
from descentry.web.lab.surfaces import SURFACES

if TYPE_CHECKING:
    from descentry.web.lab.bench import Bench
    from descentry.web.lab.engine import Descent

SIZES = (1, 4, 16, 64, 256)
EXAMPLES = 256
APART = 4.0
TILT = 3.0
SEED = 1
POINTS = 80  # of each run at which the loss of all examples is worked out
JAGGED = 0.02  # of the fall: typical jump from one step to the next


def run(settings: Settings, lab: Bench) -> Iterator[Picture]:
    """Yours and five other sizes, each with batches of its own."""
    clouds = settings["ground"] == "clouds"
    if clouds:
        problem: Any = lab.network(
            "two_clouds", {"n": EXAMPLES, "apart": APART, "seed": 0}, (2, 1), loss="bce"
        )
    else:
        problem = lab.tilted(SURFACES["two-valleys"], EXAMPLES, TILT, 0)
    rate, sizes = settings["rate"], (settings["batch"], *SIZES)
    together, draws = lab.batched(problem, sizes, SEED)
    before = lab.noise_scale(problem, problem.start.numpy())
    facts = [("gradient noise scale at the start", f"{short(before)} examples")]
    for descent in lab.descend(together, "gd", [rate] * len(sizes), settings["steps"], batches=draws):
        yield Picture(_chart(descent, sizes), facts=tuple(facts))
    after = lab.noise_scale(problem, descent.path[-1, 0])
    facts += [
        ("and at the end", f"{short(after)} examples"),
        ("examples seen", f"{sizes[0] * settings['steps']:,}"),
    ]
    told = naming.told(lab.measured(problem, "gd", rate, descent.loss[:, 0], descent.path[:, 0], noisy=True))
    true, steps = _true(lab, problem, descent)
    ground = None if clouds else _ground(lab, descent)
    answer, happened = _happened(descent, true, sizes[0], clouds, told)
    chart = _chart(descent, sizes, told["phases"])
    yield Picture(
        chart, ground, _side(true, steps, sizes), (), tuple(facts), told, happened, answer, whole=True
    )


def _true(lab: Bench, problem: Any, descent: Descent) -> tuple[np.ndarray, np.ndarray]:
    """float64[points, k]: the loss of all examples along every run; and the steps it was worked out at."""
    steps = np.unique(np.linspace(0, len(descent.path) - 1, POINTS).astype(int))
    table = descent.path[steps]
    flat = lab.losses(problem, table.reshape(-1, table.shape[2]))
    return flat.reshape(table.shape[:2]), steps


def _chart(descent: Descent, sizes: tuple[int, ...], phases: list[Any] | tuple[()] = ()) -> Chart:
    lines = [curve(f"batch of {sizes[0]}: yours", descent.loss[:, 0], "yours")]
    lines += [curve(f"batch of {size}", descent.loss[:, i + 1]) for i, size in enumerate(sizes[1:])]
    return Chart("Loss of each batch", "step", "loss", tuple(lines), log_y=False, phases=tuple(phases))


def _side(true: np.ndarray, steps: np.ndarray, sizes: tuple[int, ...]) -> Chart:
    lines = [
        Line(
            f"batch of {size}",
            np.maximum(steps * size, 1).astype(np.float64),
            true[:, i],
            "other" if i else "yours",
        )
        for i, size in enumerate(sizes)
    ]
    return Chart("Loss of all examples, by examples seen", "examples seen", "loss", tuple(lines), True, False)


def _ground(lab: Bench, descent: Descent) -> Ground:
    surface = SURFACES["two-valleys"]
    yours = Path("yours", descent.path[:, 0, 0], descent.path[:, 0, 1], "yours")
    largest = Path(f"batch of {SIZES[-1]}", descent.path[:, -1, 0], descent.path[:, -1, 1])
    return lab.ground(surface, [largest, yours], note=surface.lesson)


def _happened(
    descent: Descent, true: np.ndarray, size: int, clouds: bool, told: dict[str, Any]
) -> tuple[str, str]:
    loss = descent.loss[:, 0]
    if not clouds:
        right = descent.path[:, 0, 0] > 0
        if not right[-1]:
            at = int(np.argmin(right))
            return (
                "escapes",
                f"At step {at} the noise of batches of {size} carried it over, to the better valley.",
            )
        return (
            "stays",
            f"With batches of {size} it stayed in the poor valley: no batch pushed it over the ridge.",
        )
    jump = float(np.median(np.abs(np.diff(loss))))
    fall = float(true[0, 0] - true[:, 0].min())
    seen = f"From step to step the loss jumps by {short(jump)}, and over the run it falls by {short(fall)}"
    if jump > JAGGED * fall:
        judged = "healthy all the same" if told["verdict"] == "healthy" else "more than is good for it"
        return "jagged", f"{seen}: jagged, and {judged}."
    return "smooth", f"{seen}: smooth."


def script(settings: Settings) -> str:
    """Yours, alone."""
    batch = settings["batch"] if settings["batch"] < EXAMPLES else None
    if settings["ground"] == "clouds":
        return scripts.on_data(
            f"Batches of {settings['batch']}",
            "two_clouds",
            f"n={EXAMPLES}, apart={APART}, seed=0",
            (2, 1),
            OPTIMIZERS["gd"],
            settings["rate"],
            settings["steps"],
            loss="bce",
            batch=batch,
            draw=SEED,
        )
    return scripts.on_tilted(
        f"Batches of {settings['batch']}",
        SURFACES["two-valleys"],
        f"{EXAMPLES}, {TILT}, 0",
        OPTIMIZERS["gd"],
        settings["rate"],
        settings["steps"],
        batch=batch,
        seed=SEED,
    )


SCENE = Scene(
    id="mini-batches",
    number=7,
    title="Mini-batches",
    question=Question(
        "What will your batch size do?",
        (
            ("smooth", "fall smoothly"),
            ("jagged", "fall jaggedly"),
            ("stays", "stay in the poor valley"),
            ("escapes", "leave the poor valley"),
        ),
    ),
    controls=(
        Slider("batch", "Batch size", 1, 256, 8, log=True, whole=True),
        Choice(
            "ground",
            "Task",
            (("clouds", "two classes that overlap"), ("valleys", "two valleys, one poor")),
            "clouds",
        ),
        rate_slider(0.01, 1.0, 0.1),
        Slider("steps", "Steps", 100, 1000, 300, log=True, whole=True),
    ),
    run=run,
    script=script,
    cases=(
        Case("a small batch", {"batch": 8}, ("noisy-decrease",), ("divergence", "oscillation"), "jagged"),
        Case("nearly all examples", {"batch": 256}, ("smooth-decrease",), ("divergence",), "smooth"),
        Case(
            "a large batch in the poor valley",
            {"batch": 256, "ground": "valleys"},
            (),
            ("divergence",),
            "stays",
        ),
        Case("a small batch leaves it", {"batch": 2, "ground": "valleys"}, (), ("divergence",), "escapes"),
    ),
)
