"""Loss, parameters and optimizer that are not joined as they should be, and gradients of the wrong sign."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.zoo.faults._kind import Kind, kind_of, plain_head, whole_targets, with_loss
from benchmarks.zoo.losses import entropy, square_by_hand
from benchmarks.zoo.models import Mlp
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import Training, optimizer_for


class Detached(nn.Module):
    """A layer whose result is cut off from what made it."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        """The same numbers, without a way back."""
        return self.body(x).detach()


def _without_grad(t: Training, strength: float) -> None:
    """Freezes this share of the parameters, the first ones, and always leaves the last."""
    named = list(t.model.parameters())
    for p in named[: min(round(strength * len(named)), len(named) - 1)]:
        p.requires_grad_(False)


def _only_some(t: Training, strength: float) -> None:
    """Gives the optimizer the last parameters only."""
    named = list(t.model.parameters())
    t.learns = named[min(round(strength * len(named)), len(named) - 1) :]


def _cut(t: Training, strength: float) -> None:
    layers = [(n, m) for n, m in t.model.named_modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    name, layer = layers[max(len(layers) - 2, 0)]
    owner = t.model.get_submodule(name.rpartition(".")[0])
    setattr(owner, name.rpartition(".")[2], Detached(layer))


def _plain_list(t: Training, strength: float) -> None:
    """Layers in a list that PyTorch does not know of."""
    assert isinstance(t.model, Mlp)
    layers = list(t.model.layers)
    del t.model.layers
    t.model.layers = layers  # type: ignore[assignment]


def _other_model(t: Training, strength: float) -> None:
    t.optimizer = optimizer_for(t.spec, list(copy.deepcopy(t.model).parameters()))


def _never_backward(t: Training, strength: float) -> None:
    t.backward = False


def _decided(t: Training, strength: float) -> None:
    """The loss is computed from the decision, which has no slope."""
    if t.data.kind == "classes":
        with_loss(
            t, lambda out, y: functional.mse_loss(out.argmax(-1).to(torch.float32), y.to(torch.float32))
        )
        t.forced = True
    elif t.data.kind == "binary":
        with_loss(t, lambda out, y: entropy(torch.round(torch.sigmoid(out)), y))
    else:
        with_loss(t, lambda out, y: functional.mse_loss(torch.round(out), y))


def _no_graph(t: Training, strength: float) -> None:
    usual = t.loss_fn
    with_loss(t, lambda out, y: usual(out.detach(), y))
    t.forced = True


def _left_over(t: Training, strength: float) -> None:
    t.zeroes = False


def _climbing(t: Training, strength: float) -> None:
    for group in t.optimizer.param_groups:
        group["maximize"] = True


def _negated(t: Training, strength: float) -> None:
    usual = t.loss_fn
    with_loss(t, lambda out, y: -usual(out, y))


def _pulled_up(t: Training, strength: float) -> None:
    """An update by hand with a plus: gradients are turned round before the step."""

    def turn() -> None:
        for p in t.model.parameters():
            if p.grad is not None:
                p.grad.neg_()

    t.graded.append(turn)


def _broadcast(t: Training, strength: float) -> None:
    """Targets (n,) against outputs (n, 1)."""
    usual = t.loss_fn if t.data.kind == "values" else square_by_hand
    with_loss(t, lambda out, y: usual(out, y.flatten()) if out.shape[-1] == 1 else usual(out, y))


def _summed(t: Training, strength: float) -> None:
    kind = t.data.kind
    ways = {
        "classes": lambda out, y: functional.cross_entropy(
            out.reshape(-1, out.shape[-1]), y.flatten(), reduction="sum"
        ),
        "binary": lambda out, y: functional.binary_cross_entropy_with_logits(out, y, reduction="sum"),
        "values": lambda out, y: functional.mse_loss(out, y, reduction="sum"),
    }
    with_loss(t, ways[kind])


def _hidden(spec: Spec) -> bool:
    return spec.model.family not in {"linear", "product"}


def _layers_in_a_list(spec: Spec) -> bool:
    kept = kind_of(spec) == "values" or plain_head(spec)  # nothing is put around the model
    return kept and spec.model.family in {"mlp", "autoencoder"} and spec.model.style == "class"


def _broad(spec: Spec) -> bool:
    return (
        spec.task
        in {
            "diabetes",
            "friedman1",
            "friedman2",
            "friedman3",
            "swiss-roll",
            "wave",
            "peaks",
            "noisy-values",
            "sines",
            "adding",
            "walks",
            "moons",
            "cancer",
            "synthetic-binary",
        }
        and spec.batch != 1
    )


def _gradual(spec: Spec) -> bool:
    # What scales gradients alike makes no difference to the others.
    follows = spec.optimizer in {"sgd", "momentum", "nesterov"}
    return follows and plain_head(spec) and (spec.batch == 0 or spec.batch >= 8)


KINDS = (
    Kind("frozen", ("no-gradient",), (0.5, 0.8, 1.0), fits=_hidden, model=_without_grad, weight=2),
    Kind("not-in-optimizer", ("no-gradient",), (0.5, 0.8, 1.0), fits=_hidden, model=_only_some, weight=2),
    Kind(
        "detached",
        ("no-gradient",),
        fits=lambda s: s.model.style != "by-hand" and s.model.family in {"mlp", "cnn", "autoencoder"},
        model=_cut,
        weight=2,
    ),
    Kind(
        "plain-list",
        ("no-gradient",),
        fits=_layers_in_a_list,
        model=_plain_list,
        weight=3,
    ),
    Kind("other-model", ("no-gradient",), loop=_other_model, weight=2),
    Kind("never-backward", ("no-gradient",), loop=_never_backward),
    Kind("decided", ("no-gradient",), (1,), ("loss-mismatch",), fits=whole_targets, model=_decided, weight=2),
    Kind("no-graph", ("no-gradient",), model=_no_graph),
    Kind("not-zeroed", ("gradients-not-zeroed",), loop=_left_over, weight=4),
    Kind("maximize", ("wrong-sign",), loop=_climbing, weight=1.5),
    Kind("negated", ("wrong-sign",), fits=whole_targets, model=_negated, weight=2),
    Kind("turned-gradient", ("wrong-sign",), loop=_pulled_up, weight=1.5),
    Kind(
        "broadcast",
        ("shape-broadcast",),
        fits=lambda s: plain_head(s) and _broad(s),
        model=_broadcast,
        weight=4,
    ),
    Kind("summed", ("loss-reduction",), (1,), ("lr-too-high",), fits=_gradual, model=_summed, weight=4),
)
