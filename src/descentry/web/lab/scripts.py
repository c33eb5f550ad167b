"""Scripts of single experiments: what a person would write in PyTorch, with the losses of the scene."""

from __future__ import annotations

import inspect
import itertools
import textwrap
from collections.abc import Sequence

from descentry.web.lab.optimizers import Optimizer
from descentry.web.lab.surfaces import Surface

_LAYERS = {"tanh": "nn.Tanh()", "relu": "nn.ReLU()", "sigmoid": "nn.Sigmoid()"}
_LOSSES = {
    "mse": "nn.functional.mse_loss(model(x{rows}).squeeze(1), y{rows})",
    "bce": "nn.functional.binary_cross_entropy_with_logits(model(x{rows}).squeeze(1), y{rows}.double())",
    "cross-entropy": "nn.functional.cross_entropy(model(x{rows}), y{rows})",
}


def head(title: str, *, network: bool = False) -> str:
    """What every script begins with."""
    said = textwrap.fill(f"{title}. Prints the loss of each step, before its update.", 100)
    more = "from torch import Tensor, nn\n" if network else ""
    return f'"""{said}"""\n\nimport torch\n{more}\ntorch.set_default_dtype(torch.float64)\n'


def source(name: str) -> str:
    """A recipe of ``data.py``, as it stands there."""
    from descentry.web.lab import data  # torch is needed only here

    return inspect.getsource(getattr(data, name))


def on_surface(
    title: str,
    surface: Surface,
    optimizer: Optimizer,
    lr: float,
    steps: int,
    *,
    start: Sequence[float] | None = None,
    changes: Sequence[tuple[int, str]] = (),
) -> str:
    """Descent on a loss of two parameters.

    Args:
        title: What it shows.
        surface: The loss.
        optimizer: How.
        lr: The learning rate.
        steps: Updates.
        start: Where it begins; the surface's own when not given.
        changes: Lines of Python to be run just before the update of a step.
    """
    x, y = surface.start if start is None else start
    return (
        head(title)
        + f"\n\ndef loss_at(position):\n    x, y = position\n    return {surface.expression.python()}\n\n\n"
        + f"position = torch.tensor([{x!r}, {y!r}], requires_grad=True)\n"
        + f"optimizer = {optimizer.python('[position]', repr(lr))}\n"
        + loop(steps, "loss_at(position)", changes=changes)
    )


def on_tilted(
    title: str,
    surface: Surface,
    arguments: str,
    optimizer: Optimizer,
    lr: float,
    steps: int,
    *,
    batch: int | None,
    seed: int = 0,
) -> str:
    """Descent on a surface that every example of a batch tilts another way.

    Args:
        title: What it shows.
        surface: The loss.
        arguments: What the recipe of the tilts is called with.
        optimizer: How.
        lr: The learning rate.
        steps: Updates.
        batch: Examples a step, drawn with replacement; all when not given.
        seed: Of the draws.
    """
    x, y = surface.start
    return (
        head(title, network=True)
        + f"\n\n{source('tilts')}\n\n"
        + f"def loss_at(position, rows):\n    x, y = position\n    level = {surface.expression.python()}\n"
        + "    return (level + slopes[rows] @ position).mean()\n\n\n"
        + f"slopes = tilts({arguments})\n"
        + f"position = torch.tensor([{x!r}, {y!r}], requires_grad=True)\n"
        + f"optimizer = {optimizer.python('[position]', repr(lr))}\n"
        + f"draws = torch.Generator().manual_seed({seed})\n"
        + loop(
            steps,
            "loss_at(position, rows)",
            first=("rows = torch.arange(len(slopes))",)
            if batch is None
            else (f"rows = torch.randint(len(slopes), ({batch},), generator=draws)",),
        )
    )


def on_data(
    title: str,
    recipe: str,
    arguments: str,
    sizes: Sequence[int],
    optimizer: Optimizer,
    lr: float,
    steps: int,
    *,
    seed: int = 0,
    loss: str = "mse",
    activation: str = "tanh",
    batch: int | None = None,
    draw: int = 0,
    second_half: int | None = None,
    scale: float = 1.0,
) -> str:
    """Training of a straight line or a small network.

    Args:
        title: What it shows.
        recipe: A function of ``data.py``; or ``own``, a file of the user's.
        arguments: What it is called with.
        sizes: Units by layer.
        optimizer: How.
        lr: The learning rate.
        steps: Updates.
        seed: Of the initial weights.
        loss: ``mse``, ``bce`` or ``cross-entropy``.
        activation: Between the layers.
        batch: Examples a step, drawn with replacement; all when not given.
        draw: Seed of the draws.
        second_half: The step from which on batches come from the second half of the examples.
        scale: What the initial weights are multiplied by.
    """
    if recipe == "own":
        made = (
            "import numpy as np\n\ntable = torch.tensor(np.loadtxt('data.csv', delimiter=',', skiprows=1))\n"
        )
        made += "table = (table - table.mean(0)) / table.std(0, correction=0)\n"
        made += "x, y = table[:, :-1], table[:, -1]\n"
    else:
        made = f"\n\n{source(recipe)}\n\nx, y = {recipe}({arguments})\n"
    layers = ", ".join(_layers(sizes, activation))
    drawn: tuple[str, ...] = ()
    if batch is not None and second_half is None:
        drawn = (f"rows = torch.randint(len(x), ({batch},), generator=draws)",)
    elif batch is not None:
        half = f"torch.randint(len(x) // 2, ({batch},), generator=draws)"
        drawn = (f"rows = {half} + (len(x) // 2 if step >= {second_half} else 0)",)
    return (
        head(title, network=True)
        + made
        + f"torch.manual_seed({seed})\nmodel = nn.Sequential({layers})\n"
        + ("" if scale == 1.0 else f"for p in model.parameters():\n    p.data *= {scale!r}\n")
        + f"optimizer = {optimizer.python('model.parameters()', repr(lr))}\n"
        + ("" if batch is None else f"draws = torch.Generator().manual_seed({draw})\n")
        + loop(steps, _LOSSES[loss].format(rows="" if batch is None else "[rows]"), first=drawn)
    )


def _layers(sizes: Sequence[int], activation: str) -> list[str]:
    found: list[str] = []
    for before, after in itertools.pairwise(sizes):
        if found:
            found.append(_LAYERS[activation])
        found.append(f"nn.Linear({before}, {after})")
    return found


def loop(steps: int, loss: str, *, first: Sequence[str] = (), changes: Sequence[tuple[int, str]] = ()) -> str:
    """The loop over the steps."""
    lines = [f"for step in range({steps}):", *(f"    {line}" for line in first)]
    for at, change in changes:
        lines += [f"    if step == {at}:", *(f"        {line}" for line in change.splitlines())]
    lines += [
        "    optimizer.zero_grad()",
        f"    loss = {loss}",
        "    print(step, loss.item())",
        "    loss.backward()",
        "    optimizer.step()",
    ]
    return "\n".join(lines) + "\n"
