"""Four curves to be read: smooth, noisy, a plateau, a sudden jump; and a quiz on recorded ones.

## The idea

A loss curve is a level, its noise, and what happens to the two. Noise is no sign of trouble by itself, a
plateau is not always the end, and a jump has a cause at the step where it begins.

## What to try

Say what the curve will be called before it is drawn. Change the learning rate, and see which names stay.
Then take the quiz below: curves of real trainings.

## What to notice

The names come with steps: from where to where. The noisy curve falls as far as the smooth one. The one on
the plateau had learnt nothing for a third of its time, and then nearly everything in a few steps.

## Limits

A name says what a curve does and not why. For that, gradients, weights and data have to be looked at.

## Sources

Saxe, McClelland and Ganguli 2014 on plateaus and sudden drops in small networks; the pages of the
behaviours: `descentry list behaviours`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from descentry.core.data import Floats
from descentry.web.lab import naming, scripts
from descentry.web.lab._entry import Case, Question, Scene, Settings
from descentry.web.lab._shared import curve, last, rate_slider
from descentry.web.lab.controls import Choice, Slider
from descentry.web.lab.optimizers import OPTIMIZERS
from descentry.web.lab.pictures import Chart, Mark, Picture

if TYPE_CHECKING:
    from descentry.web.lab.bench import Bench

DRAW = 1


@dataclass(frozen=True)
class Training:
    """One of the four.

    Attributes:
        title: What is done.
        recipe: Of ``data.py``.
        arguments: Its own.
        rate: Times this is the learning rate of the slider.
        batch: Examples a step; all when None.
        scale: Of the initial weights.
        wrong_from: Share of the run after which a part of the labels is wrong.
    """

    title: str
    recipe: str
    arguments: dict[str, Any] = field(default_factory=dict)
    rate: float = 1.0
    batch: int | None = None
    scale: float = 1.0
    wrong_from: float | None = None


CLOUDS = {"n": 256, "apart": 4.0, "seed": 0}
TRAININGS = {
    "all": Training("all examples at every step", "two_clouds", CLOUDS),
    "batches": Training("batches of 4", "two_clouds", CLOUDS, batch=4),
    "small": Training(
        "small initial weights, harder classes",
        "two_rings",
        {"n": 256, "noise": 0.15, "seed": 0},
        10.0,
        scale=0.3,
    ),
    "wrong": Training(
        "from the middle on, a third of the labels wrong",
        "clouds_then_wrong",
        {**CLOUDS, "wrong": 0.33},
        batch=32,
        wrong_from=0.5,
    ),
}
SIZES = (2, 8, 1)
NAMES = {
    "smooth-decrease": "smooth decrease",
    "noisy-decrease": "noisy decrease",
    "plateau": "a plateau, then a sudden drop",
    "jump-up": "a jump up",
}


def run(settings: Settings, lab: Bench) -> Iterator[Picture]:
    """The chosen one first, then all four beside each other."""
    steps, which = settings["steps"], settings["training"]
    for loss in _losses(lab, TRAININGS[which], settings):
        yield Picture(_chart(which, loss, steps))
    report = lab.explained(loss)
    told = naming.told(report)
    seen = [phase["behaviour"] for phase in told["phases"]]
    answer = _answer(seen)
    names = ", then ".join(id.replace("-", " ") for id in dict.fromkeys(seen)) or "nothing in particular"
    happened = f"It is called: {names}. The report says: {report.headline}"
    chart = _chart(which, loss, steps, told["phases"])
    yield Picture(chart, told=told, happened=happened, answer=answer)
    panels = []
    for id, training in TRAININGS.items():
        beside = last(_losses(lab, training, settings))
        panels.append(_chart(id, beside, steps, naming.told(lab.explained(beside))["phases"]))
        yield Picture(chart, None, None, tuple(panels), (), told, happened, answer)
    yield Picture(chart, None, None, tuple(panels), (), told, happened, answer, whole=True)


def _answer(seen: list[str]) -> str:
    """The most telling of the four names."""
    for id in ("jump-up", "plateau"):
        if id in seen:
            return id
    return "noisy-decrease" if "noisy-decrease" in seen else "smooth-decrease"


def _losses(lab: Bench, training: Training, settings: Settings) -> Iterator[Floats]:
    problem = lab.network(training.recipe, training.arguments, SIZES, loss="bce")
    rate, steps = settings["rate"] * training.rate, settings["steps"]
    draws = None
    if training.wrong_from is not None and training.batch is not None:
        draws = lab.draws_of_two(problem, training.batch, DRAW, round(training.wrong_from * steps))
    elif training.batch is not None:
        draws = lab.draws(problem, training.batch, DRAW)
    start = lab.scaled(problem, training.scale)
    for descent in lab.descend(problem, "gd", [rate], steps, start=start, batches=draws):
        yield descent.loss[:, 0]


def _chart(which: str, loss: Floats, steps: int, phases: list[Any] | tuple[()] = ()) -> Chart:
    training = TRAININGS[which]
    marks: tuple[Mark, ...] = ()
    if training.wrong_from is not None and len(loss) > training.wrong_from * steps:
        marks = (Mark(float(round(training.wrong_from * steps)), "wrong labels"),)
    lines = (curve("loss", loss, "yours"),)
    return Chart(training.title, "step", "loss", lines, log_y=False, marks=marks, phases=tuple(phases))


def script(settings: Settings) -> str:
    """The chosen one."""
    training = TRAININGS[settings["training"]]
    share = training.wrong_from
    return scripts.on_data(
        f"A curve to be read: {training.title}",
        training.recipe,
        ", ".join(f"{name}={value!r}" for name, value in training.arguments.items()),
        SIZES,
        OPTIMIZERS["gd"],
        settings["rate"] * training.rate,
        settings["steps"],
        loss="bce",
        batch=training.batch,
        draw=DRAW,
        second_half=None if share is None else round(share * settings["steps"]),
        scale=training.scale,
    )


SCENE = Scene(
    id="reading",
    number=2,
    title="Reading a loss curve",
    question=Question("What will the curve be called?", tuple(NAMES.items())),
    controls=(
        Choice("training", "Training", tuple((id, one.title) for id, one in TRAININGS.items()), "all"),
        rate_slider(0.01, 0.3, 0.1),
        Slider("steps", "Steps", 200, 800, 400, log=True, whole=True),
    ),
    run=run,
    script=script,
    cases=(
        Case("smooth", {}, ("smooth-decrease",), ("noisy-decrease", "jump-up"), "smooth-decrease"),
        Case(
            "noisy", {"training": "batches"}, ("noisy-decrease",), ("divergence", "jump-up"), "noisy-decrease"
        ),
        Case(
            "a plateau, and a sudden drop", {"training": "small"}, ("plateau", "sudden-drop"), (), "plateau"
        ),
        Case("a jump", {"training": "wrong"}, ("jump-up",), (), "jump-up"),
    ),
)
