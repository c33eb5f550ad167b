"""Policies: what a pilot does about what it knows, one file each. Pure functions, and no torch."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType, ModuleType

from descentry.control.policies._entry import Known, Policy
from descentry.core.data import Decision

__all__ = ["Known", "Policy", "decide", "entries", "modules"]


@cache
def modules() -> Mapping[str, ModuleType]:
    """The modules of the policies, by name."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    return MappingProxyType({name: importlib.import_module(f"{__name__}.{name}") for name in names})


@cache
def entries() -> Mapping[str, Policy]:
    """The policies by id, in the order in which they are asked."""
    found: list[Policy] = [module.POLICY for module in modules().values()]
    return MappingProxyType({p.id: p for p in sorted(found, key=lambda p: (p.turn, p.id))})


def decide(known: Known) -> Decision | None:
    """What the first policy that decides anything decides."""
    for policy in entries().values():
        if (decision := policy.decide(known)) is not None:
            return decision
    return None
