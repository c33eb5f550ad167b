"""The nouns: frozen, made of tuples and read-only arrays, so that they can be passed anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from descentry.core.errors import listed
from descentry.core.shown import Shown

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Verdict = Literal["healthy", "attention", "failing", "not examined"]
Concern = Literal["none", "attention", "failing"]
Status = Literal["supported", "refuted", "undetermined", "not examined"]
Safety = Literal["advise", "trial first", "automatic"]
ConvergenceStatus = Literal["converged", "still-improving", "not-converging", "undetermined"]
Worth = Literal["worth it", "little", "nothing", "cannot tell", "not examined"]


def frozen(array: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A view that nobody downstream can write to."""
    view = np.asarray(array, dtype=dtype).view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One metric of one run, in the order in which it was logged.

    Attributes:
        name: The metric as the log named it.
        split: ``train``, ``validation``, ``test``, or empty where the log does not say.
        step: int64[n], never decreasing; optimizer updates, or whatever ``step_name`` counts.
        value: float64[n]; NaN and infinities stay as they were logged.
        time: float64[n] seconds since the epoch, or None where the log has no times.
        step_name: What ``step`` counts: ``step``, ``epoch``, ``row`` …
    """

    name: str
    split: str
    step: Ints
    value: Floats
    time: Floats | None = None
    step_name: str = "step"

    def __post_init__(self) -> None:
        object.__setattr__(self, "step", frozen(self.step, np.int64))
        object.__setattr__(self, "value", frozen(self.value, np.float64))
        if self.time is not None:
            object.__setattr__(self, "time", frozen(self.time, np.float64))
        if self.step.shape != self.value.shape or self.step.ndim != 1:
            shapes = f"{self.step.shape} and {self.value.shape}"
            raise ValueError(f"step and value must be two vectors of one length, not {shapes}")

    def __len__(self) -> int:
        return len(self.value)

    def __repr__(self) -> str:
        span = f", {self.step_name} {self.step[0]}–{self.step[-1]}" if len(self) else ""
        return f"Series({self.name!r}, {len(self):,} points{span})"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something in the log that could not be read, or had to be decided; shown on every report.

    Attributes:
        kind: A short id, such as ``truncated``, ``empty-cells``, ``duplicate-steps``, ``resume``.
        what: One sentence for the user.
        count: How many lines, cells or points it concerns.
        series: The metric it concerns, or empty.
        start: First step concerned, where known.
        stop: Last step concerned, where known.
    """

    kind: str
    what: str
    count: int = 1
    series: str = ""
    start: int | None = None
    stop: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One training run: its series, what is known of its settings, and what could not be read."""

    name: str
    source: str
    series: tuple[Series, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    reader: str = ""

    def __getitem__(self, name: str) -> Series:
        for series in self.series:
            if series.name == name:
                return series
        raise KeyError(name)

    def __repr__(self) -> str:
        return f"Run({self.name!r}, {len(self.series)} series: {listed([s.name for s in self.series], 6)})"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95% interval and its unit (``fraction``, ``loss``, ``steps``, ``noise`` …)."""

    value: float
    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A behaviour seen in a series.

    Attributes:
        behaviour: Id of the behaviour.
        series: Name of the series it was seen in.
        start: First step of it.
        stop: Last step of it.
        size: How large it is, with an interval; None where a size has no meaning.
        confidence: Between 0 and 1.
        sentence: What a person reads.
        concern: What it means for the run, on its own.
    """

    behaviour: str
    series: str
    start: int
    stop: int
    size: Estimate | None
    confidence: float
    sentence: str
    concern: Concern = "none"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One reading of an instrument on a live run.

    Attributes:
        instrument: Id of the instrument.
        series: What was read: the instrument's name for it, with the layer where there is one
            (``update-ratio/fc1.weight``).
        step: The optimizer update it was read at.
        value: The reading.
        error: Its standard error; None where it is exact or unknown.
        unit: Of value and error.
        cost: Seconds that the reading took, this series' share of them.
        bound: Which side the true value lies on: ``""``, ``lower`` or ``upper``.
    """

    instrument: str
    series: str
    step: int
    value: float
    error: float | None
    unit: str
    cost: float
    bound: Literal["", "lower", "upper"] = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for or against a cause.

    Attributes:
        source: Id of the sign it was read from.
        weight: Log-likelihood ratio in nats: above 0 speaks for the cause, below 0 against it.
        value: What was measured.
        reference: What the value is compared with, in words.
        sentence: What a person reads.
    """

    source: str
    weight: float
    value: float
    reference: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change that may cure a cause, sized for this run.

    Attributes:
        id: Id of the remedy.
        change: The change as data, such as ``{"lr": 0.012}``; empty where no number could be worked out.
        sentence: What to do, in words.
        look_for: What tells that it worked.
        safety: ``advise`` (a person decides), ``trial first``, or ``automatic`` (a pilot may apply it).
        reversible: Whether the run can be brought back to where it was.
    """

    id: str
    change: Mapping[str, Any]
    sentence: str
    look_for: str
    safety: Safety
    reversible: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about a run at one step, and because of what; kept in the run's journal.

    Attributes:
        step: The optimizer update whose loss brought it about.
        policy: Id of the policy that decided.
        because: One sentence with the numbers, for a person.
        remedy: What is changed, sized; None where nothing is.
        numbers: The same numbers by name.
        applied: Whether it was carried out; False where it is advice only.
        by: Who decided.
    """

    step: int
    policy: str
    because: str
    remedy: Remedy | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    applied: bool = True
    by: str = "pilot"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is known of one cause in one run.

    Attributes:
        cause: Id of the cause.
        title: What it is, in a few words.
        status: ``supported``, ``refuted``, ``undetermined``, or ``not examined`` where next to nothing that
            could tell was recorded.
        probability: Between 0 and 1, given the evidence.
        concern: What the cause means for a run that has it.
        evidence: What speaks for it and against it, the weightiest first.
        missing: Titles of the signs that could not be read; they moved nothing.
        remedies: What to do about it, first things first.
        next_measurement: The one measurement that would settle the most doubt; empty when nothing would.
    """

    cause: str
    title: str
    status: Status
    probability: float
    concern: Concern = "none"
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    next_measurement: str = ""


