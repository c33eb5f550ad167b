"""A trial tells what helps, says what it could not try, and leaves the training as it was."""

import itertools
import json
import math

import pytest
import torch
from tests.unit.trials._bits import bits
from tests.unit.trials._tasks import (
    classes,
    cross_entropy,
    diagnosis,
    network,
    remedy,
    sgd,
    squared,
    values,
)
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import descentry
from descentry import DescentryError
from descentry.report.trial import render

STANDARDISE = remedy("standardise-inputs", inputs="standardise")
LOWER, RAISE = remedy("lower-lr", lr_factor=1 / 3), remedy("raise-lr", lr_factor=30.0)


@pytest.fixture(autouse=True)
def _seeded():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def trial(remedies, *, batches=None, model=None, optimizer=None, loss=cross_entropy, **more):
    model = network() if model is None else model
    optimizer = sgd(model) if optimizer is None else optimizer
    more = {"steps": 40, "seeds": 4, **more}
    return descentry.try_remedies(model, optimizer, batches or classes(), loss, remedies, **more)


def test_what_helps_is_told_from_what_does_not():
    found = trial([STANDARDISE, LOWER], batches=classes(scale=300.0))
    assert found.best.remedy == "standardise-inputs"
    effect = found.best.effect
    assert effect.low < effect.value < effect.high < 0
    assert all(a.loss[0] > 3 * found.best.loss[0] for a in found.arms if a.remedy == "lower-lr")
    assert found.arms[0].id == "control"
    assert found.headline.startswith("Standardising the inputs")
    assert "loss after 40 steps" in found.headline


def test_a_rate_that_is_far_too_low_is_raised():
    model = network()
    found = trial([RAISE, LOWER], model=model, optimizer=sgd(model, 1e-3))
    assert found.best.remedy == "raise-lr"
    assert {a.outcome for a in found.arms if a.remedy == "lower-lr"} <= {"worse", "no gain", "passed over"}


def test_where_nothing_is_wrong_nothing_helps():
    found = trial([remedy("clip-gradients", max_grad_norm=1e6)], seeds=3)
    (arm,) = found.arms[1:]
    assert arm.outcome == "no gain"
    assert arm.effect.value == 0
    assert found.best is None
    assert "none helps" in found.headline


def test_a_control_arm_that_runs_away_is_said_in_words():
    model = network()
    found = trial(
        [remedy("lower-lr", lr_factor=1e-3)], model=model, optimizer=sgd(model, 300.0), batches=classes(3.0)
    )
    assert math.isinf(found["control"].loss[0])
    assert found.best.remedy == "lower-lr"
    assert "without it the loss ran away" in found.best.sentence


def optimizers(model):
    yield sgd(model, momentum=0.9, nesterov=True)
    yield torch.optim.Adam(model.parameters(), 0.01)
    yield torch.optim.LBFGS(model.parameters(), 0.1, max_iter=2)


@pytest.mark.parametrize("kind", range(3))
@pytest.mark.parametrize("together", [True, False])
def test_the_training_is_left_as_it_was_found(kind, together):
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.2), nn.ReLU(), nn.Linear(8, 3))
    optimizer = next(itertools.islice(optimizers(model), kind, None))
    loader = DataLoader(TensorDataset(*map(torch.cat, zip(*classes(), strict=True))), 16, shuffle=True)
    loader.generator = torch.Generator().manual_seed(3)
    loader.sampler.generator = loader.generator
    for batch in loader:  # a training on its way, with gradients in place

        def closure(batch=batch):
            optimizer.zero_grad()
            loss = cross_entropy(model, batch)
            loss.backward()
            return loss

        optimizer.step(closure)
    before, stream = bits(model, optimizer), loader.generator.get_state()
    remedies = [
        STANDARDISE,
        LOWER,
        remedy("switch-to-adam", optimizer="Adam", lr=1e-3),
        remedy("reinitialise", init="kaiming_normal_"),
        remedy("lower-dropout", dropout=0.1),
        remedy("change-activation", activation="LeakyReLU"),
        remedy("warm-up", warmup_steps=5),
        remedy("lower-weight-decay", weight_decay=0.1),
        remedy("add-momentum", momentum=0.5),
        remedy("larger-batch", batch_factor=2),
    ]
    modules = list(model.modules())
    found = trial(
        remedies,
        model=model,
        optimizer=optimizer,
        batches=loader,
        steps=10,
        seeds=2,
        most=20,
        together=together,
    )
    assert len(found.arms) > 5
    assert bits(model, optimizer) == before
    assert list(model.modules()) == modules
    assert torch.equal(loader.generator.get_state(), stream)
    assert not any(m._forward_pre_hooks or m._forward_hooks for m in modules)
    assert not optimizer._optimizer_step_pre_hooks


