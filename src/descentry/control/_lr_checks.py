"""Faults that no learning rate mends, told before any is searched for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from descentry.core.errors import DescentryError, listed
from descentry.instruments._undisturbed import tensors

WHERE = "find_lr"
_EXPLAIN = "descentry.watch(model, optimizer).explain() tells more of what a training does."
NO_RATE = f"Then the rate is not what is wrong: look at the data, the targets and the loss. {_EXPLAIN}"


def checked_optimizer(model: nn.Module, optimizer: Any) -> None:
    """Refuses an optimizer that cannot train this model.

    Raises:
        DescentryError: It has no rate, holds nothing of the model, holds only what is frozen, or climbs.
    """
    groups = getattr(optimizer, "param_groups", None)
    if not groups or not all("lr" in group for group in groups):
        raise DescentryError(
            f"{type(optimizer).__name__} has no learning rate to find",
            where=WHERE,
            how="Give the optimizer itself, such as torch.optim.SGD(model.parameters(), lr=0.1).",
        )
    own = {id(p) for p in model.parameters()}
    held = [p for group in groups for p in group["params"]]
    if not any(id(p) in own for p in held):
        raise DescentryError(
            "the optimizer holds none of the model's parameters",
            where=WHERE,
            how="Make the optimizer after the model: torch.optim.SGD(model.parameters(), lr=0.1).",
        )
    if not any(p.requires_grad for p in held):
        raise DescentryError(
            "all parameters of the optimizer are frozen",
            where=WHERE,
            how="Set requires_grad_(True) on those that are to learn.",
        )
    if all(group.get("maximize") for group in groups):
        raise DescentryError(
            "the optimizer climbs (maximize=True), and rates are found by how a loss falls",
            where=WHERE,
            how="Return minus the objective from compute_loss, and leave out maximize.",
        )


def checked_loss(loss: Any, model: nn.Module, batch: Any) -> Tensor:
    """The loss, if it can be trained on.

    Raises:
        DescentryError: It is no single number with a graph, or is not finite.
    """
    where = "compute_loss(model, batch)"
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        what = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
        raise DescentryError(
            f"the loss is no single number: {what}",
            where=where,
            how="Return a tensor of one element, with its graph: loss.mean(), and not loss.item().",
        )
    if not bool(torch.isfinite(loss.detach()).all()):
        raise DescentryError(
            f"the loss is {float(loss.detach())} before any step: {_source(model, batch)}",
            where=WHERE,
            how="No learning rate mends that.",
        )
    if not loss.requires_grad:
        raise DescentryError(
            "the loss has no graph, so there is no gradient",
            where=where,
            how="Look for .item(), .detach(), .numpy() or torch.no_grad() between the parameters and it.",
        )
    return loss


def _source(model: nn.Module, batch: Any) -> str:
    if not _finite(tensors(batch)):
        return "there are numbers in the first batch that are not finite"
    bad = [name for name, p in model.named_parameters() if not _finite([p.detach()])]
    if bad:
        return f"there are weights that are not finite, in {listed(bad, 3)}"
    return "batch and weights are finite, so it happens in the model or in the loss (log, division, overflow)"


def _finite(values: Iterable[Tensor]) -> bool:
    floats = [t for t in values if t.is_floating_point() or t.is_complex()]
    return all(bool(torch.isfinite(t.coalesce().values() if t.is_sparse else t).all()) for t in floats)


def checked_gradients(model: nn.Module, optimizer: Any) -> tuple[str, ...]:
    """Names of trainable parameters of the optimizer that got no gradient, where others got one.

    Raises:
        DescentryError: None got one, all are zero, or one is not finite.
    """
    names = {id(p): name for name, p in model.named_parameters()}
    held = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
    reached = [p for p in held if p.grad is not None]
    if not reached:
        raise DescentryError(
            "no gradient reaches the parameters of the optimizer",
            where=WHERE,
            how="The loss is computed from something else: another model, a detached output, frozen layers.",
        )
    bad = [names.get(id(p), "?") for p in reached if not _finite([p.grad])]
    if bad:
        raise DescentryError(
            f"the loss is finite and its gradient is not, in {listed(bad, 3)}",
            where=WHERE,
            how="Look for a square root, a norm or a logarithm at zero. No learning rate mends that.",
        )
    if not any(bool(torch.any(p.grad.to_dense() if p.grad.is_sparse else p.grad)) for p in reached):
        raise DescentryError(
            "every gradient is zero",
            where=WHERE,
            how=f"Dead units, a saturated output or a loss that does not depend on the weights. {_EXPLAIN}",
        )
    return tuple(names[id(p)] for p in held if p.grad is None and id(p) in names)
