"""Explains runs: picks the curve, runs the behaviours, weighs what they found into a verdict."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from descentry import readers, verdicts
from descentry.behaviours._convergence import convergence
from descentry.behaviours._curve import MIN_POINTS, Curve
from descentry.behaviours._entry import Behaviour
from descentry.behaviours._words import amount
from descentry.core import catalog, metrics
from descentry.core.data import Comparison, Convergence, Diagnosis, Finding, Forecast, Report, Run, Series
from descentry.core.errors import DescentryError, NoCurveError, SeveralRunsError, UnknownNameError, listed
from descentry.core.ranks import median
from descentry.core.readings import readings
from descentry.diagnosis import diagnose, supported, worth_measuring
from descentry.facts import Facts
from descentry.forecast import forecast

# Of so many series with names that say nothing the first is taken; of more, the user has to choose.
FEW = 3


def explain(
    source: Any,
    *,
    metric: str | None = None,
    step: str | None = None,
    higher_is_better: bool | None = None,
    run: str | None = None,
) -> Report:
    """The story of one recorded run.

    Reading is linear in the number of points; the story takes some ten milliseconds whatever their number.

    Args:
        source: A path, a Run, a DataFrame, a dict of equally long lists, or an array of losses.
        metric: Name of the series to explain; the training loss when not given.
        step: Name of the column or metric that counts optimizer updates.
        higher_is_better: Whether the metric should rise; judged by its name when not given.
        run: Name of the run, where the source holds several.

    Raises:
        DescentryError: The source cannot be read, or holds no such metric.
        SeveralRunsError: It holds several runs, and none was named.
    """
    runs = runs_of(source, step=step)
    if run is not None:
        runs = [_named(runs, run, _where(source))]
    if len(runs) > 1:
        names = [r.name for r in runs]
        raise SeveralRunsError(
            f"{len(runs)} runs are here, not one: {listed(names)}",
            where=_where(source),
            how=f"Name one of them (run={names[-1]!r}), or compare them with descentry.explain_all().",
            runs=names,
        )
    return _report(runs[0], metric, higher_is_better)


def explain_all(
    source: Any,
    *,
    metric: str | None = None,
    step: str | None = None,
    higher_is_better: bool | None = None,
    progress: readers.Progress | None = None,
) -> Comparison:
    """The stories of every run in a source, to be compared.

    Args:
        source: As for :func:`explain`, or a list of Runs.
        metric: As for :func:`explain`; runs without it are reported as not examined.
        step: As for :func:`explain`.
        higher_is_better: As for :func:`explain`.
        progress: Called with (done, in all, name) while files are read and runs explained.

    Raises:
        DescentryError: The source cannot be read, or no run in it has the metric.
    """
    runs = runs_of(source, step=step, progress=progress)
    if metric is not None and not any(s.name.casefold() == metric.casefold() for r in runs for s in r.series):
        main_series(runs[0], metric)  # raises, naming what there is
    reports = []
    for done, one in enumerate(runs):
        if progress is not None:
            progress(done, len(runs), one.name)
        try:
            reports.append(_report(one, metric, higher_is_better))
        except (NoCurveError, UnknownNameError) as error:
            reports.append(_unexamined(one, error))
    return Comparison(tuple(reports), _where(source))


def runs_of(source: Any, *, step: str | None = None, progress: readers.Progress | None = None) -> list[Run]:
    """The runs in whatever a user may point at.

    Raises:
        DescentryError: It cannot be read.
    """
    if isinstance(source, Run):
        return [source]
    if isinstance(source, (str, os.PathLike)):
        return readers.read_all(source, step=step, progress=progress)
    if isinstance(source, Sequence) and source and all(isinstance(r, Run) for r in source):
        return list(source)
    from descentry.readers._objects import from_object  # what is in a file has no use for it

    return from_object(source, name="run", step=step)


def _where(source: Any) -> str:
    return str(source) if isinstance(source, (str, os.PathLike)) else ""


def _named(runs: list[Run], name: str, where: str) -> Run:
    for run in runs:
        if run.name.casefold() == name.casefold():
            return run
    raise UnknownNameError(
        f"there is no run called {name!r}", where=where, name=name, known=[r.name for r in runs]
    )


def main_series(run: Run, metric: str | None) -> Series:
    """The series to explain: the one named, or the likeliest training loss.

    Raises:
        UnknownNameError: No series is called ``metric``.
        NoCurveError: No series could be a metric of training.
    """
    if metric is not None:
        for series in run.series:
            if series.name.casefold() == metric.casefold():
                return series
        raise UnknownNameError(
            f"there is no metric {metric!r}",
            where=run.source,
            name=metric,
            known=[s.name for s in run.series],
        )
    measured = readings(run)
    candidates = metrics.candidates(s for s in run.series if s.name not in measured)
    unknown = [c for c in candidates if metrics.kind(c.name) == "other"]
    if not candidates or (candidates[0] in unknown and len(unknown) > FEW):
        names = [s.name for s in run.series]
        raise NoCurveError(
            f"no loss in it. Found: {listed(names)}",
            where=run.source,
            how="Name the metric to explain: --metric NAME (metric= from Python)",
            found=names,
        )
    return candidates[0]


def _twin(run: Run, main: Series) -> Series | None:
    """The validation series of the same metric, if the run has one."""
    if metrics.split(main.name) in {"validation", "test"}:
        return None
    base = metrics.base(main.name)
    for split in ("validation", "test"):
        for series in run.series:
            if (
                series is not main
                and metrics.split(series.name) == split
                and metrics.base(series.name) == base
                and len(series) > 1
            ):
                return series
    return None


def _report(run: Run, metric: str | None, higher_is_better: bool | None) -> Report:
    main = main_series(run, metric)
    guessed = higher_is_better is None and _says_nothing(main.name)
    failed: list[str] = []
    # Losses come up to the last float: what overflows on the way is judged as the infinity it has become.
    with np.errstate(all="ignore"):
        facts = _facts(run, main, higher_is_better, guessed, failed)
        if run.config.get("contest") or (metrics.contested(main.name) and not facts.watched):
            return _contested(facts, failed)
        curve, findings, end = facts.curve, facts.findings, facts.end
        enough = len(curve.level) >= MIN_POINTS
        diagnoses = diagnose(facts) if enough or facts.watched or findings else ()
        ahead = forecast(curve, rate=facts.rate)
    verdict = verdicts.verdict(findings, enough, diagnoses, watched=facts.watched)
    notes = verdicts.not_examined(
        curve, enough=enough, guessed=guessed, watched=facts.watched, wanted=worth_measuring(diagnoses)
    )
    unsaid = [ahead.sentence] if enough and ahead.worth == "not examined" else []
    return Report(
        run=run,
        verdict=verdict,
        headline=verdicts.headline(verdict, findings, end, curve, diagnoses),
        main=main,
        findings=tuple(findings),
        convergence=end,
        higher_is_better=curve.rising,
        next_steps=verdicts.next_steps(verdict, findings, end, diagnoses),
        not_examined=(*failed, *notes, *unsaid),
        diagnoses=diagnoses,
        forecast=_beside(ahead, diagnoses),
    )


def _contested(facts: Facts, failed: Sequence[str]) -> Report:
    """The story of a curve that does not tell progress: no alarm, unless it leaves all bounds.

    What a watch saw of the model speaks for itself where it is all but certain.
    """
    curve = facts.curve
    name = curve.series.name
    findings = verdicts.calmed(facts.findings, curve)
    sure = [d for d in (diagnose(facts) if facts.watched else ()) if d.probability >= verdicts.FAILING]
    diagnoses = [d for d in sure if d.concern != "none"]
    verdict = verdicts.verdict(findings, enough=False, diagnoses=diagnoses)
    enough = len(curve.level) >= MIN_POINTS
    end = Convergence(
        "undetermined", 0.0, f"Not judged: how low {name} is does not tell how good the model is."
    )
    no_judge = verdict == "not examined" and enough
    cures = verdicts.next_steps(verdict, findings, end, diagnoses) if diagnoses else ()
    return Report(
        run=facts.run,
        verdict=verdict,
        headline=verdicts.CONTESTED.format(name=name)
        if no_judge
        else verdicts.headline(verdict, findings, end, curve, diagnoses),
        main=curve.series,
        findings=findings,
        convergence=end,
        higher_is_better=curve.rising,
        next_steps=(*cures, verdicts.BETTER_METRIC)
        if enough
        else verdicts.next_steps(verdict, findings, end, diagnoses),
        diagnoses=tuple(diagnoses),
        not_examined=(
            *failed,
            *verdicts.not_examined(curve, enough=enough, guessed=False, watched=facts.watched),
        ),
    )


def _beside(ahead: Forecast, diagnoses: Sequence[Diagnosis]) -> Forecast:
    """The forecast, with what the likeliest cause has to say to more epochs."""
    for diagnosis in supported(diagnoses)[:1]:
        said = catalog.entry("causes", diagnosis.cause).longer
        if said and ahead.gain is not None:
            return dataclasses.replace(ahead, caveats=(said.format(gain=amount(ahead.gain)), *ahead.caveats))
    return ahead


def facts_of(run: Run, *, metric: str | None = None, higher_is_better: bool | None = None) -> Facts:
    """What is known of a run, before any cause is weighed.

    Raises:
        UnknownNameError: No series is called ``metric``.
        NoCurveError: No series could be a metric of training.
    """
    main = main_series(run, metric)
    guessed = higher_is_better is None and _says_nothing(main.name)
    with np.errstate(all="ignore"):
        return _facts(run, main, higher_is_better, guessed, [])


def _facts(run: Run, main: Series, higher_is_better: bool | None, guessed: bool, failed: list[str]) -> Facts:
    rising = _looks_rising(main) if guessed else higher_is_better
    if rising is None:
        rising = metrics.higher_is_better(main.name)
    twin = _twin(run, main)
    validation = Curve(twin, rising) if twin is not None else None
    curve = Curve(main, rising, tuple(g for g in run.gaps if g.series == main.name), validation)
    entries = catalog.entries("behaviours")
    names = entries if len(curve.level) >= MIN_POINTS else ("non-finite",)
    findings = sorted(
        (f for name in names for f in _found(entries[name], curve, failed)),
        key=lambda f: (f.start, -f.stop),
    )
    if metrics.rewards(main.name):
        findings = list(verdicts.exploring(findings))
    return Facts(run, curve, tuple(findings), convergence(curve))


def _found(behaviour: Behaviour, curve: Curve, failed: list[str]) -> Sequence[Finding]:
    """What a behaviour finds; one that breaks (it may be another distribution's) is noted, and no more."""
    try:
        return behaviour.find(curve)
    except Exception as error:  # noqa: BLE001 - the story of the others is worth having
        failed.append(f"Whether the curve shows {behaviour.id}: looking for it failed ({error!r}).")
        return ()


def _says_nothing(name: str) -> bool:
    """Whether a name does not tell which way is better."""
    return metrics.kind(name) == "other" or metrics.either_way(name)


def _looks_rising(series: Series) -> bool:
    """Whether a metric that may rise goes up: a share (between 0 and 1), or a bound on a likelihood."""
    value = series.value[np.isfinite(series.value)]
    share = len(value) and value.min() >= 0 and value.max() <= 1.001
    if len(value) < MIN_POINTS or not (share or metrics.either_way(series.name)):
        return False
    part = max(3, len(value) // 100)
    return bool(median(value[-part:]) > median(value[:part]) + 0.3 * np.ptp(value))


def _unexamined(run: Run, error: DescentryError) -> Report:
    why, how = str(error).splitlines()[0], " ".join(error.how.splitlines())
    return Report(
        run,
        "not examined",
        why,
        None,
        (),
        Convergence("undetermined", 0.0, "The end of the run was not judged."),
        next_steps=(how,) if how else (),
        not_examined=(why, verdicts.ALWAYS),
    )
