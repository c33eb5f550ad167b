"""One step after the other: what descent knows where it stands, and what it does not.

## The idea

Training is a walk in the dark. At each point the optimiser knows the loss and its slope, right there and
nowhere else; it takes a step, and looks again. It sees no minimum, no ridge, and not how far there is to
go.

## What to try

Choose a ground, click on it to choose a start, and go through the path step by step with the slider below
it. *Only what it knows* hides all ground but what has been stepped on. Then show all optimisers beside it.

## What to notice

What a step promised, by the slope, and what it brought are two things, and differ the more the longer the
step. On the banana and the saddle most of the steps go into the last tenth of the way.

## Limits

Two parameters; real models have millions, whose ground has few walls and many gentle slopes. The small
network is drawn on the plane through its own path, which says how much of the path it holds. Each optimiser
beside yours has the best of twelve rates, so the comparison is of tuned optimisers on this ground, and of
nothing else.

## Sources

Rosenbrock 1960; Himmelblau 1972; Beale 1958; Li et al. 2018, *Visualizing the loss landscape of neural
nets*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from descentry.core.data import Floats
from descentry.web.lab import naming, scripts
from descentry.web.lab._entry import Case, Question, Scene, Settings
from descentry.web.lab._shared import curve, last, optimizer_choice, rate_slider, short
from descentry.web.lab.controls import Choice, Slider, Words
from descentry.web.lab.optimizers import OPTIMIZERS, optimizer
from descentry.web.lab.pictures import Chart, Ground, Line, Path, Picture
from descentry.web.lab.surfaces import SURFACES, Surface, surface

if TYPE_CHECKING:
    from descentry.web.lab.bench import Bench

NEAR = 0.01  # of the way from the first loss to the lowest that is known
FEW, SOME = 20, 100
RATES = np.geomspace(1e-4, 3.0, 12)
NETWORK: dict[str, Any] = {"n": 64, "noise": 0.1, "seed": 0}
SIZES = (1, 8, 1)
GROUNDS = (
    *((id, one.title) for id, one in SURFACES.items()),
    ("network", "a small network"),
    ("own", "your own"),
)
ON_SURFACE = tuple(id for id, _ in GROUNDS if id != "network")


def run(settings: Settings, lab: Bench) -> Iterator[Picture]:
    """Your path; then, where asked for, those of all optimizers."""
    network = settings["ground"] == "network"
    ground = None if network else _surface(settings)
    problem: Any = (
        lab.network("wave", NETWORK, SIZES)
        if ground is None
        else lab.surface(ground, _start(settings, ground))
    )
    for descent in lab.descend(problem, settings["optimizer"], [settings["rate"]], settings["steps"]):
        path = descent.path[:, 0]
        seen = None if ground is None else _ground(lab, problem, ground, [("yours", path)])
        yield Picture(_chart([("yours", descent.loss[:, 0])]), seen)
    loss = descent.loss[:, 0]
    told = naming.told(lab.measured(problem, settings["optimizer"], settings["rate"], loss, path))
    if ground is None:
        seen = lab.plane(problem, path, "yours", filter_normalised=settings["plane"] == "filters")
    lowest = _lowest(ground, lab, loss)
    answer, happened = _happened(loss, lowest, settings["steps"])
    facts = _facts(problem, lab, path, loss)
    curves, paths = [("yours", loss)], [("yours", path)]
    beside = settings["beside"] == "all"
    done = Picture(
        _chart(curves, told["phases"]), seen, None, (), facts, told, happened, answer, whole=not beside
    )
    yield done
    if beside:
        ranks: list[tuple[float, str]] = []
        for one in OPTIMIZERS.values():
            descent = last(lab.descend(problem, one, RATES, settings["steps"]))
            ends = np.where(np.isfinite(descent.loss), descent.loss, np.inf)[-1]
            best = int(np.argmin(ends))
            curves.append((f"{one.title} at {RATES[best]:.2g}", descent.loss[:, best]))
            ranks.append((float(ends[best]), curves[-1][0]))
            paths.append((one.title, descent.path[:, best]))
            if ground is not None:
                seen = _ground(lab, problem, ground, paths)
            yield Picture(_chart(curves, told["phases"]), seen, None, (), facts, told, happened, answer)
        drawn = _chart(curves, told["phases"])
        facts += tuple((name, f"{short(end)} at the end") for end, name in sorted(ranks))
        yield Picture(drawn, seen, None, (), facts, told, happened, answer, whole=True)


def _surface(settings: Settings) -> Surface:
    start = (settings["start_x"], settings["start_y"])
    return surface(settings["ground"], text=settings["expression"], start=start)


def _start(settings: Settings, ground: Surface) -> tuple[float, float]:
    """Where the click was; the ground's own start where there was none."""
    if settings["start"] == "chosen":
        return settings["start_x"], settings["start_y"]
    return ground.start


def _ground(lab: Bench, problem: Any, ground: Surface, paths: list[tuple[str, Floats]]) -> Ground:
    drawn = []
    for i, (name, path) in enumerate(paths):
        if i:
            drawn.append(Path(name, path[:, 0], path[:, 1]))
            continue
        slope = lab.gradients(problem, path)
        level = lab.losses(problem, path)
        drawn.append(Path(name, path[:, 0], path[:, 1], "yours", level, slope[:, 0], slope[:, 1]))
    note = (
        ground.lesson or "Your own loss. Its minima are not known to the lab; the lowest point seen counts."
    )
    return lab.ground(ground, drawn, note=note, startable=True)


