"""The pilot on a script that knows nothing of it: what ``descentry run --pilot`` attaches."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from descentry.control._beside import Beside
from descentry.control.pilot import Pilot, pilot
from descentry.core.data import Decision
from descentry.core.errors import DescentryError
from descentry.live import _attached, _models
from descentry.live._ending import say
from descentry.live.watch import Watch, watch

CONTEST = "its optimizers take turns, each with a loss of its own, and a loss may rise in such a contest"


def attach(options: Mapping[str, str]) -> _attached.Attached | None:
    """Begins to look for training.

    A script of several processes is watched only: the other processes would not do what this one does. So is
    one whose optimizers are in a contest.
    """
    if int(os.environ.get("WORLD_SIZE", "1") or 1) > 1:
        if os.environ.get("RANK", "0") == "0":
            say("the pilot does not act on several processes from outside: the run is watched only.")
        return _attached.attach(options)
    return _attached.attach(options, _Flights(options).begin)


class _Flights:
    """The pilots of one script."""

    def __init__(self, options: Mapping[str, str]) -> None:
        total = options.get("total_steps")
        self._total = None if total is None else int(total)
        self._beside = Beside()
        self._pilots: list[Pilot] = []
        self._contest = False

    def begin(self, model: Any, optimizer: Any, **told: Any) -> Watch:
        """Begins to act on a training, or to watch it only."""
        if self._contest:
            return watch(model, optimizer, **told)
        name = str(told.get("name") or "")

        def tell(decision: Decision) -> None:
            several = len(_models.optimizers()) > 1
            say(f"{f'{name}: ' if several else ''}step {decision.step:,}: {decision.because}")

        def look(loss: float) -> None:
            if not self._contest and self._beside.contest(name, loss):
                self._stand_down()

        try:
            one = pilot(model, optimizer, total_steps=self._total, on_decision=tell, _on_loss=look, **told)
        except DescentryError as error:
            say(f"the run is watched only: {error.what}")
            return watch(model, optimizer, **told)
        self._pilots.append(one)
        return one

    def _stand_down(self) -> None:
        self._contest = True
        say(f"the runs are watched only: {CONTEST}.")
        for one in self._pilots:
            one.stand_down(CONTEST)
