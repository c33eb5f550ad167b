"""The pilot on a script that knows nothing of it: what ``descentry run --pilot`` attaches."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from descentry.control.pilot import pilot
from descentry.core.errors import DescentryError
from descentry.live import _attached
from descentry.live._ending import say
from descentry.live.watch import Watch, watch


def attach(options: Mapping[str, str]) -> _attached.Attached | None:
    """Begins to look for training.

    A script of several processes is watched only: the other processes would not do what this one does.
    """
    if int(os.environ.get("WORLD_SIZE", "1") or 1) > 1:
        if os.environ.get("RANK", "0") == "0":
            say("the pilot does not act on several processes from outside: the run is watched only.")
        return _attached.attach(options)
    total = options.get("total_steps")

    def begin(model: Any, optimizer: Any, **told: Any) -> Watch:
        try:
            return pilot(model, optimizer, total_steps=None if total is None else int(total), **told)
        except DescentryError as error:
            say(f"the run is watched only: {error.what}")
            return watch(model, optimizer, **told)

    return _attached.attach(options, begin)
