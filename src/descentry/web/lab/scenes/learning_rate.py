"""From crawling to exploding: twenty-five learning rates, all trained at once, and yours among them.

## The idea

A step is the slope times the learning rate. Too small a rate crawls; a larger one is faster; beyond an edge
the steps land higher than they began, and the loss explodes. The edge is a property of the problem, not of
the optimiser's manners: for gradient descent it lies at 2/sharpness, where sharpness is the largest
curvature of the loss.

## What to try

Move the learning rate from left to right. Then stretch the second column of the data: its units are all
that changes, and the best rate moves.

## What to notice

The best rate is often close below the edge. It is no constant of nature: 0.1 is timid for one data set and
an explosion for another.

## Limits

Twenty-four fixed rates stand beside yours. For the network the edge is that of the start and moves while it
learns. For optimisers that scale each direction by its gradients, such as Adam, no such edge is drawn.

## Sources

LeCun, Simard and Pearlmutter 1993; Cohen et al. 2021, *Gradient Descent on Neural Networks Typically Occurs
at the Edge of Stability*, appendix B for momentum.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from descentry.web.lab import naming, scripts
from descentry.web.lab._entry import Case, Question, Scene, Settings
from descentry.web.lab._shared import curve, lost, optimizer_choice, rate_slider, short
from descentry.web.lab.controls import Choice, Slider
from descentry.web.lab.optimizers import optimizer
from descentry.web.lab.pictures import Chart, Line, Mark, Picture, Role

if TYPE_CHECKING:
    from descentry.web.lab.bench import Bench
    from descentry.web.lab.engine import Descent

RATES = np.geomspace(1e-4, 10.0, 24)
EXAMPLES = 64
NOISE = 0.3
CRAWLS = 0.5  # of the way from the first loss to the best that any rate reached
SIZES = {"line": (2, 1), "network": (1, 8, 1), "own": (2, 1)}


def run(settings: Settings, lab: Bench) -> Iterator[Picture]:
    """All rates from one start; yours is the first row."""
    rate, steps, how = settings["rate"], settings["steps"], settings["optimizer"]
    recipe, arguments = _data(settings)
    problem = lab.network(recipe, arguments, SIZES[settings["model"]])
    bound = lab.edge(how)
    sharp = lab.sharpness(problem)
    marks = [Mark(rate, "yours")]
    if bound is not None:
        marks.append(Mark(bound / sharp, "edge"))
    facts = [("sharpness at the start", short(sharp))]
    if bound is not None:
        facts += [("η × sharpness", f"{short(rate * sharp)}; the edge is {short(bound)}")]
    for descent in lab.descend(problem, how, [rate, *RATES], steps, keep=0):
        yield Picture(chart=_chart(descent, steps), side=_side(descent, marks), facts=tuple(facts))
    report = lab.measured(problem, how, rate, descent.loss[:, 0], descent.path[:, 0])
    told = naming.told(report)
    where = lab.plane(problem, descent.path[:, 0], "yours")
    answer, happened = _happened(descent, rate)
    best = descent.rates[1:][np.nanargmin(_ends(descent)[1:])]
    facts += [("best of the others", short(best))]
    main = _chart(descent, steps, told["phases"])
    done = Picture(main, where, _side(descent, marks), (), tuple(facts), told, happened, answer)
    yield done
    names = [lab.behaviours(column) for column in descent.loss.T]
    named = _chart(descent, steps, told["phases"], names)
    yield Picture(named, where, _side(descent, marks), (), tuple(facts), told, happened, answer, whole=True)


def _data(settings: Settings) -> tuple[str, dict[str, Any]]:
    if settings["model"] == "own":
        return "own", {}
    if settings["model"] == "network":
        return "wave", {"n": EXAMPLES, "noise": NOISE / 3, "seed": 0}
    return "two_columns", {"n": EXAMPLES, "spread": settings["spread"], "noise": NOISE, "seed": 0}


def _ends(descent: Descent) -> np.ndarray:
    ends: np.ndarray = descent.loss[-1].copy()
    ends[~np.isfinite(ends)] = np.inf
    return ends


def _chart(
    descent: Descent,
    steps: int,
    phases: tuple[Any, ...] | list[Any] = (),
    names: list[tuple[str, ...]] | None = None,
) -> Chart:
    lines = []
    for i, rate in enumerate(descent.rates):
        role: Role = "other" if i else "yours"
        said = names[i] if names else ()
        lines.append(
            curve(f"{'yours, ' if not i else ''}{rate:.2g}", descent.loss[:, i], role, behaviours=said)
        )
    return Chart("Loss by step", "step", "loss", tuple(lines), phases=tuple(phases))


def _side(descent: Descent, marks: list[Mark]) -> Chart:
    ends = descent.loss[-1]
    others = Line(f"after {len(descent.loss)} steps", descent.rates[1:], ends[1:], "other", dots=True)
    yours = Line("yours", descent.rates[:1], ends[:1], "yours", dots=True)
    return Chart(
        "Loss at the end, by learning rate",
        "learning rate",
        "loss",
        (others, yours),
        True,
        True,
        tuple(marks),
    )


def _happened(descent: Descent, rate: float) -> tuple[str, str]:
    loss = descent.loss[:, 0]
    reached = _ends(descent)
    best = float(reached.min())
    if lost(loss) or loss[-1] > loss[0]:
        return "explodes", f"At {short(rate)} each step lands higher than the one before it."
    way = (loss[0] - loss[-1]) / max(loss[0] - best, 1e-300)
    if way < CRAWLS:
        return "crawls", (
            f"At {short(rate)} it goes the right way, and after {len(loss)} steps it has come "
            f"{100 * way:.0f}% of the way that the best rate comes."
        )
    return (
        "learns",
        f"At {short(rate)} it comes {100 * way:.0f}% of the way that the best rate comes in as many steps.",
    )


def script(settings: Settings) -> str:
    """Yours, alone."""
    recipe, arguments = _data(settings)
    return scripts.on_data(
        f"One learning rate: {settings['rate']!r}",
        recipe,
        ", ".join(f"{name}={value!r}" for name, value in arguments.items()),
        SIZES[settings["model"]],
        optimizer(settings["optimizer"]),
        settings["rate"],
        settings["steps"],
    )


SCENE = Scene(
    id="learning-rate",
    number=3,
    title="Learning rate",
    question=Question(
        "What will the run with your learning rate do?",
        (("crawls", "crawl"), ("learns", "learn"), ("explodes", "explode")),
    ),
    controls=(
        rate_slider(1e-4, 10.0, 0.1),
        Slider(
            "spread",
            "Second column, times",
            1.0,
            10.0,
            1.0,
            log=True,
            only_if=("model", ("line",)),
            help="As if it were measured in smaller units.",
        ),
        Choice(
            "model",
            "Model",
            (("line", "a straight line"), ("network", "a small network"), ("own", "your CSV")),
            "line",
        ),
        optimizer_choice(),
        Slider("steps", "Steps", 50, 1000, 200, log=True, whole=True),
    ),
    run=run,
    script=script,
    cases=(
        Case("a rate that learns", {"rate": 0.1}, ("smooth-decrease",), ("divergence",), "learns"),
        Case(
            "a rate that crawls", {"rate": 2e-4}, ("slow-decrease",), ("divergence",), "crawls", "lr-too-low"
        ),
        Case("a rate that explodes", {"rate": 3.0}, ("divergence",), (), "explodes", "lr-too-high"),
        Case("the same rate, other units", {"rate": 0.1, "spread": 5.0}, ("divergence",), (), "explodes"),
        Case("a network", {"model": "network", "rate": 0.3}, ("smooth-decrease",), ("divergence",), "learns"),
    ),
)
