"""One seat in the simulator: takes what the pilot does, says what the instruments show. No network here.

The worker process turns it; the tests turn it by hand. What comes in and goes out are plain dicts; numbers
that are not finite go out as None.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from descentry import story
from descentry.core.errors import DescentryError
from descentry.web.flight import ghosts
from descentry.web.flight._level import Level, level
from descentry.web.flight.debrief import debrief
from descentry.web.flight.gauges import Panel, run_of
from descentry.web.flight.log import Log, Move, log_of, seed_of
from descentry.web.flight.schedules import Ghost
from descentry.web.flight.scoring import score, target
from descentry.web.flight.world import Instant, World, replay

Emit = Callable[[dict[str, Any]], None]

SPEEDS = (0.25, 16.0)
_DONE = object()
_IDLE = 1.0  # seconds until the worker looks again where nothing is to be done
_BURST = 0.2  # seconds of steps that are made up for when the machine could not keep pace


class Session:
    """A pilot's seat.

    Args:
        emit: Is given what the page is to be told.
        now: Seconds; the clock that paces the flight.
    """

    def __init__(self, emit: Emit, now: Callable[[], float] = time.monotonic) -> None:
        self._emit, self._now = emit, now
        self._world: World | None = None
        self._panel: Panel | None = None
        self._speed = 1.0
        self._paused = self._landed = self._practice = False
        self._due = 0.0
        self._company: Iterator[None] = iter(())
        self._looking_back: Iterator[None] = iter(())
        self._ghosts: dict[str, Ghost] = {}
        self._of: tuple[str, int] | None = None  # what the ghosts were flown on

    # What the pilot says

    def tell(self, message: Mapping[str, Any]) -> None:
        """One thing the pilot does; what makes no sense is answered in words."""
        try:
            self._told(message)
        except DescentryError as error:
            self._emit({"say": "wrong", "what": error.what, "how": error.how})

    def _told(self, message: Mapping[str, Any]) -> None:
        do = message.get("do")
        if do == "takeoff":
            self._take_off(level(str(message.get("level"))), seed_of(message.get("seed")))
        elif do == "rival":
            self._race(str(message.get("name", ""))[:100], log_of(message.get("log")))
        elif self._world is None:
            raise DescentryError("nothing is in the air", how="Choose a level and take off.")
        elif do == "rewind":
            self._rewind(_number(message, "tick"))
        elif self._landed:
            raise DescentryError("this flight has landed", how="Take off again, or rewind it.")
        elif do in {"rate", "batch"}:
            self._moved(self._world.apply(do, _number(message, "value")))
        elif do == "rollback":
            self._rolled_back(self._world)
        elif do == "pause":
            self._paused = bool(message.get("on", True))
            self._due = self._now()
            self._emit({"say": "paused", "on": self._paused})
        elif do == "speed":
            self._speed = min(max(_number(message, "value"), SPEEDS[0]), SPEEDS[1])
            self._due = self._now()
        elif do == "land":
            self._land(self._world)
        else:
            raise DescentryError(f"there is nothing called {do!r} in this cockpit")

    def _take_off(self, chosen: Level, seed: int) -> None:
        panel = Panel(chosen)
        self._begin(World(chosen, seed, panel), panel, practice=False)

    def _rewind(self, tick: float) -> None:
        assert self._world is not None
        flown, tick = self._world, min(int(tick), self._world.tick)
        moves = [m for m in flown.moves if m.tick < tick]
        panel = Panel(flown.level)
        self._begin(replay(flown.level, flown.seed, moves, tick, panel), panel, practice=True)
        self._paused = True
        self._emit({"say": "paused", "on": True})

    def _begin(self, world: World, panel: Panel, *, practice: bool) -> None:
        self._world, self._panel, self._practice = world, panel, practice
        self._landed = self._paused = False
        self._due = self._now()
        self._looking_back = iter(())
        if self._of != (world.level.id, world.seed):
            self._of, self._ghosts = (world.level.id, world.seed), {}
            self._company = self._fly_ghosts(ghosts.company(world.level, world.seed))
        self._emit(
            {
                "say": "flight",
                "level": world.level.id,
                "seed": world.seed,
                "practice": practice,
                "initial": world.initial,
                "rate": world.rate,
                "batch": world.batch,
                "checkpoint": world.checkpoint,
                "steps": [_row(i) for i in world.flown],
                "moves": [_plain(m) for m in world.moves],
                "crashed": world.crashed,
                "series": {
                    n: [[t, _finite(v)] for t, v in panel.series.get(n, [])] for n in ("sharpness/stability",)
                },
            }
        )
        for ghost in self._ghosts.values():
            self._show(ghost)

    def _race(self, name: str, log: Log) -> None:
        if (log.level.id, log.seed) != self._of:
            raise DescentryError(
                "this flight was flown somewhere else",
                where=f"{log.level.title}, seed {log.seed}",
                how="Take off on its level and seed first.",
            )
        rival = self._fly_ghosts(ghosts.rival(name or "a rival", log))
        self._company = itertools.chain(rival, self._company)

    def _moved(self, move: Move) -> None:
        self._emit({"say": "moved", **_plain(move)})

    def _rolled_back(self, world: World) -> None:
        if world.over or world.spent + world.level.rollback_cost >= world.level.steps:
            raise DescentryError("there is no budget left to roll back", how="Land.")
        move = world.apply("rollback")
        self._due = self._now()
        self._emit(
            {"say": "rolled back", **_plain(move), "spent": world.spent, "checkpoint": world.checkpoint}
        )

    # What happens by itself

    def work(self) -> float:
        """Does what is due, a little at a time; seconds until there is more to do."""
        world = self._world
        if world is None:
            return _IDLE
        if not (self._landed or self._paused or world.crashed):
            wait = self._due - self._now()
            if wait <= 0:
                self._fly(world)
                return 0.0
        else:
            wait = _IDLE
        for work in (self._company, self._looking_back):
            if next(work, _DONE) is not _DONE:
                return 0.0
        return wait

    def _fly(self, world: World) -> None:
        """The steps that are due; a few at once where the pace is faster than messages are worth."""
        panel = self._panel
        assert panel is not None
        rows = []
        pause = 1 / (world.level.pace * self._speed)
        deadline = self._now() + 0.05
        while not (world.over or world.crashed):
            read = panel.wants(world.tick)
            rows.append(_row(world.advance()))
            self._due += pause
            if read or self._due > self._now() or self._now() > deadline:
                break
        self._due = max(self._due, self._now() - _BURST)
        if rows:
            self._emit({"say": "steps", "rows": rows, "checkpoint": world.checkpoint})
        if rows and panel.wants(rows[-1][0]):
            self._emit({"say": "gauges", "tick": rows[-1][0], **_gauges(panel)})
        if world.crashed:
            self._emit({"say": "crash", "tick": world.tick - 1, "checkpoint": world.checkpoint})
        elif world.over:
            self._land(world)

    def _land(self, world: World) -> None:
        self._landed = True
        self._emit({"say": "landing", "tick": world.tick, "crashed": world.crashed})
        self._looking_back = self._after(world)

    def _after(self, world: World) -> Iterator[None]:
        assert self._panel is not None
        final = math.nan if world.crashed else world.full_loss()
        finals = {name: ghost.final for name, ghost in self._ghosts.items()}
        got = score(world.level, final, world.initial, finals["oracle"], finals)
        log = Log(world.level, world.seed, tuple(world.moves), world.tick)
        self._emit(
            {
                "say": "landed",
                "final": _finite(got.final),
                "oracle": got.oracle,
                "regret": _finite(got.regret),
                "passed": got.passed,
                "target": target(world.level, got.oracle, world.initial),
                "against": {name: _finite(value) for name, value in got.against.items()},
                "practice": self._practice,
                "log": log.to_dict(),
            }
        )
        yield
        if world.flown:
            self._emit({"say": "story", "report": story.explain(run_of(world, self._panel)).to_dict()})
            yield
        for moment in debrief(log, world, self._panel):
            if moment is not None:
                told = dataclasses.asdict(moment)
                told |= {"arms": {n: _finite(v) for n, v in moment.arms.items()}}
                told |= {"yours": _finite(moment.yours), "gain": _finite(moment.gain)}
                self._emit({"say": "moment", **told})
            yield
        self._emit({"say": "debriefed"})

    # Ghosts

    def _fly_ghosts(self, flight: Iterator[Ghost | None]) -> Iterator[None]:
        try:
            for ghost in flight:
                if ghost is not None:
                    self._ghosts[ghost.id] = ghost
                    self._show(ghost)
                yield
        except DescentryError as error:  # a rival's log may hold moves that this level does not have
            self._emit({"say": "wrong", "what": error.what, "how": error.how})

    def _show(self, ghost: Ghost) -> None:
        self._emit(
            {
                "say": "ghost",
                "id": ghost.id,
                "title": ghost.title,
                "final": _finite(ghost.final),
                "loss": [_finite(v) for v in ghost.loss],
                "rate": list(ghost.rate),
            }
        )


def _gauges(panel: Panel) -> dict[str, Any]:
    named = {
        "stability": panel.last("sharpness/stability"),
        "sharpness": panel.last("sharpness"),
        "noise": panel.noise(),
        "agreement": panel.last("gradient-agreement"),
    }
    return {name: None if value is None else _finite(value) for name, value in named.items()}


def _row(instant: Instant) -> list[Any]:
    """Tick, update, spent, loss, gradient norm, rate, batch."""
    return [
        instant.tick,
        instant.step,
        round(instant.spent, 6),
        _finite(instant.loss),
        _finite(instant.norm),
        instant.rate,
        instant.batch,
    ]


def _plain(move: Move) -> dict[str, Any]:
    return {"tick": move.tick, "kind": move.kind, "value": move.value}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(message: Mapping[str, Any], name: str) -> float:
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise DescentryError(f"{name} is to be a number")
    return float(value)
