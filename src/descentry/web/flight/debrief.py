"""What there was to see and what there was to gain, moment by moment, after the landing.

At some moments of the flight the training is forked: from the same weights, on the same batches, each of a
few moves is tried over a short stretch, beside what the pilot did. A stretch is short, and says so: choosing
rates by short trials is biased towards low ones where there is noise (Wu et al. 2018, *Understanding
Short-Horizon Bias in Stochastic Meta-Optimization*).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from descentry import story
from descentry.core.data import Report
from descentry.diagnosis import supported
from descentry.web.flight._level import FLOOR, Level
from descentry.web.flight.gauges import Panel, run_of
from descentry.web.flight.log import Log, Move
from descentry.web.flight.world import World, replayed

ARMS: tuple[tuple[str, float], ...] = (
    ("hold", 1.0),
    ("halve", 1 / 2),
    ("a third", 1 / 3),
    ("a tenth", 1 / 10),
    ("double", 2.0),
    ("triple", 3.0),
    ("ten times", 10.0),
)
_VERBS = {
    "halve": "halving the rate",
    "a third": "cutting the rate to a third",
    "a tenth": "cutting the rate to a tenth",
    "double": "doubling the rate",
    "triple": "tripling the rate",
    "ten times": "ten times the rate",
}
MOST = 9  # moments; a page has no room for more
EVEN = 5  # of them spread over the flight, whatever was done there
ALIKE = 0.02  # decades, 5%: what is closer than that is called as good
SAID = 3  # sentences of evidence


@dataclass(frozen=True)
class Moment:
    """One moment of a flight, looked back on.

    Attributes:
        tick: When it was.
        what: Why it was chosen, or what was done there.
        rate: The rate that was in force.
        headline: What the evidence said by then: the headline of the report on the curve up to there.
        verdict: Its verdict.
        evidence: The likeliest cause by then and the sentences that spoke for it.
        horizon: How many steps were looked ahead.
        yours: Loss on all of the data after what was really flown.
        arms: The same for each move, by its name; NaN where it crashed.
        best: The name of the best move, or ``yours``.
        gain: Decades by which it would have been better than what was flown; 0 for ``yours``.
        sentence: What a person reads.
    """

    tick: int
    what: str
    rate: float
    headline: str
    verdict: str
    evidence: tuple[str, ...]
    horizon: int
    yours: float
    arms: dict[str, float]
    best: str
    gain: float
    sentence: str


def horizon(level: Level) -> int:
    """Steps that a fork looks ahead: a twelfth of the budget."""
    return max(5, level.steps // 12)


def chosen(level: Level, world: World) -> dict[int, str]:
    """The moments worth looking at, with the reason: crashes, the largest moves, and some in between."""
    ahead = horizon(level)
    end = world.tick
    crash = [i.tick for i in world.flown if not (math.isfinite(i.loss) and math.isfinite(i.norm))]
    found = {max(0, t - ahead // 2): f"shortly before the crash at step {t}" for t in crash[:3]}
    bursts = sorted(_bursts(level, world.moves), key=lambda burst: -abs(burst.size))
    spaced = max(2, end // 25)
    for burst in bursts:
        if len(found) >= MOST - EVEN:
            break
        if all(abs(burst.tick - t) >= spaced for t in found):
            found[burst.tick] = burst.words
    for k in range(EVEN):
        tick = round(k * end / EVEN)
        if len(found) < MOST and tick < end and all(abs(tick - t) >= spaced for t in found):
            found[tick] = "the take-off" if tick == 0 else "nothing was moved here"
    return dict(sorted(found.items()))


@dataclass(frozen=True)
class _Burst:
    """Moves so close together that they were one decision."""

    tick: int
    size: float  # decades of rate; other controls count as 1
    words: str


def _bursts(level: Level, moves: Sequence[Move]) -> list[_Burst]:
    near = max(2, level.steps // 40)
    groups: list[list[Move]] = []
    for move in moves:
        if groups and move.tick - groups[-1][0].tick <= near and move.kind == groups[-1][-1].kind == "rate":
            groups[-1].append(move)
        else:
            groups.append([move])
    rate, found = level.lr, []
    for group in groups:
        first, last = group[0], group[-1]
        if last.kind == "rate":
            size = math.log10(last.value / rate)
            found.append(_Burst(first.tick, size, f"the rate went from {rate:.2g} to {last.value:.2g}"))
            rate = last.value
        elif last.kind == "batch":
            found.append(_Burst(first.tick, 1.0, f"the batch was set to {last.value:.0f}"))
        else:
            found.append(_Burst(first.tick, 1.0, f"rolled back to update {last.value:.0f}"))
    return found


def debrief(log: Log, world: World, panel: Panel) -> Iterator[Moment | None]:
    """The moments of a flight in order, and None now and then between. Cost: about four budgets of gradients.

    Args:
        log: The flight.
        world: As it was left at the landing.
        panel: What the instruments read on the way.
    """
    reasons = chosen(log.level, world)
    ahead = horizon(log.level)
    waiting: dict[int, tuple[float, dict[str, float]]] = {}
    looked: set[int] = set()
    for now in replayed(log.level, log.seed, log.moves, log.ticks):
        for tick in [t for t in waiting if now.tick >= min(t + ahead, log.ticks)]:
            rate, arms = waiting.pop(tick)
            yours = math.nan if now.crashed else now.full_loss()
            yield _moment(tick, reasons[tick], rate, arms, yours, world, panel, now.tick - tick)
        if now.tick in reasons and now.tick not in looked and now.tick < log.ticks and not now.crashed:
            looked.add(now.tick)
            arms = {}
            for name, factor in ARMS:
                arms[name] = _ahead(now, now.rate * factor, min(ahead, log.ticks - now.tick))
                yield None
            waiting[now.tick] = (now.rate, arms)


def _ahead(world: World, rate: float, steps: int) -> float:
    fork = world.fork()
    fork.rate = fork.level.clamped(rate)
    for _ in range(steps):
        if fork.over or fork.crashed:
            break
        fork.advance()
    return math.nan if fork.crashed else fork.full_loss()


def _moment(
    tick: int,
    what: str,
    rate: float,
    arms: dict[str, float],
    yours: float,
    world: World,
    panel: Panel,
    steps: int,
) -> Moment:
    best, gain = _best(arms, yours, FLOOR * world.initial)
    report = story.explain(run_of(world, panel, until=max(1, tick)))
    evidence = _evidence(report)
    sentence = _sentence(best, gain, rate, steps, yours)
    return Moment(
        tick, what, rate, report.headline, report.verdict, evidence, steps, yours, arms, best, gain, sentence
    )


def _best(arms: dict[str, float], yours: float, floor: float) -> tuple[str, float]:
    """The best move, and by how many decades it beats what was flown; ``yours`` where none does clearly."""
    alive = {name: loss for name, loss in arms.items() if math.isfinite(loss)}
    if not alive:
        return "yours", 0.0
    best = min(alive, key=lambda name: alive[name])
    if not math.isfinite(yours):
        return best, math.inf
    gain = math.log10((yours + floor) / (alive[best] + floor))
    return (best, gain) if gain > ALIKE else ("yours", 0.0)


def _evidence(report: Report) -> tuple[str, ...]:
    for diagnosis in supported(report.diagnoses)[:1]:
        told = [e.sentence for e in diagnosis.evidence if e.weight > 0][:SAID]
        return (f"Likeliest: {diagnosis.title}.", *told)
    return ()


def _sentence(best: str, gain: float, rate: float, steps: int, yours: float) -> str:
    if best == "yours":
        return f"Over the next {steps} steps nothing that was tried did clearly better than what you did."
    factor = dict(ARMS)[best]
    move = f"holding {rate:.2g}" if factor == 1 else f"{_VERBS[best]} (to {rate * factor:.2g})"
    if not math.isfinite(yours):
        return f"Over the next {steps} steps {move} would have kept you in the air."
    lower = (
        "far lower"
        if gain > 3
        else f"{1 - 10**-gain:.0%} lower"
        if gain < 1
        else f"{10**gain:.0f} times lower"
    )
    return f"Over the next {steps} steps {move} would have brought the loss {lower} than you did."
