"""The pilot on real trainings: what it does when they go wrong, and that it is idle when they go well."""

from __future__ import annotations

import copy
import dataclasses
import math
from types import SimpleNamespace

import pytest
import torch
from tests.unit.control._pilot_loops import Loop, broken, digits, made, net
from torch import nn
from torch.optim import lr_scheduler

import descentry
from descentry.control.pilot import pilot
from descentry.core.data import Diagnosis, Remedy
from descentry.core.errors import DescentryError
from descentry.live._clock import VirtualClock


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_a_healthy_training_is_to_the_bit_what_it_is_without_a_pilot(kind):
    rate = {"sgd": 0.1, "adam": 0.01}[kind]
    alone = Loop(kind, rate, watched=False).train(120)
    drawn = torch.rand(1).item()
    watched = Loop(kind, rate).train(120)
    assert torch.rand(1).item() == drawn
    assert watched.pilot.decisions == ()
    assert watched.losses == alone.losses
    assert torch.equal(watched.weights(), alone.weights())
    for one, other in zip(watched.optimizer.state.values(), alone.optimizer.state.values(), strict=True):
        assert all(torch.equal(torch.as_tensor(one[k]), torch.as_tensor(other[k])) for k in other)


@pytest.mark.parametrize("kind", ["sgd", "adam"])
@pytest.mark.parametrize("rate", [1e-7, 1e-5, 10.0, 100.0])
def test_any_starting_rate_ends_in_a_model_that_has_learnt(kind, rate):
    loop = Loop(kind, rate).train(300)
    loop.pilot.close()
    assert loop.policies()[0] == "find-rate"
    assert loop.loss() < 0.3
    assert all(math.isfinite(p) for p in loop.weights().tolist())


def test_a_rate_that_works_is_left_alone_unless_a_search_is_asked_for():
    assert Loop(rate=0.1).train(60).policies() == []
    loop = Loop(rate=0.001, search=True).train(150)
    assert loop.policies() == ["find-rate"]
    (found,) = loop.pilot.decisions
    assert found.numbers["steps"] <= 100
    assert loop.pilot.rate == pytest.approx(found.remedy.change["lr"])
    assert loop.pilot.rate > 0.01


@pytest.mark.parametrize(("kind", "rate"), [("sgd", 0.01), ("adam", 0.001)])
def test_a_rate_that_works_but_limits_the_fall_is_raised_from_where_it_has_come_to(kind, rate):
    alone = Loop(kind, rate, watched=False).train(400)
    loop = Loop(kind, rate).train(400)
    assert loop.losses[:128] == alone.losses[:128]
    begun, found = loop.pilot.decisions[:2]
    assert (begun.step, dict(begun.remedy.change)) == (127, {"search": True})
    assert "no more slowly at the end" in begun.because
    assert loop.pilot.rate == pytest.approx(found.remedy.change["lr"])
    assert loop.pilot.rate > 4 * rate
    assert loop.loss() < 0.5 * alone.loss()


def test_the_steps_of_a_search_are_no_part_of_the_curve_and_its_returns_no_resume(tmp_path):
    # By a clock that counts work, so that what is measured is no matter of how busy the machine is.
    clock = VirtualClock()
    loop = Loop("adam", 1e-6, run_dir=tmp_path, name="a", overhead=0.5, _clock=clock).train(260)
    begun, ended = (d.step for d in loop.pilot.decisions[:2])
    report = loop.pilot.explain()
    run = report.run
    tried = {*range(begun + 1, ended + 1)}
    assert set(run["trial-loss"].step.tolist()) == tried
    assert set(run["loss"].step.tolist()) == set(range(260)) - tried
    assert not tried & set(run["gradient-norm"].step.tolist())
    assert len(run["lr"]) == 2
    assert any(g.start == begun + 1 and "tried learning rates" in g.what for g in run.gaps)
    (resume,) = (d for d in report.diagnoses if d.cause == "resume-artefact")
    assert resume.status != "supported"
    loop.pilot.close()


