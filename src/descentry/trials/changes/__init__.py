"""How remedies are tried: one file each, found by itself. Each defines ``CHANGE``."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from descentry.trials.changes._entry import Change


@functools.cache
def changes() -> Mapping[str, Change]:
    """The change that tries each remedy, by the remedy's id.

    Raises:
        ValueError: Two changes try one remedy.
    """
    found: dict[str, Change] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("_"):
            continue
        change: Change = importlib.import_module(f"{__name__}.{module.name}").CHANGE
        for remedy in change.remedies:
            if remedy in found:
                raise ValueError(f"two changes try the remedy {remedy!r}")
            found[remedy] = change
    return MappingProxyType(found)
