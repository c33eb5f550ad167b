"""Draws what to train: tasks, models and settings that people might choose."""

from __future__ import annotations

import collections

import numpy as np

from benchmarks.zoo.data import TASKS
from benchmarks.zoo.faults import KINDS, Kind
from benchmarks.zoo.faults._kind import EACH_TIME
from benchmarks.zoo.spec import Fault, ModelSpec, Spec

_FAMILIES = {
    "vector": (("linear", 1.5), ("mlp", 5.0), ("residual", 1.0)),
    "image": (("cnn", 4.0), ("mlp", 1.0)),
    "tokens": (("rnn", 1.5), ("gru", 1.0), ("lstm", 1.0), ("transformer", 1.5), ("window", 1.0)),
    "series": (("rnn", 2.0), ("gru", 1.0), ("lstm", 1.0), ("mlp", 1.5)),
}
# Rates that are too high stand for three causes; the others fit few trainings, or are seldom proved.
_CAUSES = {
    (): 7.0,
    ("lr-too-high",): 3.0,
    ("flat-region",): 5.0,
    ("dead-units",): 3.0,
    ("exploding-gradients",): 3.0,
    ("target-scaling",): 2.0,
    ("shape-broadcast",): 2.0,
    ("schedule-event",): 2.0,
    ("loss-reduction",): 1.5,
    ("vanishing-gradients",): 1.5,
    ("resume-artefact",): 1.5,
    ("feature-scaling",): 1.5,
    ("unstable-numerics",): 1.5,
    ("over-regularised",): 0.6,
    ("init-symmetric",): 0.7,
    ("gradients-not-zeroed",): 0.7,
}
_SLOW = frozenset({"cnn", "transformer", "lstm", "gru", "rnn"})
_OPTIMIZERS = (
    ("sgd", 4.0),
    ("momentum", 2.0),
    ("nesterov", 1.0),
    ("adam", 4.0),
    ("adamw", 2.0),
    ("rmsprop", 1.0),
    ("adagrad", 0.7),
)


def _pick(rng: np.random.Generator, options: tuple[tuple[str, float], ...]) -> str:
    weights = np.array([weight for _, weight in options])
    return options[int(rng.choice(len(options), p=weights / weights.sum()))][0]


def base(rng: np.random.Generator) -> Spec:
    """A training whose rate is still to be found."""
    task = str(rng.choice(sorted(TASKS)))
    model = _model(rng, task)
    steps = int(np.exp(rng.uniform(np.log(70), np.log(200 if model.family in _SLOW else 400))))
    batch = int(rng.choice([4, 8, 16, 32, 32, 64, 64, 128, 0]))
    if model.family in _SLOW:
        batch = min(batch or 64, 64)
    by_hand = rng.random() < 0.25
    return Spec(
        task=task,
        model=model,
        optimizer=_pick(rng, _OPTIMIZERS),
        batch=batch,
        schedule=str(rng.choice(["constant"] * 5 + ["step", "cosine", "warmup"])),
        steps=steps,
        seed=int(rng.integers(2**31)),
        loss=str(rng.choice(["by-hand", "log-softmax"] if by_hand else ["module", "module", "function"])),
        decay=float(rng.choice([0, 0, 0, 1e-4, 1e-3])),
        clip=float(rng.choice([0, 0, 0, 0, 1, 5])),
        replace=bool(rng.random() < 0.2),
        shown="bare" if rng.random() < 0.2 else "loss_fn",
    )


def _model(rng: np.random.Generator, task: str) -> ModelSpec:
    if task.endswith("-self"):
        narrow = int(rng.choice([4, 8]))
        act = str(rng.choice(["relu", "tanh", "gelu"]))
        style = str(rng.choice(["sequential", "class"]))
        return ModelSpec("autoencoder", act, (24, narrow, 24), style=style)
    options = _FAMILIES[TASKS[task].shape]
    if task in EACH_TIME:
        options = tuple(option for option in options if option[0] != "window")  # which answers once
    family = _pick(rng, options)
    act = str(rng.choice(["relu", "relu", "relu", "tanh", "tanh", "gelu", "leaky", "sigmoid", "silu"]))
    if family == "linear":
        return ModelSpec(family, "identity", (), style=str(rng.choice(["sequential", "class", "by-hand"])))
    if family == "cnn":
        widths = tuple(int(w) for w in rng.choice([4, 8, 12], 1 + int(rng.random() < 0.6)))
        style = str(rng.choice(["sequential", "class"]))
        norm = "batch" if rng.random() < 0.3 else ""
        return ModelSpec(family, act, widths, norm, float(rng.choice([0, 0, 0.2])), _init(rng), style)
    if family in {"rnn", "gru", "lstm", "transformer", "window"}:
        width = int(rng.choice([16, 24, 32]))
        layers = 2 if family in {"transformer", "window"} and rng.random() < 0.4 else 1
        style = str(rng.choice(["class", "by-hand"]))
        return ModelSpec(family, act, (width,) * layers, dropout=float(rng.choice([0, 0.1])), style=style)
    depth = int(rng.choice([1, 1, 2, 2, 2, 3, 3, 4, 6]))
    width = int(rng.choice([8, 16, 32, 64]))
    norm = str(rng.choice(["", "", "", "", "batch", "layer"]))
    style = str(rng.choice(["sequential", "sequential", "class", "class", "blocks", "by-hand"]))
    dropout = float(rng.choice([0, 0, 0, 0.1, 0.3]))
    if style == "by-hand":
        norm, dropout = "", 0.0
    if family == "residual":
        norm = norm.replace("batch", "layer")
    return ModelSpec(family, act, (width,) * depth, norm, dropout, _init(rng), style)


def _init(rng: np.random.Generator) -> str:
    return str(rng.choice(["torch", "torch", "torch", "he", "glorot", "orthogonal"]))


def faults(
    rng: np.random.Generator, spec: Spec, count: int, *, harmless: bool, only: frozenset[str] = frozenset()
) -> list[Fault]:
    """So many different things that can be done to a training, a strength each; some kinds only, if named."""
    options = [k for k in KINDS.values() if (k.proof == "fine") == harmless and k.fits(spec)]
    options = [k for k in options if not only or k.id in only]
    if not options:
        return []
    # Causes are drawn alike, however many ways there are to have them.
    whole = collections.Counter[tuple[str, ...]]()
    for kind in options:
        whole[kind.causes] += kind.weight  # type: ignore[assignment]
    weights = np.array([_CAUSES.get(k.causes, 1.0) * k.weight / whole[k.causes] for k in options])
    count = min(count, len(options))
    chosen = rng.choice(len(options), count, replace=False, p=weights / weights.sum())
    return [Fault(options[i].id, _strength(rng, options[i])) for i in chosen]


def _strength(rng: np.random.Generator, kind: Kind) -> float:
    return float(rng.choice(kind.strengths))