def test_a_batch_that_is_no_number_costs_the_steps_since_the_last_kept_state_and_no_more():
    loop = Loop().train(120, broken((110,)))
    (decision,) = loop.pilot.decisions
    assert (decision.step, decision.policy) == (110, "bad-batch")
    assert dict(decision.remedy.change) == {"restore": 100}
    assert loop.pilot.rate == 0.1
    assert loop.losses[111] < 0.5
    assert math.isfinite(loop.loss())
    assert loop.told == [decision]


def test_going_back_puts_back_weights_and_memory_in_place_and_lets_random_numbers_go_on():
    kept, drawn = {}, {}

    def after(step):
        memory = [s["momentum_buffer"] for s in loop.optimizer.state.values()]
        kept[step] = torch.cat([loop.weights(), *(m.flatten() for m in memory)])
        drawn[step] = torch.rand(1).item()

    loop = Loop()
    places = [p.data_ptr() for p in loop.model.parameters()]
    loop.train(105, broken((104,)), after)
    assert torch.equal(kept[104], kept[99])
    assert len(set(drawn.values())) == 105
    assert [p.data_ptr() for p in loop.model.parameters()] == places


def test_a_loss_that_runs_away_is_brought_back_at_a_third_of_the_rate():
    def after(step):
        if step == 150:
            loop.optimizer.param_groups[0]["lr"] = 3.0

    loop = Loop(rate=0.1, search=False)
    loop.train(300, after=after)
    first = loop.pilot.decisions[0]
    assert first.policy == "roll-back"
    assert 150 < first.step < 200
    assert dict(first.remedy.change) == {"restore": 150, "lr_factor": pytest.approx(1 / 3)}
    assert loop.loss() < 0.5


def test_a_rise_that_is_in_the_data_is_found_out_and_the_return_undone():
    def harder(step, x, y):
        return x, (torch.randint(10, y.shape, generator=draws) if step >= 150 else y)

    draws = torch.Generator().manual_seed(3)
    at_return = {}

    def after(step):
        if loop.policies()[-1:] == ["take-back"] and "after" not in at_return:
            at_return["after"] = loop.weights()
        elif not loop.policies():
            at_return["left"] = loop.weights()

    loop = Loop("adam", 0.003, search=False)
    loop.train(200, harder, after)
    assert loop.policies()[:2] == ["roll-back", "take-back"]
    assert loop.pilot.rate == 0.003
    # The state that the return left behind came after the step of the decision, which `after` has not seen.
    assert not torch.equal(at_return["after"], at_return["left"])


def test_a_cure_that_is_not_the_pilots_to_apply_is_passed_on_as_advice_once():
    remedy = Remedy("standardise-inputs", {}, "Standardise the inputs.", "", "advise")
    scaling = Diagnosis("feature-scaling", "the inputs are not scaled", "supported", 0.9, "failing")
    scaling = dataclasses.replace(scaling, remedies=(remedy,))
    loop = Loop(interventions=2)
    loop.pilot._helm.examine = lambda: SimpleNamespace(diagnoses=(scaling,))
    loop.train(160, broken(range(120, 160)))
    (advice,) = (d for d in loop.pilot.decisions if d.policy == "advise")
    assert not advice.applied
    assert advice.because.startswith("The inputs are not scaled (90% likely). Yours to decide: Standardise")
    assert advice in loop.told


def test_interventions_are_bounded_and_the_training_is_handed_back_whole():
    loop = Loop(interventions=3).train(260, broken(range(100, 400)))
    assert loop.policies()[-1] == "hand-over"
    assert len(loop.policies()) == 4
    assert loop.pilot.should_stop
    # What goes on after that is no business of the pilot's.
    assert math.isnan(loop.loss())


@pytest.mark.parametrize("checked", [True, False])
def test_data_that_break_for_good_are_told_from_a_rate_that_is_too_high(checked):
    loop = Loop().train(160, broken(range(100, 160)), checked=checked)
    last = loop.pilot.decisions[-1]
    assert last.policy == "hand-over"
    assert "it is the data or how the loss is computed, and not the rate" in last.because
    assert loop.pilot.rate == pytest.approx(0.1)
    assert len(loop.told) == len(loop.pilot.decisions) < 10
    # Where it is asked before the step, no such step is ever made again.
    assert math.isfinite(loop.loss()) == checked


