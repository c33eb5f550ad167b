"""The model whose parameters an optimizer changes, found from outside."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

MOST_PARTS = 8


class Loose(nn.Module):
    """Parameters that no one module owns, so that they can be watched as one does."""

    def __init__(self, named: dict[str, Tensor]) -> None:
        super().__init__()
        # Past register_parameter, which takes no plain tensors and no names with dots.
        self._parameters.update(named)  # type: ignore[arg-type]


class Parts(nn.Module):
    """Modules that are trained together and that no module holds: an encoder and a decoder.

    It is never called. What its parts are called with is seen, and what they return.

    Args:
        parts: By name.
        loose: Parameters beside them.
    """

    def __init__(self, parts: Mapping[str, nn.Module], loose: Mapping[str, Tensor]) -> None:
        super().__init__()
        self._modules.update(parts)
        self._parameters.update(loose)  # type: ignore[arg-type]

    @property
    def parts(self) -> list[nn.Module]:
        """In the order in which they were found."""
        return [*self.children()]


def optimizers() -> list[Optimizer]:
    """Every optimizer that is alive."""
    return [o for o in gc.get_objects() if issubclass(type(o), Optimizer) and hasattr(o, "param_groups")]


def model_of(optimizer: Optimizer) -> nn.Module:
    """The smallest module that owns all of the optimizer's parameters; of several, the outermost.

    Looks through all that Python keeps: a tenth of a second, once for an optimizer. Where no module owns them
    all, a few that do together are parts of one; or else the parameters are put together under the names that
    their modules have for them.
    """
    wanted = {id(p): p for group in optimizer.param_groups for p in group["params"]}
    owners: list[tuple[int, nn.Module]] = []
    names: dict[int, str] = {}
    partly: list[tuple[set[int], nn.Module]] = []
    modules = [o for o in gc.get_objects() if issubclass(type(o), nn.Module) and "_modules" in vars(o)]
    for module in modules:
        owned = {id(p): n for n, p in module.named_parameters()}
        found = wanted.keys() & owned.keys()
        if len(found) == len(wanted):
            owners.append((len(owned), module))
        elif found:
            partly.append((found, module))
        for key in found:
            own = f"{type(module).__name__}.{owned[key]}"
            names[key] = max(names.get(key, ""), own, key=len)
    if not owners and (parts := _together(partly, wanted)) is not None:
        return parts
    if not owners:
        loose = {names.get(key, f"parameter{i}"): p for i, (key, p) in enumerate(wanted.items())}
        return Loose(
            loose if len(loose) == len(wanted) else {str(i): p for i, p in enumerate(wanted.values())}
        )
    smallest = min(size for size, _ in owners)
    ties = [module for size, module in owners if size == smallest]
    inside = {id(m) for tie in ties for m in tie.modules() if m is not tie}
    return next((m for m in ties if id(m) not in inside), ties[0])


def _together(partly: Sequence[tuple[set[int], nn.Module]], wanted: Mapping[int, Tensor]) -> Parts | None:
    """The fewest modules that own what is wanted, none within another; None where they are many, or none."""
    left, chosen = dict(wanted), []

    def reach(one: tuple[set[int], nn.Module]) -> tuple[int, int]:
        return len(one[0]), len([*one[1].modules()])  # of those that own the same, the outermost

    for found, module in sorted(partly, key=reach, reverse=True):
        if found <= left.keys():
            chosen.append(module)
            left = {key: p for key, p in left.items() if key not in found}
    if not 0 < len(chosen) <= MOST_PARTS:
        return None
    names: dict[str, nn.Module] = {}
    for module in chosen:
        name = name_of(module).replace(".", "_")
        names[name if name not in names else f"{name}{len(names)}"] = module
    return Parts(names, {f"parameter{i}": p for i, p in enumerate(left.values())})


def name_of(model: nn.Module) -> str:
    """What the script calls the model: its variable, or else its class."""
    main: dict[str, Any] = vars(sys.modules["__main__"])
    called = [name for name, value in list(main.items()) if value is model and not name.startswith("_")]
    return called[0] if called else type(model).__name__