def test_arms_computed_together_have_the_same_numbers_as_in_turn():
    def make(together):
        model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
        return trial(
            [
                LOWER,
                remedy("clip-gradients", max_grad_norm=0.1),
                remedy("warm-up", warmup_steps=20),
                remedy("switch-to-adam", optimizer="Adam", lr=1e-2),
                remedy("add-momentum", momentum=0.9),
                remedy("reinitialise", init="xavier_uniform_"),
                STANDARDISE,
            ],
            model=model,
            optimizer=sgd(model, 0.05, weight_decay=1e-3),
            steps=15,
            seeds=2,
            most=10,
            together=together,
        )

    torch.manual_seed(1)
    together = make(True)
    torch.manual_seed(1)
    in_turn = make(False)
    assert not any("in turn" in note for note in together.notes)
    assert {a.id for a in together.arms} == {a.id for a in in_turn.arms}
    for arm in together.arms:
        assert arm.curve == pytest.approx(in_turn[arm.id].curve, rel=1e-3)
        assert arm.loss == pytest.approx(in_turn[arm.id].loss, rel=1e-3, nan_ok=True)


@pytest.mark.parametrize(
    ("loss", "model"),
    [
        (cross_entropy, nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))),
        (lambda model, batch: cross_entropy(model, batch) + 5 + model[0].weight.sum().item(), network()),
    ],
)
def test_what_cannot_be_computed_together_runs_in_turn(loss, model):
    found = trial([LOWER], loss=loss, model=model, steps=10, seeds=2)
    assert len(found.arms) == 4
    assert any("Arms ran in turn" in note for note in found.notes)
    assert found["lower-lr"].loss[0] > 0


def test_a_trial_stops_when_it_is_clear_and_not_before_three_seeds():
    found = trial([STANDARDISE], batches=classes(scale=300.0), seeds=9)
    assert 3 <= found.seeds < 9
    assert found.stopped.startswith("It was clear")


def test_a_budget_is_kept():
    many = [LOWER, remedy("clip-gradients", max_grad_norm=0.5), remedy("add-momentum", momentum=0.9)]
    found = trial(many, budget=150, seeds=9)
    assert found.gradients <= 150
    assert found.steps < 40
    assert any("budget" in text for text in [*found.notes, found.stopped])


def test_full_batch_training_is_exact_after_two_seeds():
    found = trial([LOWER], batches=classes(batches=1), seeds=5)
    assert found.seeds == 2
    assert found.held_back == 0
    assert "Nothing in it is random" in found.stopped
    assert any("one batch" in note for note in found.notes)
    assert any(a.effect.low == a.effect.high for a in found.arms[1:])


def test_batches_of_an_iterator_are_taken_and_said():
    source = itertools.cycle(classes())
    found = trial([LOWER], batches=source, seeds=2, steps=20)
    assert any("28 batches were taken" in note for note in found.notes)
    assert found.batches + found.held_back == 28


def test_no_arm_trains_on_what_it_is_judged_by():
    seen = []

    def loss(model, batch):
        if torch.is_grad_enabled():
            seen.append(float(batch[0].sum()))
        return cross_entropy(model, batch)

    batches = classes()
    found = trial([LOWER], batches=batches, loss=loss, together=False)
    assert found.held_back == 3
    assert len({*seen}) == len(batches) - 3


def test_remedies_come_from_likely_causes():
    diagnoses = [
        diagnosis("lr-too-low", RAISE, probability=0.01),
        diagnosis("feature-scaling", STANDARDISE, remedy("check-labels")),
        diagnosis("dead-units", LOWER, probability=0.9, status="refuted"),
    ]
    found = trial(diagnoses, seeds=2, steps=10)
    assert {a.remedy for a in found.arms} == {"", "standardise-inputs"}
    assert dict(found.untried) == {"check-labels": "it is about the data, and takes a person"}