def test_data_that_are_broken_for_a_while_are_passed_and_the_run_goes_on():
    loop = Loop().train(160, broken(range(100, 107)), checked=True)
    assert set(loop.policies()) == {"bad-batch"}
    assert loop.loss() < 0.2


def test_weights_that_the_last_step_broke_are_put_back_at_the_end():
    loop = Loop().train(60)
    with torch.no_grad():
        next(loop.model.parameters()).fill_(float("nan"))
    loop.pilot.close()
    assert math.isfinite(loop.loss())


def test_a_bad_batch_is_left_out_where_it_is_checked_before_the_step():
    kept = {}

    def after(step):
        state = loop.optimizer.state_dict()["state"]
        kept[step] = loop.weights(), copy.deepcopy(state)

    loop = Loop("adam", 0.01)
    loop.train(60, broken((50, 51)), after, checked=True)
    assert [(d.step, d.policy) for d in loop.pilot.decisions] == [(50, "bad-batch"), (51, "bad-batch")]
    assert torch.equal(kept[51][0], kept[49][0])
    for before, later in zip(kept[49][1].values(), kept[51][1].values(), strict=True):
        assert all(torch.equal(before[k], later[k]) for k in before)
    assert math.isfinite(loop.loss())


SCHEDULES = {
    "step": lambda o: lr_scheduler.StepLR(o, 20, 0.5),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, 200),
    "one-cycle": lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=201),
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, 0.99),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_scheduler_sees_only_its_own_rates_and_is_multiplied(name, tmp_path):
    alone = made(net(), "sgd", 0.1)
    schedule = SCHEDULES[name](alone)
    own = []
    for _ in range(200):
        own.append(alone.param_groups[0]["lr"])
        alone.step()
        schedule.step()

    loop = Loop(search=False, run_dir=tmp_path, name="a")
    mine = SCHEDULES[name](loop.optimizer)
    seen = []

    def after(step):
        seen.append(loop.optimizer.param_groups[0]["lr"])
        if step == 100:
            loop.pilot._helm.controller._tempo.factor = 0.25
        mine.step()

    loop.train(200, after=after)
    assert seen == own
    loop.pilot.close()
    rates = descentry.read(tmp_path / "a")["lr"]
    recorded = dict(zip(rates.step.tolist(), rates.value.tolist(), strict=True))
    assert recorded[150 if name != "step" else 140] == pytest.approx(
        0.25 * own[150 if name != "step" else 140]
    )


def test_with_a_stated_length_the_rate_falls_to_zero_over_its_last_fifth(tmp_path):
    loop = Loop(total_steps=100, run_dir=tmp_path, name="a").train(100)
    loop.pilot.close()
    rates = descentry.read(tmp_path / "a")["lr"].value
    assert rates.tolist() == pytest.approx([0.1, *(0.1 * t / 20 for t in range(19, 0, -1))])
    assert loop.optimizer.param_groups[0]["lr"] == 0.1


def test_with_a_scheduler_a_stated_length_changes_nothing():
    loop = Loop(total_steps=100, watched=False)
    schedule = lr_scheduler.StepLR(loop.optimizer, 10)
    one = pilot(loop.model, loop.optimizer, total_steps=100, scheduler=schedule, run_dir=None, overhead=0)
    assert one.rate == 0.1
    one.close()


def test_a_training_that_has_learnt_by_the_end_of_its_warm_up_is_left_alone():
    def trained(watched):
        loop = Loop(rate=0.2, watched=watched)
        warm_up = lr_scheduler.LambdaLR(loop.optimizer, lambda step: min(1.0, (step + 1) / 150))
        return loop.train(300, after=lambda step: warm_up.step())

    loop = trained(True)
    assert loop.pilot.decisions == ()
    assert loop.losses == trained(False).losses


