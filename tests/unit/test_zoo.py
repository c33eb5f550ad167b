"""The zoo of trainings: each can be made again, and is labelled by what became of it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks import calibrate
from benchmarks.zoo import logs, shards
from benchmarks.zoo.cells import Sample, make
from benchmarks.zoo.data import TASKS, load
from benchmarks.zoo.drawing import base, faults
from benchmarks.zoo.faults import KINDS
from benchmarks.zoo.labels import PROOFS, Case, Labels, clearly_worse, settle
from benchmarks.zoo.loop import Outcome, Result, train
from benchmarks.zoo.losses import shortfall
from benchmarks.zoo.pairs import go_together
from benchmarks.zoo.spec import Fault, ModelSpec, Spec, from_dict, to_dict
from benchmarks.zoo.splitting import TEST_FAMILIES, TEST_TASKS, split
from benchmarks.zoo.training import build

RELU = ModelSpec("mlp", "relu", (16,), style="sequential")
EXAMPLES = (
    Spec("wave", RELU, "sgd", 32, 0.1, steps=400),
    Spec("iris", RELU, "sgd", 16, 0.1, steps=300),
    Spec("iris", ModelSpec("mlp", "tanh", (16,), style="class"), "sgd", 16, 0.1, steps=300, loss="function"),
    Spec("cancer", ModelSpec("mlp", "tanh", (16,), style="class"), "adam", 32, 0.01, steps=200),
    Spec("linear-map", ModelSpec("mlp", "tanh", (24,), style="class"), "sgd", 32, 0.1, steps=400),
    Spec("circles", ModelSpec("mlp", "tanh", (16,), style="sequential"), "adam", 32, 0.03, steps=200),
    Spec("sines", ModelSpec("rnn", "tanh", (16,), style="class"), "sgd", 32, 0.05, steps=120),
    Spec("digits", ModelSpec("mlp", "relu", (32, 32), style="class"), "momentum", 32, 0.02, steps=200),
    Spec("images-8", ModelSpec("cnn", "relu", (4,), style="class"), "adam", 32, 0.01, steps=150),
    Spec("text-next", ModelSpec("window", "relu", (16,)), "adam", 32, 0.01, steps=150),
    Spec("moons", RELU, "sgd", 32, 0.3, steps=300),
    Spec("diabetes", ModelSpec("linear", "identity", ()), "sgd", 8, 0.1, steps=400),
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def example(kind: str) -> Spec:
    return next(spec for spec in EXAMPLES if KINDS[kind].fits(spec))


def with_fault(spec: Spec, kind: str, strength: float | None = None) -> Spec:
    return spec.with_(faults=(Fault(kind, KINDS[kind].strengths[0] if strength is None else strength),))


def losses(result: Result) -> list[float]:
    return result.log["loss"].value.tolist()


def outcome(end: float, *, finite: bool = True, loss: object = (1.0, 0.5), **more: float) -> Outcome:
    known = {"start": 1.0, "val": end, "val_best": end, "dead": 0.0, "first_to_last": 1.0, "grad": 1.0}
    return Outcome(np.asarray(loss, dtype=float), finite, end=end, **{**known, **more})


def settled(kind: str, got: Outcome, twin: Outcome, arm: Outcome | None = None) -> Labels | None:
    spec = with_fault(example(kind), kind)
    return settle(Case(spec, got, twin, twin.end, lambda spec: arm or twin))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_fits_something_and_trains(kind: str) -> None:
    spec = with_fault(example(kind), kind).with_(steps=14)
    first, again = train(build(spec)), train(build(spec))
    assert len(losses(first)) >= 14 or not first.outcome.finite
    np.testing.assert_array_equal(losses(first), losses(again))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_does_what_it_is_named_after(kind: str) -> None:
    def proved(spec: Spec, strength: float) -> Labels | None:
        twin = train(build(spec)).outcome
        faulty = with_fault(spec, kind, strength)
        got = train(build(faulty)).outcome
        return settle(Case(faulty, got, twin, twin.end, lambda other: train(build(other)).outcome))

    fitting = [spec for spec in EXAMPLES if KINDS[kind].fits(spec)]
    found = next(
        labels
        for spec in fitting
        for strength in reversed(KINDS[kind].strengths)
        if (labels := proved(spec, strength)) is not None
    )
    assert set(KINDS[kind].causes) <= found.given


def test_a_spec_that_was_written_down_makes_the_same_training() -> None:
    spec = with_fault(EXAMPLES[0], "rate-up", 3.0).with_(steps=20)
    back = from_dict(to_dict(spec))
    assert back == spec
    assert back.id == spec.id
    assert back.id != spec.with_(seed=1).id
    assert losses(train(build(back))) == losses(train(build(spec)))


def test_looking_at_a_training_does_not_change_it() -> None:
    spec = EXAMPLES[7].with_model(dropout=0.5, norm="batch").with_(steps=30)
    training = build(spec)
    torch.manual_seed(spec.seed + 3)
    by_hand = []
    for _, (x, y) in zip(range(30), training.batches(), strict=False):
        for group in training.optimizer.param_groups:
            group["lr"] = training.scheduled(len(by_hand))
        training.optimizer.zero_grad()
        loss = training.loss_fn(training.model(x), y)
        loss.backward()
        training.optimizer.step()
        by_hand.append(float(loss.detach()))
    assert losses(train(build(spec))) == by_hand


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_finite_data_and_something_to_validate_on(name: str) -> None:
    data = load(name)
    assert len(data.x) == len(data.y) >= 100
    assert len(data.x_val) == len(data.y_val) >= 30
    assert bool(torch.isfinite(data.x.double()).all())
    assert bool(torch.isfinite(data.y.double()).all())


@pytest.mark.parametrize("task", ["adding", "images-8", "wave"])
def test_inputs_of_every_shape_can_be_shifted(task: str) -> None:
    family = {"adding": "gru", "images-8": "cnn", "wave": "mlp"}[task]
    spec = Spec(task, ModelSpec(family, widths=(8,)), "sgd", 16, 0.01, steps=3)
    assert KINDS["features-offset"].fits(spec)
    assert len(losses(train(build(with_fault(spec, "features-offset"))))) == 3


@pytest.mark.parametrize("kind", ["bad-inputs", "sigmoid-and-entropy"])
def test_a_loss_of_probabilities_outlives_what_is_no_number(kind: str) -> None:
    spec = EXAMPLES[3].with_(
        steps=40, optimizer="sgd", rate=math.inf if kind == "sigmoid-and-entropy" else 0.1
    )
    spec = spec.with_(loss="log-softmax" if kind == "bad-inputs" else spec.loss)
    assert not train(build(with_fault(spec, kind))).outcome.finite


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_drawn_can_be_built_and_trained(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(4):
        spec = base(rng).with_(rate=0.01, steps=3)
        assert train(build(spec)).outcome.end >= 0
        chosen = [f.kind for f in faults(rng, spec, 8, harmless=False)]
        assert len(chosen) == len(set(chosen))
        assert all(KINDS[kind].fits(spec) and KINDS[kind].proof != "fine" for kind in chosen)


def test_a_shortfall_is_nought_for_the_truth_and_one_for_a_guess() -> None:
    y = torch.tensor([0, 1, 2, 0, 1, 2])
    sure = 50 * torch.nn.functional.one_hot(y, 3).float()
    assert shortfall(sure, y, "classes", "logits") == pytest.approx(0, abs=1e-3)
    assert shortfall(torch.zeros(6, 3), y, "classes", "logits") == pytest.approx(1)
    assert shortfall(sure.softmax(1), y, "classes", "probabilities") == pytest.approx(0, abs=1e-3)
    assert shortfall(y[:, None].float(), y, "classes", "index") == 0
    values = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    assert shortfall(values, values, "values", "values") == 0
    assert shortfall(values.mean(0).expand(40, 2), values, "values", "values") == pytest.approx(1)
    assert shortfall(1000 * values, 1000 * values + 100, "values", "values") == pytest.approx(0.01, abs=0.005)
    assert shortfall(values * math.nan, values, "values", "values") == 2


def test_clearly_worse_is_about_what_could_be_learned() -> None:
    assert clearly_worse(outcome(0.5), outcome(0.2))
    assert clearly_worse(outcome(0.1), outcome(0.02))
    assert not clearly_worse(outcome(0.25), outcome(0.2))
    assert not clearly_worse(outcome(0.02), outcome(0.001))
    assert clearly_worse(outcome(0.2, finite=False), outcome(0.2))


def test_a_fault_without_consequences_gets_no_label() -> None:
    assert settled("rate-down", outcome(0.1), outcome(0.1)) is None
    assert settled("rate-down", outcome(0.9), outcome(0.1)) is not None
    assert settled("rate-down", outcome(1.0), outcome(0.95)) is None  # the twin learned nothing either


def test_what_a_large_rate_is_called_follows_from_what_cures_it() -> None:
    twin = outcome(0.1)
    called = {
        "diverges": settled("rate-up", outcome(2.0, finite=False), twin),
        "cured by all of the data": settled("rate-up", outcome(0.4), twin, arm=outcome(0.1)),
        "not cured by it": settled("rate-up", outcome(0.4), twin, arm=outcome(0.4)),
    }
    assert [set(labels.given) for labels in called.values() if labels] == [
        {"lr-too-high"},
        {"noise-dominated"},
        {"overshooting"},
    ]


def test_an_event_needs_to_be_seen() -> None:
    rng = np.random.default_rng(0)
    curve = np.exp(-np.arange(200) / 60) + 0.01 * rng.normal(size=200)
    jumps = curve + 0.5 * (np.arange(200) >= 120)
    twin = outcome(0.1)
    assert settled("rate-raised", outcome(0.1, loss=jumps, event=120), twin) is not None
    assert settled("rate-raised", outcome(0.1, loss=curve, event=120), twin) is None
    curve[120:] = math.nan
    assert settled("bad-inputs", outcome(2.0, finite=False, loss=curve, event=120), twin) is not None


def test_faults_that_undo_each_other_are_not_paired() -> None:
    def together(*kinds: str) -> bool:
        return go_together([Fault(kind, KINDS[kind].strengths[0]) for kind in kinds])

    assert together("deep-gain")
    assert together("labels-shuffled", "rate-up")
    assert not together("deep-gain", "all-zero")  # which takes the gain away
    assert not together("rate-down", "rate-up")
    assert not together("rate-down", "summed")
    assert not together("weight-decay", "l1")


def test_kinds_name_causes_and_proofs_that_exist() -> None:
    known = {
        "lr-too-low",
        "lr-too-high",
        "overshooting",
        "flat-region",
        "vanishing-gradients",
        "exploding-gradients",
        "dead-units",
        "noise-dominated",
        "feature-scaling",
        "target-scaling",
        "init-symmetric",
        "init-too-large",
        "init-too-small",
        "loss-mismatch",
        "label-error",
        "no-gradient",
        "gradients-not-zeroed",
        "over-regularised",
        "loss-reduction",
        "unstable-numerics",
        "shape-broadcast",
        "wrong-sign",
        "bad-batch",
        "schedule-event",
        "resume-artefact",
        "capacity-or-data",
        "healthy",
    }
    named = {cause for kind in KINDS.values() for cause in (*kind.causes, *kind.also)}
    assert named <= known
    assert known <= named | {"overshooting", "noise-dominated"}  # which the outcome decides
    assert {kind.proof for kind in KINDS.values()} == set(PROOFS)


def test_held_out_tasks_and_families_are_never_fitted() -> None:
    rng = np.random.default_rng(0)
    drawn = [base(rng) for _ in range(400)]
    fitted = [spec for spec in drawn if split(spec) == "fit"]
    assert {spec.task for spec in fitted}.isdisjoint(TEST_TASKS)
    assert {spec.model.family for spec in fitted}.isdisjoint(TEST_FAMILIES)
    assert 0.2 < 1 - len(fitted) / len(drawn) < 0.6
    assert set(TASKS) >= TEST_TASKS


def sample(seed: int = 0) -> Sample:
    spec = with_fault(EXAMPLES[0], "rate-up", 10.0).with_(steps=60, seed=seed)
    result = train(build(spec))
    labels = Labels(
        frozenset({"overshooting"}), frozenset({"overshooting", "lr-too-high"}), 0.5, 0.1, "too high"
    )
    return Sample(spec, result.log, result.log, labels)


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    kept = [sample(0), sample(1)]
    shards.write(shards.path_of(tmp_path, 3), kept)
    back = list(shards.load(tmp_path))
    assert [s.spec for s in back] == [s.spec for s in kept]
    assert [s.labels for s in back] == [s.labels for s in kept]
    for one, other in zip(back, kept, strict=True):
        for a, b in zip(
            (*one.run.series, *one.log.series), (*other.run.series, *other.log.series), strict=True
        ):
            assert (a.name, a.split, a.step_name) == (b.name, b.split, b.step_name)
            np.testing.assert_array_equal(a.step, b.step)
            np.testing.assert_array_equal(a.value, b.value)


def test_what_was_made_is_not_made_again(tmp_path: Path) -> None:
    path = shards.path_of(tmp_path, 0)
    shards.write(path, [sample(0), sample(1)])
    (tmp_path / "cell-00001.17.part").write_bytes(b"cut short")
    before = path.read_bytes()
    assert calibrate.make(tmp_path, runs=2, jobs=1, seed=5) == 2
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="made from seed 5"):
        calibrate.make(tmp_path, runs=2, jobs=1, seed=6)


@pytest.mark.slow
def test_a_cell_is_the_same_each_time(tmp_path: Path) -> None:
    first, again = make(0, 10, tmp_path), make(0, 10)
    assert len(first) >= 4
    assert [(s.spec, s.labels) for s in first] == [(s.spec, s.labels) for s in again]
    for one, other in zip(first, again, strict=True):
        assert [s.name for s in one.run.series] == [s.name for s in other.run.series]
        for a, b in zip(one.run.series, other.run.series, strict=True):
            np.testing.assert_array_equal(a.value, b.value)


def test_a_log_holds_less_and_is_the_same_each_time() -> None:
    whole = sample()
    one, other = logs.logged(whole), logs.logged(whole)
    assert [s.name for s in one.series] == [s.name for s in other.series]
    assert 12 <= len(one.series[0]) <= len(whole.log["loss"])
    several = {
        (len(run.series), len(run.series[0]))
        for seed in range(12)
        if (run := logs.logged(dataclasses.replace(whole, spec=whole.spec.with_(seed=seed))))
    }
    assert len(several) > 4