@dataclass(frozen=True, slots=True)
class Convergence:
    """The verdict on the end of a run.

    Practical: the loss has stopped improving meaningfully relative to its noise. Never a promise of the
    best model, of a perfect solution or of a global optimum, and ``sentence`` says so.
    """

    status: ConvergenceStatus
    confidence: float
    sentence: str
    since: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """A forecast as a band to draw: the middle and both ends of its interval, from the last step on.

    Attributes:
        step: int64[k], rising.
        middle: float64[k], the median.
        low: float64[k], the lower end of the interval.
        high: float64[k], the upper end.
    """

    step: Ints
    middle: Floats
    low: Floats
    high: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "step", frozen(self.step, np.int64))
        for name in ("middle", "low", "high"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What going on as before is expected to bring; its intervals are 90% intervals, not 95%.

    Levels are of the smooth curve, not of single batches, and as the log has them: a metric that rises
    is not turned round. Only ``gain`` is: it is positive where things get better.

    Attributes:
        series: Name of the series it is about.
        at: The step that it starts from: the last one logged.
        horizon: How many steps more it looks ahead.
        current: The level at ``at``; None where nothing was forecast, as for the next two.
        expected: The level at ``at + horizon``.
        gain: ``current`` to ``expected`` as a fraction of ``current``, or in units of the series where that
            has no meaning (a metric that rises, or one that is not positive throughout).
        share: The same gain as a fraction of the scale of the curve: what ``worth`` is decided by, and what
            does not change when a constant is added to the loss.
        chance: How likely a worthwhile gain is, above 5.6% of the scale of the curve.
        worth: Whether going on is worth it; ``not examined`` where there is no forecast.
        sentence: What a person reads.
        caveats: What has to hold for the forecast to hold.
        fan: For drawing; None where nothing was forecast.
        basis: The kinds of curve it is a mixture of, and the weight of each.
    """

    series: str
    at: int
    horizon: int
    current: Estimate | None
    expected: Estimate | None
    gain: Estimate | None
    share: Estimate | None
    chance: float
    worth: Worth
    sentence: str
    caveats: tuple[str, ...] = ()
    fan: Fan | None = None
    basis: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Report(Shown):
    """What descentry has to say about one run.

    Attributes:
        run: The run it is about.
        verdict: ``healthy``, ``attention``, ``failing`` or ``not examined``.
        headline: The verdict in one sentence.
        main: The series that the story is about; None when there was none to examine.
        findings: What was seen, in the order of their first step.
        convergence: The verdict on the end of the run.
        higher_is_better: Whether the main series was judged as one that should rise.
        next_steps: What to do next, most useful first.
        not_examined: What was not looked at, and why.
        diagnoses: Why the curve does this: every cause that was weighed, the likeliest first.
    """

    run: Run
    verdict: Verdict
    headline: str
    main: Series | None
    findings: tuple[Finding, ...]
    convergence: Convergence
    higher_is_better: bool = False
    next_steps: tuple[str, ...] = ()
    not_examined: tuple[str, ...] = ()
    forecast: Forecast | None = None
    diagnoses: tuple[Diagnosis, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(Shown):
    """The reports of several runs, in the order in which they were read."""

    reports: tuple[Report, ...]
    source: str = ""

    def __len__(self) -> int:
        return len(self.reports)

    def __iter__(self) -> Iterator[Report]:
        return iter(self.reports)

    def __getitem__(self, index: int) -> Report:
        return self.reports[index]
