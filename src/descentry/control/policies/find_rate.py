"""Search for a learning rate, where the one that was given does not work.

## What it does

Begins a search inside the training: short trials at different rates from one kept state. When it has ended,
its rate is used, unless the one that was given is as good.

## When it decides

At the first step, when it is asked for. In the first steps, when the loss runs away or breaks before a
quarter of it was gained. After 32, 64, 128 and 256 steps, when the fall from their first quarter to their
last is surely (by two standard errors) less than a fiftieth of the first loss, or the weights have moved by
less than a hundred-thousandth of their size a step; after 256 also when it is not surely more, but surely
less than a quarter. After 128 or
256 steps, when the loss is still above six tenths of the first and falls, surely, no more slowly than it
did at the beginning: then the rate is what limits it. Later, when the loss is no longer improving and has
never improved.

## What it changes

During the search, the rate and (between trials) the weights. After it, the multiplier on the schedule, so
that its peak is the rate that was found.

## When it holds back

When the loss falls and slows down as it does so: whether another rate would end lower a short trial cannot
tell. Short trials prefer small rates to what is best in the end (Wu et al. 2018), so one that prefers a
larger rate can be trusted; where the fall does not slow down, only a larger rate is taken. Under a schedule
of the training's own a slow fall is left to it. Where it was searched twice before, or too few steps are
left. During a warm-up the steps are counted from when the rate has stopped rising.

## Sources

Forks from one snapshot and successive halving: docs/find-lr.md. A search in the middle of a healthy run
makes it worse (docs/decisions/0012-pilot.md), which is why only an alarm starts one. A thousandth of the
weights in a step is usual (Karpathy, CS231n notes); a hundredth of that, a fiftieth and the steps are
choices. The fall that does not slow down: 0 of 2,014 healthy trainings of `benchmarks/streams.py` at their
best rate or down to three tenths of it are taken for too slow after 128 steps, and 0 of 1,420 after 256.
"""

from __future__ import annotations

from descentry.control._start import ERRORS, Pace
from descentry.control.monitors import Alarm
from descentry.control.policies._entry import Case, Known, Policy, decided, rate_of
from descentry.core.data import Decision

FELL = 0.02  # of the loss before training
LEVELS = 0.54  # standard error of the difference of the medians of 8 and of 16 losses, in that of one
STILL = 1e-5  # of their size in a step: a hundredth of what is usual
AS_GOOD = 4.0  # a rate found within this factor of the given one is no reason to change it
SLOW = 0.6  # of the loss before training: a loss below it has come far enough
SURE = 6.0  # standard errors by which it still has to fall
TENTH = 10.0
MOST = 2  # searches
NEVER = 0.02  # of the first level: a gain below it is none
NOISE = 0.25  # and one below the noise is none, but for noise that is larger than this


def decide(known: Known) -> Decision | None:
    """Begins a search, ends one, or does nothing."""
    if known.found:
        return _use(known)
    if known.offered or not known.may_search or known.searches >= MOST or not known.kept:
        return None
    at = f"At {rate_of(known)} the loss"
    if known.phase == "start":
        if known.broken or known.risen:
            if known.first - known.lowest >= NOISE * abs(known.first):
                return None  # it did work, so a lower one will
            return _search(known, f"{at} is {known.loss:.4g} after {known.step + 1:,} steps", "lower-lr")
        if known.fell is not None and not _has_gained(known) and (_fails(known) or _is_idle(known)):
            fell = f"fell by {max(known.fell[0], 0.0):.2g} in {known.step + 1:,} steps"
            return _search(known, f"{at} {fell}", "raise-lr")
    if known.pace is not None and _is_slow(known, known.pace):
        share = 1.0 - known.pace.level / known.first
        said = f"{at} fell by {share:.0%} in {known.step + 1:,} steps, and no more slowly at the end: "
        said += "the rate is what limits it. Larger ones are tried, from here."
        numbers = {"rate": known.rate, "first": known.first}
        return decided("find-rate", known, said, {"search": True}, "raise-lr", "The loss falls.", **numbers)
    if known.phase == "start":
        return None
    stuck = known.alarms.get("no-longer-improving")
    gain = max(NEVER * abs(known.first), min(known.noise, NOISE * abs(known.first)))
    if stuck is not None and known.first - known.lowest < gain:
        return _search(known, f"The loss has not fallen in {known.step + 1:,} steps", "raise-lr")
    return None