def _chart(curves: list[tuple[str, Floats]], phases: list[Any] | tuple[()] = ()) -> Chart:
    lines: list[Line] = [
        curve(name, loss, "other" if i else "yours") for i, (name, loss) in enumerate(curves)
    ]
    return Chart("Loss by step", "step", "loss", tuple(lines), phases=tuple(phases))


def _lowest(ground: Surface | None, lab: Bench, loss: Floats) -> float:
    known = [float(np.nanmin(np.where(np.isfinite(loss), loss, np.nan)))] if np.isfinite(loss).any() else []
    if ground is not None:
        grid = lab.grid(ground, ground.window)
        known.append(float(grid[np.isfinite(grid)].min(initial=np.inf)))
        if ground.minima:
            known += lab.losses(lab.surface(ground), np.array(ground.minima)).tolist()
    return min(known, default=0.0)


def _happened(loss: Floats, lowest: float, steps: int) -> tuple[str, str]:
    goal = lowest + NEAR * (loss[0] - lowest)
    near = np.flatnonzero(loss <= goal)
    if len(near) == 0:
        return (
            "never",
            f"In {steps} steps it did not come within 1% of the way to the lowest loss that is known.",
        )
    at = int(near[0])
    answer = "few" if at <= FEW else "some" if at <= SOME else "many"
    return answer, f"It was within 1% of the way to the lowest known loss at step {at}."


def _facts(problem: Any, lab: Bench, path: Floats, loss: Floats) -> tuple[tuple[str, str], ...]:
    """What the first step promised and brought, and the slope where the path ends."""
    slope = lab.gradients(problem, path[[0, -1]])
    promised = float(-(slope[0] * (path[1] - path[0])).sum())
    brought = float(loss[0] - loss[1])
    return (
        ("the first step promised", short(promised)),
        ("and brought", short(brought)),
        ("slope at the start", short(float(np.linalg.norm(slope[0])))),
        ("slope at the end", short(float(np.linalg.norm(slope[-1])))),
    )


def script(settings: Settings) -> str:
    """Your path, alone."""
    how, rate, steps = optimizer(settings["optimizer"]), settings["rate"], settings["steps"]
    if settings["ground"] == "network":
        arguments = ", ".join(f"{name}={value!r}" for name, value in NETWORK.items())
        return scripts.on_data("A small network", "wave", arguments, SIZES, how, rate, steps)
    ground = _surface(settings)
    return scripts.on_surface(
        f"Step by step: {ground.title}", ground, how, rate, steps, start=_start(settings, ground)
    )


SCENE = Scene(
    id="iterative",
    number=1,
    title="Step by step",
    question=Question(
        "How many steps until it is within 1% of the way to the lowest loss?",
        (
            ("few", "up to 20"),
            ("some", "up to 100"),
            ("many", "more"),
            ("never", "it will not get there in these steps"),
        ),
    ),
    controls=(
        rate_slider(1e-4, 3.0, 0.3),
        Choice("ground", "Ground", GROUNDS, "bowl"),
        Words(
            "expression",
            "Your loss of x and y",
            "(x^2 - 1)^2 + 2*y^2",
            only_if=("ground", ("own",)),
            help="Numbers, x, y, pi, e, + - * / ^, and abs cos exp log sigmoid sin sqrt tan tanh.",
        ),
        optimizer_choice(),
        Choice(
            "beside", "Beside it", (("none", "nothing"), ("all", "every optimiser, at its best rate")), "none"
        ),
        Choice(
            "plane",
            "Plane",
            (("travelled", "as travelled"), ("filters", "filter-normalised")),
            "travelled",
            only_if=("ground", ("network",)),
        ),
        Slider("steps", "Steps", 20, 1000, 200, log=True, whole=True),
        Choice(
            "start",
            "Start",
            (("usual", "where it is usual"), ("chosen", "where you say")),
            "usual",
            only_if=("ground", ON_SURFACE),
            help="Or click on the ground.",
        ),
        Slider("start_x", "x", -5.0, 5.0, 1.0, only_if=("start", ("chosen",))),
        Slider("start_y", "y", -5.0, 5.0, 1.0, only_if=("start", ("chosen",))),
    ),
    run=run,
    script=script,
    cases=(
        Case("a bowl", {"rate": 0.3}, ("smooth-decrease",), ("divergence",), "some"),
        Case("a bowl, in few steps", {"rate": 1.8}, ("smooth-decrease",), ("divergence",), "few"),
        Case(
            "a bowl, crawling", {"rate": 0.03, "steps": 1000}, ("smooth-decrease",), ("divergence",), "many"
        ),
        Case("the banana", {"ground": "rosenbrock", "rate": 0.0005}, ("smooth-decrease",), (), "never"),
        Case("the banana, too fast", {"ground": "rosenbrock", "rate": 0.01}, ("non-finite",), (), "never"),
        Case("a small network", {"ground": "network", "rate": 0.3}, (), ("divergence",)),
        Case("one's own", {"ground": "own", "rate": 0.05}, ("smooth-decrease",), ("divergence",)),
    ),
)
