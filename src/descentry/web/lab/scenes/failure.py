"""Trainings that fail, each for one reason, and each with its repair.

## The idea

A bad curve seldom says by itself why it is bad. Gradients, weights and data do: each of these trainings is
watched by the same code as yours would be, which looks at them on the way and weighs what it found.

## What to try

Choose a failure, and guess what its curve will look like before you run it. Read the evidence. Then repair
it.

## What to notice

Unscaled columns and too high a rate draw the same curve; what tells them apart is the inputs. A softmax too
many draws a healthy one: it falls, and stops far too high.

## Limits

Six textbook failures, one at a time, of small networks. Real trainings may have two at once, and the
loudest hides the other.

## Sources

The pages of the causes: `descentry causes feature-scaling`, `init-too-large`, `init-symmetric`,
`lr-too-high`, `lr-too-low` and `loss-mismatch`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING

from descentry.core.data import Floats
from descentry.web.lab import naming, scripts
from descentry.web.lab._entry import Case, Question, Scene, Settings
from descentry.web.lab._shared import curve, last, lost, short
from descentry.web.lab.controls import Choice, Slider
from descentry.web.lab.pictures import Chart, Picture

if TYPE_CHECKING:
    from descentry.web.lab.bench import Bench

FAILURES = (
    ("features", "columns in very different units"),
    ("large", "initial weights too large"),
    ("alike", "initial weights all alike"),
    ("high", "learning rate too high"),
    ("low", "learning rate too low"),
    ("mismatch", "a softmax too many"),
)
GOOD = 1.5  # times the repaired run's loss at the end (and a little of the start): as good as it
LITTLE = 0.02  # of the first loss


def run(settings: Settings, lab: Bench) -> Iterator[Picture]:
    """The training as it was chosen, and beside it the other of the pair."""
    which, repaired, steps = settings["failure"], settings["repair"] == "repaired", settings["steps"]
    for loss in lab.trained(which, repaired, steps):
        yield Picture(_chart(loss, None, repaired))
    beside = last(lab.trained(which, not repaired, steps))
    yield Picture(_chart(loss, beside, repaired))
    told = naming.told(lab.watched(which, repaired, steps))
    good, first = (loss, beside[0]) if repaired else (beside, loss[0])
    answer, happened = _happened(loss, good, float(first), told)
    facts = (("loss at the end", short(loss[-1])), ("the other's", short(beside[-1])))
    yield Picture(
        _chart(loss, beside, repaired, told), None, None, (), facts, told, happened, answer, whole=True
    )


def _chart(
    loss: Floats, beside: Floats | None, repaired: bool, told: dict[str, object] | None = None
) -> Chart:
    names = ("repaired", "as it failed") if repaired else ("as it fails", "repaired")
    lines = [curve(names[0], loss, "yours")]
    if beside is not None:
        lines.append(curve(names[1], beside, "reference" if repaired else "repair", dashed=True))
    phases = tuple(told["phases"]) if told else ()  # type: ignore[arg-type]
    return Chart("Loss by step", "step", "loss", tuple(lines), phases=phases)


def _happened(loss: Floats, good: Floats, first: float, told: dict[str, object]) -> tuple[str, str]:
    named = told["causes"]
    assert isinstance(named, list)
    why = next((c["title"] for c in named if c["cause"] != "healthy"), "")
    because = f" What was measured says: {why}." if why else ""
    if lost(loss) or loss[-1] > loss[0]:
        return "explodes", f"The loss leaves all bounds, or ends above where it began.{because}"
    if loss[-1] <= GOOD * good[-1] + LITTLE * abs(good[0]):
        return "learns", f"It learns, down to {short(loss[-1])}.{because}"
    return (
        "poor",
        f"It stops at {short(loss[-1])}, where the repaired run comes down to {short(good[-1])}.{because}",
    )


def script(settings: Settings) -> str:
    """The training as it was chosen."""
    from descentry.web.lab import failures

    recipe = settings["failure"]
    needed = [failures.RECIPES[recipe]] + ([] if recipe == "features" else [failures.rings])
    sources = "\n\n".join(inspect.getsource(one).replace(" -> Made", "") for one in needed)
    title = f"{settings['repair']}: {dict(FAILURES)[recipe]}"
    return (
        f'"""{title}. Prints the loss of each step, before its update."""\n\n'
        "import torch\nfrom torch import Tensor, nn\n\n\n"
        f"{sources}\n\n"
        f"model, x, y, loss_fn, optimizer = {recipe}(repaired={settings['repair'] == 'repaired'})\n"
        + scripts.loop(settings["steps"], "loss_fn(model(x), y)")
    )


SCENE = Scene(
    id="failure",
    number=9,
    title="Failure",
    question=Question(
        "What will the curve do?",
        (
            ("explodes", "leave all bounds, or end higher than it began"),
            ("poor", "stop too high"),
            ("learns", "learn"),
        ),
    ),
    controls=(
        Choice("repair", "The training is", (("broken", "broken"), ("repaired", "repaired")), "broken"),
        Choice("failure", "What is wrong", FAILURES, "features"),
        Slider("steps", "Steps", 100, 600, 300, log=True, whole=True),
    ),
    run=run,
    script=script,
    cases=(
        Case("columns of very different units", {}, ("divergence",), (), "explodes", "feature-scaling"),
        Case("standardised", {"repair": "repaired"}, ("smooth-decrease",), ("divergence",), "learns"),
        Case("weights too large", {"failure": "large"}, (), (), "poor", "init-too-large"),
        Case("weights all alike", {"failure": "alike"}, ("sudden-drop",), (), "", "init-symmetric"),
        Case("rate too high", {"failure": "high"}, (), ("smooth-decrease",), "explodes", "lr-too-high"),
        Case("rate too low", {"failure": "low"}, ("slow-decrease",), (), "poor", "lr-too-low"),
        Case(
            "a softmax too many", {"failure": "mismatch"}, ("smooth-decrease",), (), "poor", "loss-mismatch"
        ),
    ),
)
