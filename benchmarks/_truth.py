"""From what was done to a training to what its curve shows: which labels a person would agree with.

Noise is the median absolute second difference, scaled to a standard deviation; the range is from the 5th
to the 95th percentile of the undisturbed points. The bounds leave a no man's land on purpose: what lies in
it is unscored.

- ``smooth-decrease``: noise at most 1.5% of the range, on the whole and while it falls;
  ``noisy-decrease``: at least 3.5%, and 2% of the whole fall. (Of the recorded runs with labels read by
  eye, those called smooth lie below 2%, those called noisy above 2.7%.)
- ``slow-decrease``: the loss without noise covered under 15% of what the task can fall, its second half
  fell at least 60% as far as its first, and the fall shows in the noise. Smooth or noisy is then unscored,
  and so is slow from 15% to 40%.
- ``sudden-drop``, ``jump-up``: the medians before and after differ by 2.5 times the noise and 5% of the
  range.
- ``spike``: 8 times the noise and 10% of the range above its surroundings, and back within 5% of the run.
- ``plateau``: at least 15% of the run, within which the loss without noise moves by under 2% of its whole
  fall, and after which it visibly falls on.
- ``divergence``: at least 4 points further above the lowest level than the first value, in the end three
  times as far.
- ``overfitting``: validation loss ends above its lowest by over 15% of its fall, and training loss fell
  meanwhile; under 3% is none; between is unscored.
- ``converged``: in the last quarter, the loss without noise falls by under 0.3% of its whole fall, or 1%
  where the noise hides it (and not by half, where there is no noise: a steady fall on logarithmic axes).
  ``still-improving``: by over 4%, in the last tenth by over 1.2%, and visibly.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks._nouns import FALLS, Array, Event, Ints, Sketch, Tape
from descentry.core.data import ConvergenceStatus


def noise_of(value: Array) -> float:
    """Standard deviation of the point-to-point noise."""
    if len(value) < 5:
        return 0.0
    bend = np.abs(value[2:] - 2 * value[1:-1] + value[:-2]) / np.sqrt(6)
    return float(np.median(bend) / 0.6745)


def settle(
    sketch: Sketch,
) -> tuple[frozenset[str], tuple[Event, ...], ConvergenceStatus | None, frozenset[str]]:
    """The labels, events, end and unscored behaviours that a person would agree with."""
    tape, unscored = sketch.tape, set(sketch.unscored)
    loss = -tape.value if sketch.rising else tape.value
    calm = loss[_undisturbed(tape.step, sketch.events) & np.isfinite(loss)]
    noise = noise_of(calm)
    seen = [event for event in sketch.events if stands_out(event, tape, loss)]
    unscored |= {event.behaviour for event in sketch.events} - {event.behaviour for event in seen}
    labels = {event.behaviour for event in seen}
    slow = sketch.falls and not seen and _slow(sketch, loss, noise, unscored)
    if slow:
        labels.add("slow-decrease")
        unscored |= FALLS
    elif sketch.falls:
        unscored |= _kind_of_fall(tape, loss, calm, noise, sketch.events, labels)
    if len(tape.val):
        share = (tape.val[-1] - tape.val.min()) / max(tape.val[0] - tape.val.min(), 1e-300)
        lowest = np.interp(tape.val_step[tape.val.argmin()], tape.clean_step, tape.clean)
        if share > 0.15 and tape.clean[-1] < lowest - 0.03 * float(np.ptp(tape.clean)):
            labels.add("overfitting")
            seen.append(Event("overfitting", int(tape.val_step[tape.val.argmin()]), int(tape.val_step[-1])))
        elif share > 0.03:
            unscored.add("overfitting")
    if _outlies(calm, noise):
        unscored |= {"spike"} - {event.behaviour for event in sketch.events}
    if _flat_before_falling(tape.clean):
        unscored |= {"plateau", "sudden-drop", "stuck"} - {event.behaviour for event in sketch.events}
    end = _end(sketch, noise, len(loss)) if sketch.end == "measure" else sketch.end
    start = loss[: max(len(loss) // 50, min(5, len(loss) // 10))]
    if sketch.falls and float(np.mean(start) - np.median(calm)) < 2.5 * noise and end == "converged":
        # The fall is lost in the noise: nobody could tell this from a run that never moved.
        end = None
        unscored |= {"stuck", "plateau"} | FALLS
    events = tuple(
        sorted((e for e in seen if e.behaviour not in unscored), key=lambda e: (e.start, e.behaviour))
    )
    return frozenset(labels - unscored), events, end, frozenset(unscored)


def is_steady(clean: Array) -> bool:
    """The second half falls at least 60% as far as the first."""
    middle = clean[len(clean) // 2]
    return bool(middle - clean[-1] >= 0.6 * (clean[0] - middle))


def _kind_of_fall(
    tape: Tape, loss: Array, calm: Array, noise: float, events: tuple[Event, ...], labels: set[str]
) -> frozenset[str]:
    """Adds smooth or noisy to the labels, or gives them back as unscored."""
    fallen = (
        np.interp(tape.step, tape.clean_step, tape.clean) < 0.95 * tape.clean.min() + 0.05 * tape.clean[0]
    )
    falling = loss[: max(int(np.argmax(fallen)), 10)] if fallen.any() else loss
    spread = max(float(np.ptp(np.percentile(calm, [5, 95]))), 1e-300)
    whole = max(float(np.ptp(tape.clean)), spread)
    ratios = noise / spread, noise_of(falling[np.isfinite(falling)]) / spread
    for step in [event.start for event in events if event.behaviour in {"sudden-drop", "jump-up"}][:1]:
        # What falls only at the event does not fall otherwise.
        before = loss[tape.step < step]
        n = max(len(before) // 20, 3)
        if float(np.median(before[:n]) - np.median(before[-n:])) < 0.2 * float(
            np.ptp(np.percentile(loss, [2, 98]))
        ):
            return FALLS
    if max(ratios) <= 0.015:
        labels.add("smooth-decrease")
    elif min(ratios) >= 0.035 and noise / whole >= 0.02:
        labels.add("noisy-decrease")
    else:
        return FALLS
    return frozenset()


def _slow(sketch: Sketch, loss: Array, noise: float, unscored: set[str]) -> bool:
    clean = sketch.tape.clean
    progress = (clean[0] - clean[-1]) / (clean[0] - sketch.best)
    steady = is_steady(clean)
    n = max(len(loss) // 5, 2)
    error = noise * np.sqrt(2 / n)
    fall = float(np.mean(loss[:n]) - np.mean(loss[-n:]))
    if progress < 0.15 and steady and fall > max(noise, 6 * error):
        return True
    if progress < 0.4 or (steady and sketch.rising):
        unscored.add("slow-decrease")
    if fall < max(2 * noise, 6 * error):
        unscored.update(FALLS)
    return False


def _outlies(calm: Array, noise: float) -> bool:
    """A batch stands out so far that some would call it a spike, though nothing was done there."""
    if len(calm) < 10:
        return False
    rise = calm[1:-1] - np.maximum(calm[:-2], calm[2:])
    return bool(np.max(rise) > max(15 * noise, 0.3 * float(np.ptp(np.percentile(calm, [2, 98])))))


def _flat_before_falling(clean: Array) -> bool:
    """For 15% of the run it moves little, and much of the fall is to come; or it then falls faster.

    A plateau or a sudden drop to some eyes, though nothing was done.
    """
    width = max(round(0.15 * len(clean)), 4)
    whole = float(np.ptp(clean))
    tenth = max(len(clean) // 10, 2)
    falls = clean[:-tenth] - clean[tenth:]
    if any(falls[i] > 0.25 * whole and falls[i] > 3 * falls[i - tenth] for i in range(tenth, len(falls))):
        return True
    return any(
        float(np.ptp(clean[i : i + width])) < 0.03 * whole
        and clean[i + width] - clean[i + width :].min() > 0.1 * whole
        for i in range(len(clean) - width)
    )


def _undisturbed(step: Ints, events: tuple[Event, ...]) -> npt.NDArray[np.bool_]:
    keep = np.ones(len(step), dtype=bool)
    for event in events:
        if event.behaviour in {"spike", "jump-up", "divergence", "non-finite", "oscillation"}:
            keep &= (step < event.start) | (step > event.stop)
    return keep if keep.sum() >= 5 else np.ones(len(step), dtype=bool)


def stands_out(event: Event, tape: Tape, loss: Array | None = None) -> bool:
    """Whether a person would see the event; ``loss`` where it is not the recorded value itself."""
    loss = tape.value if loss is None else loss
    first, last = np.searchsorted(tape.step, [event.start, event.stop], side="left")
    last = min(int(last), len(loss) - 1)
    inside = loss[first : last + 1]
    window = max(len(loss) // 25, 4)
    before, after = loss[max(first - window, 0) : first], loss[last + 1 : last + 1 + window]
    finite = loss[np.isfinite(loss)]
    spread = float(np.ptp(np.percentile(finite, [2, 98])))
    match event.behaviour:
        case "non-finite":
            return not np.isfinite(inside).any()
        case "stuck":
            fall = abs(tape.clean[0] - tape.clean[-1])
            return bool(fall <= max(0.2 * noise_of(loss), 1e-6 * abs(tape.clean[0])))
        case "divergence":
            calm = loss[: first + 1]
            low, high = float(np.nanmin(calm)), float(np.nanmax(inside[np.isfinite(inside)], initial=-np.inf))
            first_value = max(float(calm[0]) - low, abs(float(calm[0])))
            return int(np.sum(inside - low > first_value)) >= 4 and high - low >= 3 * first_value
        case "plateau":
            i, j = np.searchsorted(tape.clean_step, [event.start, event.stop])
            still = float(np.ptp(tape.clean[i:j])) if j > i else np.inf
            onward = float(tape.clean[min(j, len(tape.clean) - 1)] - tape.clean[-1])
            seen = onward > max(0.08 * float(np.ptp(tape.clean)), 1.5 * noise_of(inside))
            return len(inside) >= 0.15 * len(loss) and still <= 0.02 * float(np.ptp(tape.clean)) and seen
        case "spike":
            if len(before) < 3 or len(after) < 3:
                return False
            rise = float(np.max(inside)) - float(np.median(np.r_[before, after]))
            settled = abs(float(np.median(after) - np.median(before)))
            return rise > max(8 * noise_of(np.r_[before, after]), 0.1 * spread) and settled < 0.3 * rise
        case "sudden-drop" | "jump-up":
            if len(before) < 3 or len(after) < 3:
                return False
            move = float(np.median(before) - np.median(after))
            move = -move if event.behaviour == "jump-up" else move
            later = loss[last + 1 : last + 1 + len(loss) // 4]
            if event.behaviour == "jump-up" and float(np.median(later) - np.median(before)) < 0.6 * move:
                return False
            scatter = (
                noise_of(before) if event.behaviour == "jump-up" else max(noise_of(before), noise_of(after))
            )
            return move > max(2.5 * scatter, 0.05 * spread)
    return True


def _end(sketch: Sketch, noise: float, points: int) -> ConvergenceStatus | None:
    clean = sketch.tape.clean
    n = max(len(clean) // 12, 1)
    whole = float(clean[0] - clean.min())
    now, quarter_ago = clean[-n:], clean[int(0.72 * len(clean)) :][: 2 * n]
    fall = float(quarter_ago.mean() - now.mean())
    if abs(fall) < max(0.003 * whole, min(noise, 0.01 * whole)):
        silent = noise < 1e-3 * whole and not sketch.rising
        return (
            None
            if silent and now.mean() - sketch.floor < 0.5 * (quarter_ago.mean() - sketch.floor)
            else "converged"
        )
    lately = float(clean[-max(len(clean) // 10, 2)] - clean[-1])
    if fall > 0.04 * whole and lately > 0.012 * whole and fall > 6 * noise * np.sqrt(8 / points):
        return "still-improving"
    return None
