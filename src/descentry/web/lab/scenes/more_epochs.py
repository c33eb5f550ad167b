"""Where more iterations help, and where they bring nothing: budget times learning rate.

## The idea

More steps are the answer to one question only: *is it still getting better?* A rate that is too small needs
them. A run that has come down to its noise gains nothing from them, and one that bounces does not either:
it needs another rate.

## What to try

Guess whether as many steps again will help, then run. Try a small rate with few steps, and the same with
many; then a large rate.

## What to notice

The forecast is made from the steps of your budget alone. Then the run goes on for as long again, and you
see what it would have been worth. On the right: the best rate depends on the budget. Small rates catch up.

## Limits

What more of the same brings on one small task. A rate that decays would get below the noise that a constant
rate keeps. Whether more epochs make the model better on new data is another question.

## Sources

The forecast is that of `descentry explain` (decision 6 of the project). On constant rates and their noise:
Bottou, Curtis and Nocedal 2018, *Optimization Methods for Large-Scale Machine Learning*, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from descentry.core.data import Floats, Forecast
from descentry.web.lab import naming, scripts
from descentry.web.lab._entry import Case, Question, Scene, Settings
from descentry.web.lab._shared import curve, lost, rate_slider, short
from descentry.web.lab.controls import Slider
from descentry.web.lab.optimizers import OPTIMIZERS
from descentry.web.lab.pictures import Chart, Line, Mark, Picture

if TYPE_CHECKING:
    from descentry.web.lab.bench import Bench
    from descentry.web.lab.engine import Descent

RATES = np.geomspace(1e-3, 3.0, 10)
WORTH, LITTLE = (
    0.056,
    0.01,
)  # of the fall so far; the first is what the forecast calls worthwhile (decision 6)
DATA: dict[str, Any] = {"n": 64, "spread": 1.0, "noise": 0.5, "seed": 0}
BATCH, SEED = 32, 2


def run(settings: Settings, lab: Bench) -> Iterator[Picture]:
    """Twice the budget; the story and the forecast know its first half only."""
    rate, budget = settings["rate"], settings["budget"]
    problem = lab.network("two_columns", DATA, (2, 1))
    draws = lab.draws(problem, BATCH, SEED)
    for descent in lab.descend(problem, "gd", [rate, *RATES], 2 * budget, batches=draws):
        yield Picture(_chart(descent, budget), side=_side(descent, budget))
    loss = descent.loss[:, 0]
    report = lab.measured(problem, "gd", rate, loss[:budget], descent.path[: budget + 1, 0], noisy=True)
    told = naming.told(report)
    true = lab.losses(problem, descent.path[[0, budget, -1], 0])
    answer, happened = _happened(loss, true, budget, report.forecast)
    facts = (
        ("loss of all examples after the budget", short(float(true[1]))),
        ("after twice as much", short(float(true[2]))),
    )
    chart = _chart(descent, budget, told["phases"])
    yield Picture(chart, None, _side(descent, budget), (), facts, told, happened, answer, whole=True)


def _chart(descent: Descent, budget: int, phases: list[Any] | tuple[()] = ()) -> Chart:
    loss = descent.loss[:, 0]
    lines = [curve("your budget", loss[:budget], "yours")]
    if len(loss) > budget:
        step = np.arange(budget, len(loss), dtype=np.float64)
        lines.append(Line("as much again", step, loss[budget:], "reference"))
    marks = (Mark(float(budget), "end of the budget"),)
    return Chart("Loss of each batch", "step", "loss", tuple(lines), marks=marks, phases=tuple(phases))


def _side(descent: Descent, budget: int) -> Chart:
    lines = []
    for share, name in (
        (0.1, "a tenth of the budget"),
        (0.33, "a third"),
        (1.0, "the budget"),
        (2.0, "twice"),
    ):
        stop = max(5, round(share * budget))
        if stop <= len(descent.loss):
            tail = descent.loss[max(0, stop - max(5, stop // 10)) : stop, 1:]
            lines.append(
                Line(name, descent.rates[1:], np.median(tail, axis=0), "yours" if share == 1 else "other")
            )
    return Chart("Loss at the end, by learning rate", "learning rate", "loss", tuple(lines), True, True)


def _happened(loss: Floats, true: Floats, budget: int, forecast: Forecast | None) -> tuple[str, str]:
    foretold = f" The forecast had said: {forecast.sentence}" if forecast is not None else ""
    if lost(loss[:budget]) or true[1] > true[0]:
        return "nothing", f"It ended above where it began; more of the same is more of the same.{foretold}"
    fall = float(true[0] - true[1])
    gain = float(true[1] - true[2]) / max(fall, 1e-300)
    said = f"As many steps again brought {100 * gain:.2g}% of what the first {budget} had brought."
    if gain > WORTH:
        return "helps", said + foretold
    return ("little" if gain > LITTLE else "nothing"), said + foretold


def script(settings: Settings) -> str:
    """Your budget, alone."""
    arguments = ", ".join(f"{name}={value!r}" for name, value in DATA.items())
    return scripts.on_data(
        f"A budget of {settings['budget']} steps",
        "two_columns",
        arguments,
        (2, 1),
        OPTIMIZERS["gd"],
        settings["rate"],
        settings["budget"],
        batch=BATCH,
        draw=SEED,
    )


SCENE = Scene(
    id="more-epochs",
    number=4,
    title="More epochs",
    question=Question(
        "After your budget, what would as many steps again bring?",
        (
            ("helps", "more than 5.6% of what the first brought"),
            ("little", "1% to 5.6%"),
            ("nothing", "less than 1%, or harm"),
        ),
    ),
    controls=(
        Slider("budget", "Budget, in steps", 50, 1500, 300, log=True, whole=True),
        rate_slider(1e-3, 3.0, 0.01),
    ),
    run=run,
    script=script,
    cases=(
        Case(
            "a small rate, a small budget",
            {"rate": 0.003, "budget": 100},
            ("noisy-decrease",),
            ("divergence",),
            "helps",
            status="still-improving",
        ),
        Case("a little more to come", {"rate": 0.003, "budget": 300}, (), ("divergence",), "little"),
        Case(
            "down to the noise",
            {"rate": 0.01, "budget": 300},
            (),
            ("divergence",),
            "nothing",
            status="converged",
        ),
        Case("a rate that explodes", {"rate": 1.0, "budget": 100}, ("divergence",), (), "nothing"),
    ),
)
