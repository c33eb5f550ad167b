"""Bounce and settle, bounce for ever, or explode: what happens near the edge, and where momentum puts it.

## The idea

A step past the bottom of a valley lands on the other wall. If it lands lower than it began, the bouncing
dies out; if it lands as high, it goes on for ever; if it lands higher, it explodes. On a quadratic the edge
is at η × sharpness = 2. Momentum β moves it to 2(1 + β): the ball that remembers where it came from bears
nearly twice the rate.

## What to try

Put the rate to 2.2 times 1/sharpness. Then change the ground, and nothing else. Then add momentum.

## What to notice

Between 1 and 2 the path bounces while its loss falls smoothly: the loss alone does not show it. On the
valley that opens the run beyond the edge moves by itself to where the ground is flatter, and settles there.
On the ravine it never does, until the rate is lowered.

## Limits

Sharpness is that of the bottom or, on the valley, of the start; on surfaces that are no quadratics it
changes along the way. Real networks live at this edge for most of a training (Cohen et al. 2021), and do
well there.

## Sources

Polyak 1964 for momentum's edge; Lewkowycz et al. 2020, *The large learning rate phase of deep learning: the
catapult mechanism*; Cohen et al. 2021, *Gradient Descent on Neural Networks Typically Occurs at the Edge of
Stability*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from descentry.core.data import Floats
from descentry.web.lab import naming, scripts
from descentry.web.lab._entry import Case, Question, Scene, Settings
from descentry.web.lab._shared import curve, lost, momentum, short
from descentry.web.lab.controls import Choice, Slider
from descentry.web.lab.pictures import Chart, Line, Mark, Path, Picture
from descentry.web.lab.surfaces import SURFACES, Surface

if TYPE_CHECKING:
    from descentry.web.lab.bench import Bench
    from descentry.web.lab.engine import Descent

MULTIPLES = np.geomspace(0.05, 8.0, 24)
BOUNCES = 0.25  # share of steps whose gradient points against the last one
STILL = 1e-3  # of the first loss above the lowest: smaller swings at the end count as settled


def run(settings: Settings, lab: Bench) -> Iterator[Picture]:
    """The chosen multiple of 1/sharpness among others."""
    ground, how, steps = SURFACES[settings["ground"]], momentum(settings["momentum"]), settings["steps"]
    problem = lab.surface(ground)
    sharp = _sharpness(lab, ground)
    edge = lab.edge(how) or 2.0
    rates = np.concatenate([[settings["multiple"]], MULTIPLES]) / sharp
    facts = (
        ("sharpness", short(sharp)),
        ("learning rate", short(rates[0])),
        ("η × sharpness", f"{short(settings['multiple'])}; the edge is {short(edge)}"),
    )
    for descent in lab.descend(problem, how, rates, steps):
        yield Picture(
            _chart(descent), lab.ground(ground, [_path(descent)]), _side(descent, sharp, edge), (), facts
        )
    report = lab.measured(problem, how, float(rates[0]), descent.loss[:, 0], descent.path[:, 0])
    told = naming.told(report)
    answer, happened = _happened(
        descent, lab.gradients(problem, descent.path[:-1, 0]), edge, settings["multiple"]
    )
    where = lab.ground(ground, [_path(descent)], note=ground.lesson)
    chart = _chart(descent, told["phases"])
    yield Picture(chart, where, _side(descent, sharp, edge), (), facts, told, happened, answer, whole=True)


def _sharpness(lab: Bench, ground: Surface) -> float:
    """At the bottom, where that is known; else at the start."""
    at = np.array(ground.minima[0] if ground.minima else ground.start)
    return lab.sharpness(lab.surface(ground), at)


def _chart(descent: Descent, phases: list[dict[str, object]] | tuple[()] = ()) -> Chart:
    return Chart(
        "Loss by step", "step", "loss", (curve("loss", descent.loss[:, 0], "yours"),), phases=tuple(phases)
    )


def _side(descent: Descent, sharp: float, edge: float) -> Chart:
    multiple = descent.rates * sharp
    ends = descent.loss[-1]
    return Chart(
        "Loss at the end, by η × sharpness",
        "η × sharpness",
        "loss",
        (
            Line("others", multiple[1:], ends[1:], "other", dots=True),
            Line("yours", multiple[:1], ends[:1], "yours", dots=True),
        ),
        True,
        True,
        (Mark(edge, "edge"), Mark(float(multiple[0]), "yours")),
    )


def _path(descent: Descent) -> Path:
    return Path("yours", descent.path[:, 0, 0], descent.path[:, 0, 1], "yours", descent.loss[:, 0])


def _happened(descent: Descent, gradient: Floats, edge: float, multiple: float) -> tuple[str, str]:
    loss = descent.loss[:, 0]
    which = "beyond" if multiple > edge else "below"
    side = f"η × sharpness is {short(multiple)}, {which} the edge at {short(edge)}"
    if lost(loss):
        return "explodes", f"It explodes: {side}."
    against = (gradient[1:] * gradient[:-1]).sum(axis=1) < 0
    tail = loss[-max(10, len(loss) // 10) :]
    if np.ptp(tail) > STILL * (loss[0] - loss.min()):
        return "bounces", f"It bounces from wall to wall and never settles: {side}."
    if against[: max(5, len(against) // 4)].mean() > BOUNCES:
        return "bounces-settles", f"It bounces first, and then settles: {side}."
    return "settles", f"It settles without bouncing: {side}."


def script(settings: Settings) -> str:
    """Yours, alone."""
    import torch

    from descentry.web.lab.engine import sharpness
    from descentry.web.lab.problems import OnSurface

    ground = SURFACES[settings["ground"]]
    at = torch.tensor(ground.minima[0] if ground.minima else ground.start, dtype=torch.float64)
    rate = settings["multiple"] / sharpness(OnSurface(ground.expression, at), at)
    return scripts.on_surface("Overshooting", ground, momentum(settings["momentum"]), rate, settings["steps"])


SCENE = Scene(
    id="overshooting",
    number=5,
    title="Overshooting",
    question=Question(
        "What will the run do?",
        (
            ("settles", "settle without bouncing"),
            ("bounces-settles", "bounce, then settle"),
            ("bounces", "bounce for ever"),
            ("explodes", "explode"),
        ),
    ),
    controls=(
        Slider("multiple", "Learning rate × sharpness", 0.05, 8.0, 0.5, log=True),
        Choice(
            "ground", "Ground", tuple((id, SURFACES[id].title) for id in ("bowl", "valley", "ravine")), "bowl"
        ),
        Slider("momentum", "Momentum", 0.0, 0.95, 0.0),
        Slider("steps", "Steps", 30, 600, 120, log=True, whole=True),
    ),
    run=run,
    script=script,
    cases=(
        Case(
            "well below the edge",
            {"multiple": 0.5},
            ("smooth-decrease",),
            ("oscillation", "divergence"),
            "settles",
        ),
        Case("close below the edge", {"multiple": 1.9}, (), ("divergence",), "bounces-settles"),
        Case("beyond the edge", {"multiple": 2.2}, ("divergence",), (), "explodes"),
        Case(
            "momentum's own edge",
            {"multiple": 2.2, "momentum": 0.9, "steps": 300},
            (),
            ("divergence",),
            "bounces-settles",
        ),
        Case("beyond momentum's edge", {"multiple": 4.0, "momentum": 0.9}, ("divergence",), (), "explodes"),
        Case(
            "a valley that opens",
            {"multiple": 2.2, "ground": "valley"},
            (),
            ("divergence",),
            "bounces-settles",
        ),
        Case(
            "a ravine",
            {"multiple": 2.5, "ground": "ravine", "steps": 300},
            ("oscillation",),
            ("divergence",),
            "bounces",
        ),
    ),
)
