"""Monitors: what may be looked at after every step and still keeps its word, one file each. Needs no torch.

watch = monitors.start("diverging", alpha=0.01)
for step, loss in enumerate(losses):
    if alarm := watch.update(step, loss):
        print(alarm.sentence)
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

from descentry.control.monitors._entry import Alarm, Monitor, Watch
from descentry.core.errors import UnknownNameError

__all__ = ["Alarm", "Monitor", "Watch", "entries", "modules", "restore", "start"]


@cache
def modules() -> Mapping[str, ModuleType]:
    """The modules of the monitors, by name."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    return MappingProxyType({name: importlib.import_module(f"{__name__}.{name}") for name in names})


@cache
def entries() -> Mapping[str, Monitor]:
    """The monitors by id."""
    return MappingProxyType({module.MONITOR.id: module.MONITOR for module in modules().values()})


def start(monitor: str, alpha: float = 0.01, **options: Any) -> Watch:
    """A watch of the monitor with this id.

    Args:
        monitor: ``diverging``, ``no-longer-improving``, ``converged``, ``spike`` or ``non-finite``.
        alpha: The probability of a false alarm in the whole run, under what the monitor's page assumes; for
            several monitors together, the sum of theirs.
        options: ``meaningful`` and ``noisy``, for the monitors of pace.

    Raises:
        UnknownNameError: There is no such monitor.
        DescentryError: ``alpha`` is not between 0 and 1.
    """
    return _entry(monitor).start(alpha, **options)


def restore(monitor: str, state: Mapping[str, Any]) -> Watch:
    """The watch that ``to_dict`` described, to go on from there.

    Raises:
        UnknownNameError: There is no such monitor.
    """
    return _entry(monitor).restore(state)


def _entry(monitor: str) -> Monitor:
    known = entries()
    if monitor not in known:
        raise UnknownNameError(f"there is no monitor called {monitor!r}", name=monitor, known=sorted(known))
    return known[monitor]
