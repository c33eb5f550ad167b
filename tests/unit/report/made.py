"""Makes reports by hand: the pages are judged on what they show of them."""

import numpy as np

from descentry.core.data import Convergence, Finding, Report, Run, Series

HOSTILE = "</script ><img src=x onerror=alert(1)><!-- <script>"


def decay(n=10_000):
    return 3.0 * np.exp(-np.arange(n) / (n / 12)) + 0.5


def series(values, name="loss", split="", step=None, step_name="step"):
    return Series(name, split, np.arange(len(values)) if step is None else step, values, step_name=step_name)


def finding(behaviour, start, stop, sentence, *, concern="none", of="loss", size=None, sure=0.9):
    return Finding(behaviour, of, start, stop, size, sure, sentence, concern)


def report(main, *, verdict="healthy", others=(), findings=(), name="exp1", **more):
    run = Run(
        name,
        f"runs/{name}.csv",
        (main, *others) if main is not None else tuple(others),
        more.pop("config", {}),
        more.pop("gaps", ()),
        "csv",
    )
    defaults = {
        "headline": "The loss falls as it should.",
        "convergence": Convergence("still-improving", 0.87, "Still improving: it fell to the last step."),
    }
    return Report(run=run, verdict=verdict, main=main, findings=tuple(findings), **(defaults | more))
