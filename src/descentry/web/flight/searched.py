"""What the search of the oracles found, as it is stored; read without PyTorch, so by the server too."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from descentry.web.flight._level import Level

SEED = 1  # of the stored search, and of the flight that is offered first


def known(level: Level) -> Mapping[str, Any]:
    """What the search found: ``initial``, and ``schedules`` with their final losses, best first."""
    found: Mapping[str, Any] = _stored()[level.id]
    return found


@functools.cache
def _stored() -> dict[str, Any]:
    text = (resources.files("descentry.web.flight") / "oracles.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["levels"]
    return found
