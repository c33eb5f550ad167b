"""The optimizers of the lab: those of ``torch.optim`` whose step is a rate times a direction.

That is all of them but Rprop, ASGD, Adafactor, Muon and LBFGS. It is what lets one optimizer step a whole
table of parameters, a row for each learning rate: it takes its step at rate 1, and each row goes its own
rate's share of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from descentry.core.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class Optimizer:
    """One way to step.

    Attributes:
        id: As settings name it.
        title: As people call it.
        torch_name: Its class in ``torch.optim``.
        options: What the class is given besides the rate.
        usual: The learning rate that its authors or PyTorch suggest; 0 where the problem decides.
        idea: What it does, in one sentence.
    """

    id: str
    title: str
    torch_name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    usual: float = 0.0
    idea: str = ""

    def python(self, parameters: str, lr: str) -> str:
        """The call that makes it, for a script."""
        more = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"torch.optim.{self.torch_name}({parameters}, lr={lr}{more})"


OPTIMIZERS: Mapping[str, Optimizer] = {
    one.id: one
    for one in (
        Optimizer("gd", "gradient descent", "SGD", {}, 0, "Steps down the gradient, as far as it is steep."),
        Optimizer(
            "momentum",
            "momentum",
            "SGD",
            {"momentum": 0.9},
            0,
            "Keeps nine tenths of the last step: a heavy ball.",
        ),
        Optimizer(
            "nesterov",
            "Nesterov",
            "SGD",
            {"momentum": 0.9, "nesterov": True},
            0,
            "Momentum that looks where it is about to be.",
        ),
        Optimizer(
            "rmsprop",
            "RMSprop",
            "RMSprop",
            {},
            1e-2,
            "Divides each gradient by its recent size.",
        ),
        Optimizer("adam", "Adam", "Adam", {}, 1e-3, "Momentum, divided by the recent size of the gradient."),
        Optimizer(
            "adamw",
            "AdamW",
            "AdamW",
            {},
            1e-3,
            "Adam that shrinks the weights a little at every step.",
        ),
        Optimizer("nadam", "NAdam", "NAdam", {}, 2e-3, "Adam with Nesterov's look ahead."),
        Optimizer(
            "radam", "RAdam", "RAdam", {}, 1e-3, "Adam that trusts its averages only once they are long."
        ),
        Optimizer(
            "amsgrad", "AMSGrad", "Adam", {"amsgrad": True}, 1e-3, "Adam that never forgets the largest."
        ),
        Optimizer("adamax", "Adamax", "Adamax", {}, 2e-3, "Adam by the largest recent gradient."),
        Optimizer(
            "adagrad", "Adagrad", "Adagrad", {}, 1e-2, "Divides by all gradients so far: its steps shrink."
        ),
        Optimizer(
            "adadelta", "Adadelta", "Adadelta", {}, 1.0, "Sets its step by how far it has gone lately."
        ),
    )
}


def optimizer(id: str) -> Optimizer:
    """One of them.

    Raises:
        UnknownNameError: There is none of this id.
    """
    if id not in OPTIMIZERS:
        raise UnknownNameError(f"there is no optimizer called {id!r}", name=id, known=OPTIMIZERS)
    return OPTIMIZERS[id]
