"""How often the monitors cry wolf, and how late they are, beside other rules, on trainings with known faults.

    python -m benchmarks.monitors [--half dev|test]

What is true of a stream is read from the loss on all of the data (``streams.py``), which no rule sees:

- It *diverges* if it ends non-finite, or in its last tenth more than three quarters of its gain (before
  the fault) above its best level. It is well if that is less than a quarter; between, it is not scored.
- It *improves* at a step if the level of (0.84 t, t] is below that of (0.6 t, 0.76 t) by 2% of the scale
  of the gain and a quarter of the noise of a value, beyond twice the jitter of the levels. An alarm of a
  plateau is false if that is so both at the alarm and a quarter later, where nothing was done between.
- A *spike* is one batch whose inputs were multiplied; it counts where its loss is above all of the 100
  before it by twice their range.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import deque
from collections.abc import Callable, Iterable

import numpy as np

from benchmarks.streams import Stream, load
from descentry.control import monitors

Rule = Callable[[list[float]], int | None]


def monitor(name: str, alpha: float = 0.01) -> Rule:
    def rule(values: list[float]) -> int | None:
        update = monitors.start(name, alpha).update
        return next((t for t, v in enumerate(values) if update(t, v) is not None), None)

    return rule


def ema_rule(times: float, beta: float = 0.9) -> Rule:
    """The stop of fastai's rate finder: the smoothed loss above ``times`` its best."""

    def rule(values: list[float]) -> int | None:
        best, mean = math.inf, 0.0
        for t, v in enumerate(values):
            if not math.isfinite(v):
                return t
            mean = beta * mean + (1 - beta) * v
            smooth = mean / (1 - beta ** (t + 1))
            if t > 5 and smooth > times * best:
                return t
            best = min(best, smooth)
        return None

    return rule


def sigma_rule(k: float = 3.0, window: int = 50) -> Rule:
    """A value more than ``k`` standard deviations above the mean of the last ``window``."""

    def rule(values: list[float]) -> int | None:
        recent: deque[float] = deque(maxlen=window)
        total = squares = 0.0
        for t, v in enumerate(values):
            if not math.isfinite(v):
                return t
            if len(recent) == window:
                mean = total / window
                if v > mean + k * math.sqrt(max(squares / window - mean * mean, 0.0)):
                    return t
                total -= recent[0]
                squares -= recent[0] ** 2
            recent.append(v)
            total += v
            squares += v * v
        return None

    return rule


def finite_rule(values: list[float]) -> int | None:
    return next((t for t, v in enumerate(values) if not math.isfinite(v)), None)


