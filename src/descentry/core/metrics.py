"""What metric names mean: which one is the loss, which split it belongs to, and which way is better.

The words are those of the logs that readers know; matching is on whole words, so that ``lossy`` is no loss.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from descentry.core.data import Series

_VALIDATION = {"val", "valid", "validation", "eval", "evaluation", "dev", "tel", "heldout", "holdout"}
_TEST = {"test", "testing"}
_TRAIN = {"train", "training", "tr", "trl", "fit", "learn"}

_LOSS = {
    "loss", "losses", "trl", "tel", "nll", "xent", "crossentropy", "logloss", "mlogloss", "objective",
    "cost", "perplexity", "ppl", "bpb", "bpc", "energy", "elbo", "deviance", "softmaxloss", "ce", "bce",
    "hinge",
}  # fmt: skip
_ERROR = {
    "mse", "rmse", "mae", "mape", "rmsle", "error", "err", "merror", "fid", "l1", "l2", "huber", "wer",
    "cer", "kid", "brier", "regret", "quantile", "residual",
}  # fmt: skip
_RISING = {
    "acc", "accuracy", "reward", "rewards", "return", "returns", "rew", "score", "auc", "auroc", "f1",
    "precision", "recall", "map", "iou", "miou", "dice", "bleu", "rouge", "psnr", "ssim", "r2", "top1",
    "top5", "ndcg", "success", "inception", "ap", "ap50", "likelihood", "correct", "winrate", "em", "prec",
    "fitness",
}  # fmt: skip
# Numbers that a training log carries beside its metrics; never the curve to explain.
_BOOKKEEPING = {
    "lr", "rate", "time", "timestamp", "seconds", "sec", "ms", "eta", "speed", "throughput", "memory",
    "mem", "gpu", "cpu", "epoch", "step", "steps", "iter", "iteration", "itr", "batch", "duration", "norm",
    "grad", "gradnorm", "momentum", "weight", "decay", "scale", "tokens", "samples", "examples", "flops",
    "tflops", "mfu", "size", "count", "num", "dt", "std", "min", "max", "seed", "id", "elapsed", "runtime",
    "beta", "fps", "wall", "stamp", "skipped", "warmup",
}  # fmt: skip
_STEP_NAMES = (
    "step", "global_step", "steps", "iter", "iters", "iteration", "iterations", "itr", "it", "num_updates",
    "update", "updates", "timestep", "timesteps", "total_timesteps", "train_step", "batch", "batches",
    "round", "tree", "episode", "epoch", "epochs", "index", "idx",
)  # fmt: skip


@functools.cache
def words(name: str) -> tuple[str, ...]:
    """The lower-case words of a metric name, camel case split.

    >>> words("train/box_loss"), words("valLoss")
    (('train', 'box', 'loss'), ('val', 'loss'))
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return tuple(w for w in re.split(r"[^a-z0-9]+", spaced.lower()) if w)


@functools.cache
def split(name: str) -> str:
    """``train``, ``validation``, ``test`` or empty, from the words of a metric name.

    >>> split("val_loss"), split("train/loss"), split("loss")
    ('validation', 'train', '')
    """
    found = set(words(name))
    if found & _VALIDATION:
        return "validation"
    if found & _TEST:
        return "test"
    if found & _TRAIN:
        return "train"
    return ""


@functools.cache
def base(name: str) -> tuple[str, ...]:
    """The words of a metric name without those that name its split.

    >>> base("val/box_loss") == base("train/box_loss") == ("box", "loss")
    True
    """
    return tuple(w for w in words(name) if w not in _TRAIN | _VALIDATION | _TEST | {"step", "epoch"})


@functools.cache
def kind(name: str) -> str:
    """``loss``, ``error``, ``rising``, ``bookkeeping`` or ``other``.

    >>> kind("lm loss"), kind("Train-accuracy"), kind("lr"), kind("foo")
    ('loss', 'rising', 'bookkeeping', 'other')
    """
    found = words(name)
    joined = "".join(found)
    if found and found[-1] in {"time", "ms", "lr", "std", "scale", "norm", "weight", "count", "max", "min"}:
        return "bookkeeping"
    if set(found) & _LOSS or joined.endswith(("loss", "crossentropy")) or "bitsper" in joined:
        return "loss"  # the entropy of a policy is none
    if set(found) & {"err", "error"}:
        return "error"  # "top1_err" falls, whatever it counts
    if set(found) & _RISING or joined.endswith("accuracy") or name == "r":  # the reward in monitor files
        return "rising"
    if set(found) & _ERROR:
        return "error"
    if set(found) & _BOOKKEEPING or step_rank(name) is not None or re.fullmatch(r".*\blr\d+", name):
        return "bookkeeping"
    return "other"


def higher_is_better(name: str) -> bool:
    """Whether the metric is one that training makes rise (a reward, an accuracy)."""
    return kind(name) == "rising"


def step_rank(name: str) -> int | None:
    """How well ``name`` names the optimizer's step: 0 is best, None is not at all.

    >>> step_rank("global_step") < step_rank("epoch"), step_rank("loss")
    (True, None)
    """
    plain = "_".join(words(name))
    for rank, candidate in enumerate(_STEP_NAMES):
        if plain in {
            candidate,
            f"_{candidate}",
            f"train_{candidate}",
            f"trainer_{candidate}",
            f"training_{candidate}",
            f"num_{candidate}",
        }:
            return rank
    return None


def _rank(series: Series) -> tuple[float, ...]:
    name_words = words(series.name)
    kinds = {"loss": 0.0, "error": 1.0, "rising": 2.0, "other": 3.0, "bookkeeping": 9.0}
    splits = {"train": 0.0, "": 0.0, "validation": 1.0, "test": 2.0}
    plain = [w for w in name_words if w not in _TRAIN | _VALIDATION | _TEST]
    # Among training losses: the total or plain one first, then the one with more points.
    modest = {
        ("loss",),
        ("total", "loss"),
        ("lm", "loss"),
        ("trl",),
        ("loss", "step"),
        ("batch", "loss"),
        ("loss", "train"),
    }
    parts = 0.0 if tuple(plain) in modest or not plain else 1.0
    return (
        kinds[kind(series.name)],
        splits[split(series.name)],
        parts,
        1.0 if len(series) < 3 else 0.0,
        -float(len(series)),
    )


def candidates(series: Iterable[Series]) -> list[Series]:
    """The series that could be explained, the likeliest to be *the* training loss first."""
    return sorted((s for s in series if len(s) and kind(s.name) != "bookkeeping"), key=_rank)