def test_several_groups_keep_their_proportions(tmp_path):
    model = net()
    groups = [{"params": model[0].parameters(), "lr": 1e-6}, {"params": model[2].parameters(), "lr": 2e-6}]
    optimizer = torch.optim.SGD(groups, momentum=0.9)
    inside = []
    one = pilot(model, optimizer, run_dir=None, overhead=0, search=True, on_decision=lambda _: None)
    optimizer.register_step_pre_hook(lambda o, *_: inside.append([g["lr"] for g in o.param_groups]))
    x, y = digits()
    for _ in range(120):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x[:64]), y[:64])
        loss.backward()
        optimizer.step()
        one.step(loss)
    assert all(b == pytest.approx(2 * a) for a, b in inside)
    assert one.decisions[-1].policy == "find-rate"
    assert [g["lr"] for g in optimizer.param_groups] == [1e-6, 2e-6]


def test_an_error_of_the_pilots_own_ends_the_pilot_and_not_the_training(monkeypatch):
    loop = Loop(rate=0.1)
    monkeypatch.setattr(loop.pilot._helm.controller, "see", lambda *_: 1 / 0)
    x, y = digits()
    for _ in range(3):
        loss = nn.functional.cross_entropy(loop.model(x), y)
        loss.backward()
        loop.optimizer.step()
        loop.pilot.step(loss)
    (gap,) = (g for g in loop.pilot.run().gaps if g.kind == "pilot")
    assert "ZeroDivisionError" in gap.what


def test_after_it_is_closed_the_optimizer_is_as_it_was():
    loop = Loop(total_steps=50).train(10)
    loop.pilot.close()
    assert not loop.optimizer._optimizer_step_pre_hooks
    assert not loop.optimizer._optimizer_step_post_hooks
    before = loop.weights()
    loop.train(5)
    assert not torch.equal(loop.weights(), before)


def test_each_decision_is_a_line_on_standard_error(capfd):
    loop = Loop(on_decision=None).train(60, broken((55,)))
    assert loop.policies() == ["bad-batch"]
    err = capfd.readouterr().err
    assert err.startswith("descentry: step 55: The loss of step 55 is nan, and was 0.")


def test_states_that_do_not_fit_are_not_kept_and_it_says_so(capfd):
    loop = Loop(memory=1000).train(60, broken((55,)))
    assert "memory" in capfd.readouterr().err
    assert loop.policies() == []
    assert any(g.kind == "pilot" for g in loop.pilot.run().gaps)


def test_it_stops_at_rest_and_says_what_stopping_forgoes():
    # A straight line through points with noise: at rest after some dozen steps, and nothing more to gain.
    draws = torch.Generator().manual_seed(0)
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    one = pilot(model, optimizer, run_dir=None, overhead=0, search=False, on_decision=lambda _: None)
    for _ in range(4000):
        x = torch.randn(64, 4, generator=draws)
        y = x.sum(1, keepdim=True) + 0.3 * torch.randn(64, 1, generator=draws)
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        one.step(loss)
        if one.should_stop:
            break
    assert [d.policy for d in one.decisions] == ["plateau", "converged"]
    stop = one.decisions[-1]
    assert stop.numbers["forgone_low"] <= stop.numbers["forgone"] <= stop.numbers["forgone_high"]
    assert abs(stop.numbers["forgone"]) < 0.02
    assert "stopping forgoes" in stop.because
    assert one.updates < 2000


@pytest.mark.parametrize(
    "wrong", [{"search": "perhaps"}, {"every": 0}, {"interventions": 0}, {"total_steps": -1}]
)
def test_arguments_that_cannot_be_are_refused_in_words(wrong):
    model = net()
    (name,) = wrong
    with pytest.raises(DescentryError, match=name):
        pilot(model, made(model, "sgd", 0.1), run_dir=None, **wrong)


def test_an_optimizer_without_a_rate_is_refused():
    model = net()
    with pytest.raises(DescentryError, match="no learning rate above zero"):
        pilot(model, made(model, "sgd", 0.0), run_dir=None)


def test_a_rate_that_is_no_number_is_left_to_the_optimizer():
    loop = Loop(total_steps=20).train(18)
    loop.optimizer.param_groups[0]["lr"] = "fast"
    with pytest.raises(TypeError):
        loop.train(1)
    assert loop.optimizer.param_groups[0]["lr"] == "fast"