def _has_gained(known: Known) -> bool:
    """Whether the level is surely below the first losses: in a warm-up it may fall before it is looked at."""
    fell = min(known.first, known.origin) - known.level
    return fell - ERRORS * LEVELS * known.noise >= FELL * abs(known.first)


def _is_idle(known: Known) -> bool:
    """Whether the last look cannot tell a fall from none, and surely sees no large one."""
    fell, error = known.fell or (0.0, 0.0)
    return known.last_look and not works(known) and fell + ERRORS * error < NOISE * abs(known.first)


def _is_slow(known: Known, pace: Pace) -> bool:
    """Whether the loss is still high, and falls as fast as at the beginning."""
    undisturbed = known.schedule != "own" and not known.searches and not known.acts
    falls = pace.early > 0.0 and pace.late >= pace.early and pace.late > SURE * pace.error
    return undisturbed and falls and pace.level > SLOW * known.first > 0.0


def works(known: Known) -> bool:
    """Whether the fall over the first steps is surely large enough."""
    fell, error = known.fell or (0.0, 0.0)
    return fell - ERRORS * error >= FELL * abs(known.first)


def _fails(known: Known) -> bool:
    """Whether the fall over the first steps is surely too small, or the weights stand all but still."""
    fell, error = known.fell or (0.0, 0.0)
    stands_still = known.moved is not None and known.moved < STILL and not works(known)
    return stands_still or fell + ERRORS * error < FELL * abs(known.first)


def _search(known: Known, why: str, remedy: str) -> Decision:
    # Where it cannot be told whether anything was gained, what may have been gained is kept.
    back = max(known.kept) if known.last_look and not _fails(known) else min(known.kept)
    said = f"{why}: other rates are tried, from how it was after {back:,} steps."
    change = {"search": True, "restore": back}
    return decided(
        "find-rate", known, said, change, remedy, "The loss falls within the first steps.",
        rate=known.rate, first=known.first,
    )  # fmt: skip


def _use(known: Known) -> Decision:
    found = known.found
    given, steps = found["given"], round(found["steps"])
    told = "asked" in found or "broke" in found
    if "rate" not in found and "broke" in found:
        lower = min(given, found.get("breaks", given)) / TENTH
        said = f"None of the rates that were tried for {steps} steps surely works, and {given:.2g} does not: "
        said += f"on at {lower:.2g}."
        change = {"lr": lower}
        return decided("find-rate", known, said, change, "lower-lr", "The loss does not run away.", **found)
    if "rate" not in found or (not told and found["fell"] < FELL * abs(known.first)):
        said = (
            f"Rates were tried for {steps} steps, and none surely lowers the loss: it stays at {given:.2g}."
        )
        return Decision(known.step, "find-rate", said, None, found, applied=False)
    rate, low, high = found["rate"], found["low"], found["high"]
    same = 1 / AS_GOOD <= rate / given <= AS_GOOD and low <= given <= high
    keep = not told and (same or ("slow" in found and rate < AS_GOOD * given))
    used = given if keep else rate
    width = f"learning rates of {low:.2g} to {high:.2g} work" if low < high else f"one of {low:.2g} works"
    said = f"Tried for {steps} steps: {width}"
    if keep:
        among = low <= given <= high
        said += f", {given:.2g} among them, so it stays." if among else f", and it stays at {given:.2g}."
    else:
        said += f", and {rate:.2g} is used."
    remedy = "raise-lr" if used > given else "lower-lr"
    look_for = "The loss falls, and does not jump."
    return decided("find-rate", known, said, {"lr": used}, remedy, look_for, **found)