def patience_rule(patience: int, epoch: int, threshold: float = 0.0, *, after: bool = False) -> Rule:
    """EarlyStopping (``threshold`` 0) and ReduceLROnPlateau (relative 1e-4, which acts one value later)."""

    def rule(values: list[float]) -> int | None:
        best, bad = math.inf, 0
        for e in range(len(values) // epoch):
            mean = math.fsum(values[e * epoch : (e + 1) * epoch]) / epoch
            if mean < best * (1 - threshold):
                best, bad = mean, 0
            else:
                bad += 1
                if bad >= patience + after:
                    return (e + 1) * epoch - 1
        return None

    return rule


def diverges(s: Stream) -> bool | None:
    """Whether it ran away; None where it is not scored."""
    clean = s.clean.astype(float)
    before = clean[s.at < s.fault] if s.fault >= 0 else clean
    before = before[np.isfinite(before)]
    if len(before) < 3:
        return None
    if s.recipe.what == "nan":
        return False
    last = clean[-len(clean) // 10 :]
    if not np.isfinite(last).all() or not math.isfinite(s.loss[-1]):
        return True
    share = (np.median(last) - before.min()) / max(clean[0] - before.min(), 1e-12)
    return True if share > 0.75 else False if share < 0.25 else None


def improves(s: Stream, t: float) -> float:
    """1 where the loss falls at a pace worth having, −1 on a plateau, 0 between."""
    past = s.at <= t
    at, clean = s.at[past], s.clean[past].astype(float)
    early, late = clean[(at >= 0.6 * t) & (at <= 0.76 * t)], clean[at >= 0.84 * t]
    if t < 40 or not len(early) or len(late) < 1 or len(clean) < 5 or not np.isfinite(clean).all():
        return 0
    jitter = 1.4826 * np.median(np.abs(np.diff(clean[-20:], 2))) / math.sqrt(6)
    jitter *= 1.25 * math.sqrt(1 / len(early) + 1 / len(late))
    level = np.median(late)
    since = np.interp(t / 16, at, clean)
    scale = math.sqrt(max(clean[0] - level, 0) * max(since - level, 0))
    noise = 1.4826 * np.median(np.abs(np.diff(s.loss[int(t / 2) : int(t) + 1], 2))) / math.sqrt(6)
    fall, floor = np.median(early) - level, 1e-5 * abs(level)
    if fall - 2 * jitter >= max(0.02 * scale, 0.25 * noise, floor):
        return 1
    return -1 if fall <= max(0.01 * scale, 0.1 * noise, floor) else 0


def too_early(s: Stream, t: int) -> bool:
    """Whether an alarm of a plateau at ``t`` comes while the loss falls before and after it."""
    if improves(s, t) != 1:
        return False
    end = s.fault if s.fault >= 0 else len(s.loss)
    return 1.25 * t >= end or improves(s, 1.25 * t) == 1


def interval(k: int, n: int) -> str:
    """A share with its exact 95% interval (Clopper & Pearson 1934)."""
    from scipy.stats import beta

    low = 0.0 if k == 0 else beta.ppf(0.025, k, n - k + 1)
    high = 1.0 if k == n else beta.ppf(0.975, k + 1, n - k)
    return f"{k} of {n} = {k / n:.2%} ({low:.2%} to {high:.2%})"


def delays(found: list[int], missed: int) -> str:
    every = np.array([*found, *[np.inf] * missed])
    if not len(every):
        return "–"
    middle, late = np.quantile(every, [0.5, 0.9], method="lower")
    return f"{len(found)} of {len(every)}, median {middle:.0f}, p90 {late:.0f}"


def row(name: str, *cells: str) -> None:
    print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def divergence(streams: Iterable[Stream]) -> None:
    row(
        "rule",
        "false alarms, healthy",
        "one bad batch",
        "raised, but back at the end",
        "too early",
        "divergence seen",
    )
    rules = {
        "`diverging`": monitor("diverging"),
        "only non-finite": finite_rule,
        "4 × EMA": ema_rule(4),
        "8 × EMA": ema_rule(8),
        "3 σ of 50": sigma_rule(),
        "6 σ of 50": sigma_rule(6),
        # Tuned on the half that is reported, in their favour: ten times the false alarms of `diverging`,
        # and as many.
        "25 × EMA": ema_rule(25),
        "60 σ of 50": sigma_rule(60),
        "1,000 × EMA": ema_rule(1000),
    }
    judged = [(s, diverges(s)) for s in streams]
    for name, rule in rules.items():
        false = {"healthy": [0, 0], "spike": [0, 0], "raise": [0, 0]}
        found, early, missed = [], 0, 0
        for s, truth in judged:
            if truth is None or (truth and s.fault < 0):
                continue
            values = s.loss.tolist()
            if s.recipe.what == "nan":
                values = values[: s.fault]
            at = rule(values)
            if not truth:
                count = false[s.recipe.what if s.recipe.what in false else "healthy"]
                count[0] += at is not None
                count[1] += 1
                continue
            broken = finite_rule(values)
            at = min((x for x in (at, broken) if x is not None), default=None)
            early += at is not None and at < s.fault
            missed += at is None
            if at is not None and at >= s.fault:
                found.append(at - s.fault)
        row(name, *(interval(*false[kind]) for kind in false), str(early), delays(found, missed))


def plateau(streams: list[Stream]) -> None:
    row("rule", "false alarms", "silent", "stalls: too early", "stalls seen")
    rules = {
        "`no-longer-improving`": monitor("no-longer-improving"),
        "`converged`": monitor("converged"),
        "ReduceLROnPlateau, each step": patience_rule(10, 1, 1e-4, after=True),
        "ReduceLROnPlateau, each 25 steps": patience_rule(10, 25, 1e-4, after=True),
        "EarlyStopping, patience 3, 25 steps": patience_rule(3, 25),
        "EarlyStopping, patience 0 (Keras), 25 steps": patience_rule(1, 25),
        "EarlyStopping, patience 10, 25 steps": patience_rule(10, 25),
    }
    for name, rule in rules.items():
        false = silent = early = missed = 0
        found: list[int] = []
        for s in streams:
            stall = s.recipe.what == "stall"
            values = s.loss.tolist()
            if s.recipe.what in ("raise", "nan", "spike"):
                values = values[: s.fault]
            at = rule(values)
            silent += at is None
            wrong = at is not None and not (stall and at >= s.fault) and too_early(s, at)
            false += wrong
            if stall and improves(s, s.fault) == 1:
                early += at is not None and at < s.fault
                missed += at is None
                if at is not None and at >= s.fault:
                    found.append(at - s.fault)
        row(name, interval(false, len(streams)), str(silent), str(early), delays(found, missed))


def spikes(streams: list[Stream]) -> None:
    row("rule", "runs with a false alarm", "spikes seen at the step")
    for name, make in {
        "`spike`": lambda: _every(monitors.start("spike").update),
        "3 σ of 50": lambda: _sigma(3.0),
        "6 σ of 50": lambda: _sigma(6.0),
    }.items():
        false = seen = there = 0
        for s in streams:
            what = s.recipe.what
            values = s.loss[: s.fault] if what in ("raise", "nan") else s.loss
            alarms = set(make()(values.tolist()))
            if what == "spike":
                before = s.loss[max(0, s.fault - 100) : s.fault]
                top = before.max()
                if s.loss[s.fault] > top + 2 * (top - before.min()):
                    there += 1
                    seen += s.fault in alarms
                alarms = {t for t in alarms if t < s.fault}
            false += bool(alarms)
        row(name, interval(false, len(streams)), f"{seen} of {there}")


def _every(update: Callable[[int, float], object]) -> Callable[[list[float]], list[int]]:
    return lambda values: [t for t, v in enumerate(values) if update(t, v) is not None]


def _sigma(k: float) -> Callable[[list[float]], list[int]]:
    rule = sigma_rule(k)

    def every(values: list[float]) -> list[int]:
        found, start = [], 0
        while (at := rule(values[start:])) is not None:
            found.append(start + at)
            start += at + 1
        return found

    return every


def speed() -> None:
    rng = np.random.default_rng(0)
    row("monitor", "µs an update")
    values = (3.0 * (1 + np.arange(20_000) / 20) ** -0.5 * (1 + 0.1 * rng.standard_t(3, 20_000))).tolist()
    for name in monitors.entries():
        best = math.inf
        for _ in range(5):
            update = monitors.start(name).update
            began = time.perf_counter()
            for t, v in enumerate(values):
                update(t, v)
            best = min(best, (time.perf_counter() - began) / len(values) * 1e6)
        row(f"`{name}`", f"{best:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--half", choices=("dev", "test"), default="test")
    half = parser.parse_args().half
    with np.errstate(all="ignore"):
        chosen = load(half)
        print(f"{half}: {len(chosen)} streams")
        for part in (divergence, plateau, spikes):
            print(f"\n{part.__name__}")
            part(chosen)
    print()
    speed()
