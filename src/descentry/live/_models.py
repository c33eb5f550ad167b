"""The model whose parameters an optimizer changes, found from outside."""

from __future__ import annotations

import gc
import sys
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer


class Loose(nn.Module):
    """Parameters that no one module owns, so that they can be watched as one does."""

    def __init__(self, named: dict[str, Tensor]) -> None:
        super().__init__()
        # Past register_parameter, which takes no plain tensors and no names with dots.
        self._parameters.update(named)  # type: ignore[arg-type]


def optimizers() -> list[Optimizer]:
    """Every optimizer that is alive."""
    return [o for o in gc.get_objects() if issubclass(type(o), Optimizer) and hasattr(o, "param_groups")]


def model_of(optimizer: Optimizer) -> nn.Module:
    """The smallest module that owns all of the optimizer's parameters; of several, the outermost.

    Looks through all that Python keeps: a tenth of a second, once for an optimizer. Where no module owns them
    all, they are put together under the names that their modules have for them.
    """
    wanted = {id(p): p for group in optimizer.param_groups for p in group["params"]}
    owners: list[tuple[int, nn.Module]] = []
    names: dict[int, str] = {}
    modules = [o for o in gc.get_objects() if issubclass(type(o), nn.Module) and "_modules" in vars(o)]
    for module in modules:
        owned = {id(p): n for n, p in module.named_parameters()}
        found = wanted.keys() & owned.keys()
        if len(found) == len(wanted):
            owners.append((len(owned), module))
        for key in found:
            own = f"{type(module).__name__}.{owned[key]}"
            names[key] = max(names.get(key, ""), own, key=len)
    if not owners:
        loose = {names.get(key, f"parameter{i}"): p for i, (key, p) in enumerate(wanted.items())}
        return Loose(
            loose if len(loose) == len(wanted) else {str(i): p for i, p in enumerate(wanted.values())}
        )
    smallest = min(size for size, _ in owners)
    ties = [module for size, module in owners if size == smallest]
    inside = {id(m) for tie in ties for m in tie.modules() if m is not tie}
    return next((m for m in ties if id(m) not in inside), ties[0])


def name_of(model: nn.Module) -> str:
    """What the script calls the model: its variable, or else its class."""
    main: dict[str, Any] = vars(sys.modules["__main__"])
    called = [name for name, value in list(main.items()) if value is model and not name.startswith("_")]
    return called[0] if called else type(model).__name__
