"""A loss that does not move: flat ground, a saddle, a saturated unit. Wait, or change something.

## The idea

A plateau says that the slope is small. It does not say why. On a saddle there is a way out sideways, and
patience finds it. On flat ground or in a saturated unit the slope is next to nothing, and patience may take
longer than anybody has.

## What to try

Let it wait. Then change something at the step you choose: a larger rate, momentum, Adam, a push. Do it
early, and late.

## What to notice

The curves of the three plateaus look alike; what gets out of them differs. Adam divides by the slope, so a
small slope stops it least. A push helps on the saddle, and hardly on flat ground.

## Limits

Made to be flat. Which plateau a real run sits on is told by gradients, activations and curvature and not by
its curve.

## Sources

Dauphin et al. 2014, *Identifying and attacking the saddle point problem*; Kingma and Ba 2015 (Adam); Glorot
and Bengio 2010 on saturated units.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from descentry.core.data import Floats
from descentry.web.lab import naming, scripts
from descentry.web.lab._entry import Case, Question, Scene, Settings
from descentry.web.lab._shared import curve, rate_slider
from descentry.web.lab.controls import Choice, Slider
from descentry.web.lab.optimizers import OPTIMIZERS, Optimizer
from descentry.web.lab.pictures import Chart, Mark, Path, Picture
from descentry.web.lab.surfaces import SURFACES, Surface

if TYPE_CHECKING:
    from descentry.web.lab.bench import Bench

SATURATED = Surface(
    "saturated",
    "a saturated unit",
    "(1 - sigmoid(x))^2 + (y - 1)^2/20",
    (-9.0, -0.5),
    (-11.0, 6.0, -2.5, 3.0),
    (),
    "The unit's output sticks at 0, where the slope of its sigmoid is next to nothing.",
)
FLAT = Surface(
    "flat",
    "flat ground",
    SURFACES["plateau"].text,
    (3.9, 0.6),
    SURFACES["plateau"].window,
    SURFACES["plateau"].minima,
    SURFACES["plateau"].lesson,
)
GROUNDS = {"saddle": SURFACES["saddle"], "flat": FLAT, "saturated": SATURATED}
PUSH = (0.4, -0.4)
LARGER = 10.0
ADAM = 0.1
OUT = 0.5  # of the way from the plateau to the lowest loss in the window


def run(settings: Settings, lab: Bench) -> Iterator[Picture]:
    """Patience, and beside it the same run with something changed."""
    ground, rate, steps = GROUNDS[settings["ground"]], settings["rate"], settings["steps"]
    when = min(settings["when"], steps - 1)
    problem = lab.surface(ground)
    for descent in lab.descend(problem, "gd", [rate], steps):
        yield Picture(_chart(descent.loss[:, 0], None, None, settings))
    patience, waited = descent.loss[:, 0], descent.path[:, 0]
    how, new_rate = _changed(settings)
    loss, path = patience, waited
    if settings["change"] != "wait":
        start = waited[when] + (np.array(PUSH) if settings["change"] == "push" else 0.0)
        for descent in lab.descend(problem, how, [new_rate], steps - when, start=start):
            loss = np.concatenate([patience[:when], descent.loss[:, 0]])
            yield Picture(_chart(loss, patience, when, settings))
        path = np.concatenate([waited[:when], descent.path[:, 0]])
    told = naming.told(lab.explained(loss, {"lr": rate, "optimizer": "SGD"}))
    seen = lab.ground(ground, _paths(path, waited, settings), note=ground.lesson)
    answer, happened = _happened(lab, ground, loss, patience, when, settings)
    beside = None if settings["change"] == "wait" else patience
    chart = _chart(loss, beside, when, settings, told["phases"])
    slope = lab.gradients(problem, path[[0, when]])
    facts = tuple(
        (f"slope {name}", f"{float(np.linalg.norm(g)):.2g}")
        for name, g in zip(("at the start", f"at step {when}"), slope, strict=True)
    )
    yield Picture(chart, seen, None, (), facts, told, happened, answer, whole=True)


def _changed(settings: Settings) -> tuple[Optimizer, float]:
    change, rate = settings["change"], settings["rate"]
    if change == "adam":
        return OPTIMIZERS["adam"], ADAM
    if change == "momentum":
        return OPTIMIZERS["momentum"], rate
    return OPTIMIZERS["gd"], rate * LARGER if change == "rate" else rate


def _chart(
    loss: Floats,
    patience: Floats | None,
    when: int | None,
    settings: Settings,
    phases: list[Any] | tuple[()] = (),
) -> Chart:
    lines = [curve("yours", loss, "yours")]
    if patience is not None:
        lines.append(curve("patience", patience, "reference", dashed=True))
    marks = () if settings["change"] == "wait" or when is None else (Mark(float(when), "changed"),)
    return Chart("Loss by step", "step", "loss", tuple(lines), log_y=False, marks=marks, phases=tuple(phases))


def _paths(path: Floats, waited: Floats, settings: Settings) -> list[Path]:
    yours = Path("yours", path[:, 0], path[:, 1], "yours")
    if settings["change"] == "wait":
        return [yours]
    return [Path("patience", waited[:, 0], waited[:, 1], "reference"), yours]


def _happened(
    lab: Bench, ground: Surface, loss: Floats, patience: Floats, when: int, settings: Settings
) -> tuple[str, str]:
    lowest = float(lab.grid(ground, ground.window).min())
    # The plateau is where the run stands at the change: on the saddle it slides down to it first.
    level = lowest + (1 - OUT) * (float(patience[when]) - lowest)
    out, waited = (np.flatnonzero(one <= level) for one in (loss, patience))
    patient = (
        f"patience got out at step {waited[0]}"
        if len(waited)
        else f"patience did not in {len(patience)} steps"
    )
    if settings["change"] == "wait":
        said = patient[0].upper() + patient[1:] + "."
        return ("out" if len(waited) else "stuck"), said
    if not len(out) or not np.isfinite(loss[-1]):
        return "stuck", f"What was changed at step {when} did not get it out; {patient}."
    return "out", f"It got out at step {out[0]}; {patient}."


def script(settings: Settings) -> str:
    """Yours, alone."""
    ground, rate = GROUNDS[settings["ground"]], settings["rate"]
    change = {
        "wait": "",
        "rate": f"optimizer.param_groups[0]['lr'] = {rate * LARGER!r}",
        "momentum": f"optimizer = torch.optim.SGD([position], lr={rate!r}, momentum=0.9)",
        "adam": f"optimizer = torch.optim.Adam([position], lr={ADAM!r})",
        "push": f"position.data += torch.tensor({list(PUSH)!r})",
    }[settings["change"]]
    when = min(settings["when"], settings["steps"] - 1)
    changes = ((when, change),) if change else ()
    title = f"A plateau: {ground.title}"
    return scripts.on_surface(title, ground, OPTIMIZERS["gd"], rate, settings["steps"], changes=changes)


SCENE = Scene(
    id="plateaus",
    number=6,
    title="Plateaus",
    question=Question("Will it get off the plateau in these steps?", (("out", "yes"), ("stuck", "no"))),
    controls=(
        Choice(
            "change",
            "What to do",
            (
                ("wait", "wait"),
                ("rate", "ten times the rate"),
                ("momentum", "add momentum"),
                ("adam", "go on with Adam"),
                ("push", "give it a push"),
            ),
            "wait",
        ),
        Choice("ground", "Plateau", tuple((id, one.title) for id, one in GROUNDS.items()), "saddle"),
        Slider(
            "when",
            "At step",
            10,
            1000,
            40,
            log=True,
            whole=True,
            only_if=("change", ("rate", "momentum", "adam", "push")),
        ),
        rate_slider(0.01, 1.0, 0.1),
        Slider("steps", "Steps", 50, 2000, 400, log=True, whole=True),
    ),
    run=run,
    script=script,
    cases=(
        Case("patience on a saddle", {}, ("plateau", "sudden-drop"), ("divergence",), "out"),
        Case("patience on flat ground", {"ground": "flat"}, ("slow-decrease",), ("sudden-drop",), "stuck"),
        Case(
            "Adam on flat ground",
            {"ground": "flat", "change": "adam"},
            ("sudden-drop",),
            ("divergence",),
            "out",
        ),
        Case("a push on flat ground", {"ground": "flat", "change": "push"}, (), ("divergence",)),
        Case(
            "patience in a saturated unit",
            {"ground": "saturated"},
            (),
            ("divergence", "sudden-drop"),
            "stuck",
        ),
        Case(
            "Adam in a saturated unit", {"ground": "saturated", "change": "adam"}, (), ("divergence",), "out"
        ),
    ),
)
