import numpy as np
import pytest

from descentry.core import metrics
from descentry.core.data import Series

KINDS = {
    "loss": [
        "loss",
        "train/loss",
        "Train_Loss",
        "valLoss",
        "lm loss",
        "cross_entropy",
        "box_loss",
        "perplexity",
        "bits_per_byte",
    ],
    "error": ["rmse", "val_mae", "error", "FID", "top1_err"],
    "rising": ["accuracy", "Train-accuracy", "val/acc", "episode_reward", "mAP", "f1", "Prec@1", "r"],
    "bookkeeping": [
        "lr",
        "learning_rate",
        "loss_scale",
        "grad_norm",
        "step_time",
        "epoch",
        "tokens",
        "x/lr0",
    ],
    "other": ["foo", "weightless", "lossy_flag", "policy_entropy"],
}


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for kind, names in KINDS.items() for name in names])
def test_what_a_metric_is_follows_from_the_whole_words_of_its_name(name, kind):
    assert metrics.kind(name) == kind


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("val_loss", "validation"),
        ("eval/loss", "validation"),
        ("valLoss", "validation"),
        ("train/loss", "train"),
        ("test_acc", "test"),
        ("loss", ""),
        ("interval_loss", ""),
        ("latest_loss", ""),
    ],
)
def test_the_split_is_read_from_the_name(name, split):
    assert metrics.split(name) == split


def test_only_metrics_that_training_makes_rise_are_better_when_higher():
    assert metrics.higher_is_better("val_accuracy")
    assert not metrics.higher_is_better("loss")
    assert not metrics.higher_is_better("something")


def test_steps_count_before_iterations_and_iterations_before_epochs():
    names = ["epoch", "loss", "iter", "global_step"]
    ranked = sorted(
        (n for n in names if metrics.step_rank(n) is not None), key=lambda n: metrics.step_rank(n) or 0
    )
    assert ranked == ["global_step", "iter", "epoch"]


@pytest.mark.parametrize("name", ["_step", "train_step", "trainer/step", "Step", "num_updates"])
def test_the_step_is_known_under_the_names_that_tools_give_it(name):
    assert metrics.step_rank(name) is not None


def series(name, points=10):
    return Series(name, metrics.split(name), np.arange(points), np.ones(points))


def names(*found):
    return [s.name for s in metrics.candidates(found)]


def test_the_training_loss_is_explained_before_the_validation_loss_and_both_before_an_accuracy():
    assert names(series("accuracy"), series("val_loss"), series("loss")) == ["loss", "val_loss", "accuracy"]


def test_the_total_loss_is_explained_before_its_parts():
    assert names(series("train/box_loss", 99), series("train/loss"))[0] == "train/loss"


def test_the_better_resolved_of_two_equal_losses_is_explained():
    assert names(series("loss", 3), series("train/loss", 300)) == ["train/loss", "loss"]
    assert names(series("loss", 300), series("train/loss", 3)) == ["loss", "train/loss"]


def test_bookkeeping_and_empty_series_are_never_explained():
    assert names(series("lr"), series("grad_norm"), series("loss", 0)) == []
