"""What a watched loop leaves behind: series, settings, gaps, a story."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.unit.live._loops import batch, mlp, sgd, train, watched
from torch import nn
from torch.nn import functional as F

import descentry
from descentry.core import catalog
from descentry.core.errors import DescentryError
from descentry.core.readings import readings
from descentry.instruments import gradient_norm, sharpness
from descentry.live import _publishing
from descentry.live._clock import VirtualClock
from descentry.live.watch import watch

STEPS = 8


@pytest.fixture
def run():
    model = mlp()
    optimizer = sgd(model, momentum=0.9, weight_decay=0.01)
    with watched(model, optimizer) as one:
        losses = train(model, optimizer, one, STEPS)
        return losses, one.run()


def test_loss_rate_and_readings_are_series(run):
    losses, run = run
    assert run["loss"].value.tolist() == losses
    assert run["loss"].step.tolist() == list(range(STEPS))
    assert run["lr"].value.tolist() == [0.1]
    assert run["learning-rate/momentum"].value.tolist() == [0.9]
    assert run["gradient-norm"].step.tolist() == list(range(STEPS))
    assert run["gradient-norm/0.weight"].value[0] < run["gradient-norm"].value[0]
    assert run["wiring/not-in-optimizer"].value[0] == 0
    assert len(run["sharpness:error"]) == len(run["sharpness"])


def test_every_instrument_is_read_at_the_first_step(run):
    _, run = run
    read = {name.partition("/")[0] for name, s in readings(run).items() if s.step[0] <= 1}
    # The loss has a name of its own, and without rectifiers nothing is dead.
    assert set(catalog.entries("instruments")) - read == {"batch-loss", "dead-units"}


def test_settings_tell_optimizer_layers_loss_and_units(run):
    config = run[1].config
    assert config["optimizer"] == "SGD"
    assert (config["lr"], config["momentum"], config["weight_decay"]) == (0.1, 0.9, 0.01)
    assert config["layers"] == [["0", "Linear"], ["1", "Tanh"], ["2", "Linear"]]
    assert (config["batch_size"], config["loss_function"]) == (12, "cross_entropy")
    assert (config["device"], config["dtype"], config["parameters"]) == ("cpu", "float32", 163)
    assert config["instruments"]["gradient-norm"] == "gradient"
    assert config["units"]["activations/1/saturated"] == "fraction"
    assert config["bounds"]["sharpness"] == "lower"


@pytest.mark.parametrize(("overhead", "explained"), [(0.0, "accuracy"), (0.9, "loss")])
def test_readings_are_never_the_curve_that_is_explained(overhead, explained):
    model = mlp()
    optimizer = sgd(model)
    with watched(model, optimizer, overhead=overhead) as one:
        for _ in range(30):
            F.cross_entropy(model(batch()[0]), batch()[1]).backward()
            optimizer.step()
            one.step()
        one.log(accuracy=0.5)
        assert one.explain().main.name == explained


def test_a_loss_that_nobody_tells_is_recorded_where_it_was_seen():
    model = mlp()
    optimizer = sgd(model)
    losses = {}
    with watched(model, optimizer) as one:
        for step in range(30):
            loss = F.cross_entropy(model(batch()[0]), batch()[1])
            loss.backward()
            optimizer.step()
            one.step()
            losses[step] = loss.item()
        found = next(s for s in one.run().series if s.name == "loss")
    assert len(found.step) >= 3
    assert found.value.tolist() == pytest.approx([losses[int(s)] for s in found.step])


def test_the_user_can_ask_at_any_time_and_log_more():
    model = mlp()
    optimizer = sgd(model)
    with watched(model, optimizer) as one:
        train(model, optimizer, one, 5)
        one.log(val_loss=1.25)
        one.log({"val/acc": 0.5})
        train(model, optimizer, one, 25)
        report = one.explain()
        assert report.main.name == "loss"
        assert one.run()["val_loss"].step.tolist() == [4]
        assert one.measurements["gradient-norm"].instrument == "gradient-norm"
        assert one.measurements["sharpness"].bound == "lower"
        assert one.measurements["sharpness"].error > 0
        assert one.spent.readings["sharpness"] >= 1
        assert 0 < one.spent.share < 1
    assert "30 steps" in repr(one)


def test_losses_may_be_numbers_tensors_or_missing():
    model = mlp()
    optimizer = sgd(model)
    with watched(model, optimizer, overhead=0) as one:
        for loss in (1.5, torch.tensor(2.0), torch.tensor([1.0, 2.0]), np.float32(4.0), None, 3, "no", 7.0):
            optimizer.step()
            with pytest.warns(RuntimeWarning) if loss == "no" else pytest.MonkeyPatch.context():
                one.step(loss)
        assert dict(zip(one.run()["loss"].step, one.run()["loss"].value, strict=True)) == {
            0: 1.5, 1: 2.0, 2: 1.5, 3: 4.0, 5: 3.0, 7: 7.0,
        }  # fmt: skip


def test_without_overhead_only_scalars_are_recorded():
    model = mlp()
    optimizer = sgd(model)
    with watched(model, optimizer, overhead=0) as one:
        train(model, optimizer, one, 4)
        assert not one.is_measuring
        assert {s.name.partition("/")[0] for s in one.run().series} == {"loss", "lr", "learning-rate"}
        assert one.run().gaps == ()


def test_rates_are_those_in_force_at_the_step():
    model = mlp()
    optimizer = sgd(model)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    with watched(model, optimizer, overhead=0) as one:
        for _ in range(3):
            train(model, optimizer, None, 1)
            scheduler.step()
            one.step(1.0)
        assert one.run()["lr"].value.tolist() == [0.1, 0.05, 0.025]


def test_values_are_those_of_the_instruments_on_the_same_step():
    model = mlp(6, 3)
    optimizer = sgd(model, lr=0.0)
    x, y = batch()
    with watched(model, optimizer) as one:
        train(model, optimizer, one, 2, lambda model: F.cross_entropy(model(x), y))
        assert one.run().gaps == ()
        found = one.run()["gradient-norm"].value[0]
        expected = torch.cat([p.grad.flatten() for p in model.parameters()]).norm().item()
        assert found == pytest.approx(expected, rel=1e-6)
        p = model(x).softmax(1).detach()
        blocks = torch.stack([torch.diag(r) - torch.outer(r, r) for r in p])
        inputs = torch.cat([x, torch.ones(12, 1)], 1)
        hessian = torch.einsum("nab,ni,nj->aibj", blocks, inputs, inputs).reshape(21, 21) / 12
        assert one.run()["sharpness"].value[0] == pytest.approx(
            torch.linalg.eigvalsh(hessian)[-1].item(), rel=0.02
        )


def test_an_error_of_an_instrument_is_a_gap_said_once(monkeypatch):
    def broken(probe):
        raise ZeroDivisionError("no luck")

    monkeypatch.setattr(sharpness, "INSTRUMENT", sharpness.INSTRUMENT)
    object.__setattr__(sharpness.INSTRUMENT, "measure", broken)
    try:
        model = mlp()
        optimizer = sgd(model)
        with watched(model, optimizer) as one:
            train(model, optimizer, one, 12)
            run = one.run()
    finally:
        object.__setattr__(sharpness.INSTRUMENT, "measure", sharpness.measure)
    (gap,) = [g for g in run.gaps if "sharpness" in g.what]
    assert gap.what == "sharpness could not be read: ZeroDivisionError: no luck"
    assert len(run["loss"]) == len(run["gradient-norm"]) == 12


def test_an_error_outside_of_instruments_is_a_gap_too(monkeypatch):
    monkeypatch.setattr("descentry.live._sample.Sample.finish", lambda *_: 1 / 0)
    model = mlp()
    optimizer = sgd(model)
    with watched(model, optimizer) as one:
        train(model, optimizer, one, 5)
        run = one.run()
    assert [g.what for g in run.gaps if "was not measured" in g.what] == [
        "a step was not measured: ZeroDivisionError: division by zero"
    ]
    assert len(run["loss"]) == 5


def test_of_many_layers_the_same_few_are_kept():
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(100)))
    optimizer = sgd(model)
    with watched(model, optimizer) as one:
        train(model, optimizer, one, 3, lambda model: model(torch.randn(4, 2)).square().mean())
        run = one.run()
    layers = [s.name for s in run.series if s.name.startswith("gradient-norm/")]
    assert len(layers) == _publishing.LAYERS
    assert {"gradient-norm/0.weight", "gradient-norm/99.bias"} <= set(layers)
    assert all(len(run[name]) == 3 for name in layers)
    assert any("others were not" in g.what for g in run.gaps)
    assert gradient_norm.INSTRUMENT.id in run.config["instruments"]


def test_what_costs_too_much_is_said_to_be_not_measured():
    model = mlp()
    optimizer = sgd(model)
    with watched(model, optimizer, _clock=VirtualClock(gradient=0.05)) as one:
        train(model, optimizer, one, 5)
        said = [g.what for g in one.run().gaps if "sharpness" in g.what]
    assert said == ["not measured (sharpness): a reading takes about 2 s, more than could be spent so far"]


def test_two_models_are_watched_by_name(tmp_path):
    generator, critic = mlp(6, 8, 6), mlp(6, 8, 1)
    first, second = sgd(generator), sgd(critic)
    with (
        watched(generator, first, run_dir=tmp_path, name="g") as one,
        watched(critic, second, run_dir=tmp_path, name="c") as other,
    ):
        for _ in range(4):
            noise = torch.randn(8, 6)
            second.zero_grad()
            loss = critic(generator(noise).detach()).square().mean() + (critic(noise) - 1).square().mean()
            loss.backward()
            second.step()
            other.step(loss)
            first.zero_grad()
            loss = (critic(generator(noise)) - 1).square().mean()
            loss.backward()
            first.step()
            one.step(loss)
    for name in ("g", "c"):
        run = descentry.read(tmp_path / name)
        assert len(run["loss"]) == len(run["gradient-norm"]) == 4
        assert "sharpness" not in {s.name for s in run.series}  # neither loss is of these outputs alone


def test_a_run_that_is_joined_goes_on_counting(tmp_path):
    for _ in range(2):
        model = mlp()
        optimizer = sgd(model)
        with watched(model, optimizer, run_dir=tmp_path, name="a", resume=True) as one:
            train(model, optimizer, one, 3)
    assert descentry.read(tmp_path / "a")["loss"].step.tolist() == [0, 1, 2, 3, 4, 5]


def test_runs_of_one_folder_are_named_by_the_time(tmp_path):
    for _ in range(2):
        model = mlp()
        optimizer = sgd(model)
        with watched(model, optimizer, run_dir=tmp_path, overhead=0, config={"seed": 3}) as one:
            train(model, optimizer, one, 3)
            assert one.folder.parent == tmp_path
    runs = descentry.read_all(tmp_path)
    assert len(runs) == 2
    assert runs[0].config["seed"] == 3


def test_mistakes_are_said():
    model = mlp()
    with pytest.raises(DescentryError, match="no share of the time: 5"):
        watch(model, sgd(model), overhead=5)
    with pytest.raises(DescentryError, match=r"no torch\.nn\.Module but function"):
        watch(lambda x: x, sgd(model))
    with pytest.raises(DescentryError, match="no parameter groups: float"):
        watch(model, 0.1)


def test_the_same_training_is_measured_alike_by_a_clock_that_counts_work():
    found = []
    for _ in range(2):
        model = mlp()
        optimizer = sgd(model)
        with watched(model, optimizer) as one:
            train(model, optimizer, one, 60)
            run = one.run()
        found.append([(s.name, s.step.tolist(), s.value.tobytes()) for s in run.series])
    assert found[0] == found[1]


def test_what_happened_after_the_last_reading_is_looked_at_when_the_run_ends(monkeypatch):
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters())
    with watched(model, optimizer) as one:
        train(model, optimizer, one, 20)
        monkeypatch.setattr(one._session.lab.schedule, "choose", lambda *_: [])
        train(model, optimizer, one, 1)  # one that is measured may have been prepared
        optimizer.state.clear()
        model.load_state_dict(model.state_dict())
        train(model, optimizer, one, 5)
    run = one.run()
    assert run["restarts/age"].value[-1] == 5
    assert run["restarts/age"].step[-1] == 26