def test_gradients_that_are_not_zeroed_stay_so_in_the_control_arm():
    model = network(3, 1)
    found = trial(
        [diagnosis("gradients-not-zeroed", remedy("zero-gradients", zero_grad=True))],
        model=model,
        optimizer=sgd(model, 0.02),
        batches=values(),
        loss=squared,
        seeds=9,
    )
    assert found.best.remedy == "zero-gradients"
    assert any("adds gradients up" in note for note in found.notes)


def test_it_shows_itself_as_text_as_a_table_and_as_data():
    found = trial([STANDARDISE, LOWER, remedy("wait")], batches=classes(scale=300.0))
    text = str(found)
    assert text.startswith("✓ HELPS")
    assert "wait: the control arm is that" in text
    assert f'trial.apply("{found.best.id}")' in text
    assert all(len(line) <= 80 for line in render(found, width=80).splitlines())
    assert all(arm.title in render(found, width=80) for arm in found.arms)
    assert "<table>" in found._repr_html_()
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["best"] == found.best.id
    assert len(data["arms"]) == len(found.arms)


def test_an_open_watch_does_not_see_a_trial():
    model = network()
    optimizer = sgd(model)

    def train(watch):
        for batch in classes() * 4:
            optimizer.zero_grad()
            loss = cross_entropy(model, batch)
            loss.backward()
            optimizer.step()
            watch.step(loss)

    with descentry.watch(model, optimizer, run_dir=None, overhead=0.5) as watch:
        train(watch)
        first, updates = watch.run(), watch.updates
        descentry.try_remedies(model, optimizer, classes(), cross_entropy, [LOWER], steps=20, seeds=2)
        run = watch.run()
        assert watch.updates == updates
        assert {s.name: len(s) for s in run.series} == {s.name: len(s) for s in first.series}
        assert [gap.what for gap in run.gaps] == [gap.what for gap in first.gaps]
        train(watch)
        assert watch.updates == 2 * updates


def test_gradients_inside_the_steps_of_lbfgs_are_counted():
    model = network()
    optimizer = torch.optim.LBFGS(model.parameters(), 0.05, max_iter=4)
    found = trial([LOWER], model=model, optimizer=optimizer, steps=10, seeds=1)
    assert found["control"].gradients > 20


def test_progress_ends_where_it_should():
    told = []
    trial([LOWER], seeds=2, steps=10, progress=lambda *now: told.append(now))
    assert all(done <= total for done, total, _ in told)
    assert told[-1][0] == told[-1][1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"remedies": []}, "nothing to try"),
        ({"remedies": ["lower-lr"]}, "no diagnosis and no remedy: str"),
        ({"batches": iter([])}, "no batches"),
        ({"batches": classes()[0]}, "one batch"),
        ({"steps": 2}, "steps should be 10 or more"),
        ({"loss": lambda model, batch: model(batch[0])}, "no single number: a tensor of shape"),
        ({"loss": lambda model, batch: cross_entropy(model, batch).item()}, "no single number: float"),
        ({"loss": lambda model, batch: model(batch)}, "computing the loss failed"),
        (
            {"loss": lambda model, batch: cross_entropy(model, batch) * float("nan")},
            "the loss is not finite before",
        ),
    ],
)
def test_mistakes_are_said(change, message):
    remedies = change.pop("remedies", [LOWER])
    with pytest.raises(DescentryError, match=message):
        trial(remedies, **change)


def test_an_arm_that_fails_is_said_and_does_not_end_the_others():
    def loss(model, batch):
        if not torch.is_grad_enabled() or model[0].weight.abs().max() < 50:
            return cross_entropy(model, batch)
        raise ValueError("too large")

    found = trial([remedy("raise-lr", lr_factor=1e5), LOWER], loss=loss, seeds=2)
    assert "it failed: ValueError: too large" in dict(found.untried)["raise-lr"]
    assert found["lower-lr"].loss[0] > 0