_RISEN = {"risen": Alarm("risen", 9, 2, 0.0, 0.0, "")}
_STUCK = {"no-longer-improving": Alarm("no-longer-improving", 900, 500, 9.0, 8.0, "")}
_LINE = Pace(0.05, 0.05, 0.005, 1.8)
_FOUND = {"rate": 0.1, "low": 0.03, "high": 0.3, "steps": 90.0, "given": 1e-5, "fell": 0.5}

POLICY = Policy(
    id="find-rate",
    title="search for a learning rate, where the one that was given does not work",
    turn=15,
    decide=decide,
    cases=(
        Case(
            "it runs away at once",
            Known(9, 900.0, "start", level=500.0, alarms=_RISEN, kept=(0,)),
            {"search": True, "restore": 0},
        ),
        Case(
            "it runs away after it fell",
            Known(99, 900.0, "start", level=500.0, lowest=0.5, alarms=_RISEN, kept=(0,)),
            None,
        ),
        Case(
            "it does not move",
            Known(31, 1.0, "start", fell=(1e-5, 0.0), kept=(0,)),
            {"search": True, "restore": 0},
        ),
        Case(
            "within the noise it cannot be told, until the last look",
            Known(255, 1.0, "start", fell=(0.01, 0.1), last_look=True, kept=(0,)),
            {"search": True, "restore": 0},
        ),
        Case(
            "nor at the last look, where it may have fallen far",
            Known(255, 1.0, "start", fell=(0.1, 0.2), last_look=True, kept=(0,)),
            None,
        ),
        Case(
            "it fell in a warm-up, before the looks",
            Known(287, 0.3, "start", level=0.3, noise=0.1, fell=(0.0, 0.001), kept=(0,)),
            None,
        ),
        Case(
            "within the noise, but the weights stand still",
            Known(31, 1.0, "start", fell=(0.1, 0.2), moved=1e-8, kept=(0,)),
            {"search": True, "restore": 0},
        ),
        Case("it cannot be told yet", Known(31, 1.0, "start", fell=(0.1, 0.2), kept=(0,)), None),
        Case(
            "it falls in a straight line",
            Known(127, 1.8, first=2.0, kept=(100,), pace=_LINE),
            {"search": True},
        ),
        Case(
            "and in the end it has come far",
            Known(127, 0.9, first=2.0, kept=(100,), pace=_LINE._replace(level=0.9)),
            None,
        ),
        Case("it slows down", Known(127, 1.8, first=2.0, kept=(100,), pace=_LINE._replace(late=0.02)), None),
        Case(
            "it may be noise", Known(127, 1.8, first=2.0, kept=(100,), pace=_LINE._replace(error=0.03)), None
        ),
        Case(
            "in a straight line under a schedule",
            Known(127, 1.8, first=2.0, kept=(100,), pace=_LINE, schedule="own"),
            None,
        ),
        Case("it falls", Known(31, 0.5, "start", fell=(0.5, 0.1), kept=(0,)), None),
        Case(
            "it never fell",
            Known(900, 1.0, alarms=_STUCK, kept=(0, 850)),
            {"search": True, "restore": 0},
        ),
        Case(
            "a plateau after a fall",
            Known(900, 0.1, level=0.1, best=0.1, lowest=0.1, alarms=_STUCK, kept=(850,)),
            None,
        ),
        Case("it may not", Known(31, 1.0, "start", fell=(0.0, 0.0), kept=(0,), may_search=False), None),
        Case("a rate was found", Known(90, 0.5, found=_FOUND), {"lr": 0.1}),
        Case(
            "a slow fall prefers no smaller rate",
            Known(90, 0.5, found=_FOUND | {"given": 0.5, "slow": 1.0}),
            {"lr": 0.5},
        ),
        Case("the given rate is as good", Known(90, 0.5, found=_FOUND | {"given": 0.05}), {"lr": 0.05}),
        Case(
            "none was found, and the given one breaks",
            Known(90, 1.0, found={"steps": 90.0, "given": 10.0, "broke": 1.0, "breaks": 1.0}),
            {"lr": 0.1},
        ),
        Case("none lowers the loss", Known(90, 1.0, found=_FOUND | {"fell": 0.0}), None),
    ),
)
