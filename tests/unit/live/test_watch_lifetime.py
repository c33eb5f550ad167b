"""A watch ends as it should, however the training ends, and keeps nothing alive."""

from __future__ import annotations

import copy
import gc
import io
import os
import pickle
import subprocess
import sys
import weakref

import pytest
import torch
from tests.unit.live._loops import batch, mlp, sgd, train, watched
from torch import nn
from torch.nn import functional as F

import descentry
from descentry.live._ring import Ring

PLAIN = f"""
import sys
sys.path[:0] = {[os.getcwd()]!r}
import torch
from tests.unit.live._loops import mlp, sgd, train
from descentry.live import _schedule
from descentry.live.watch import watch
_schedule.ADVANCE = 3600.0  # what is measured is not a matter of how busy the machine is
torch.set_num_threads(1)
model = mlp()
optimizer = sgd(model)
"""


def ran(tmp_path, text):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PLAIN + text.format(folder=str(tmp_path))],
        capture_output=True,
        text=True,
        timeout=900,
    )
    return done, descentry.read(tmp_path / "a")


def test_a_forgotten_close_loses_nothing(tmp_path):
    done, run = ran(
        tmp_path,
        "one = watch(model, optimizer, run_dir={folder!r}, name='a')\ntrain(model, optimizer, one, 7)",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(run["loss"]) == 7
    assert len(run["gradient-norm"]) >= 1
    assert not [g for g in run.gaps if g.kind == "died"]


@pytest.mark.parametrize("ending", ["raise KeyboardInterrupt", "1 / 0"])
def test_an_error_in_the_loop_ends_the_run_and_is_told(tmp_path, ending):
    done, run = ran(
        tmp_path,
        "with watch(model, optimizer, run_dir={folder!r}, name='a') as one:\n"
        f"    train(model, optimizer, one, 7)\n    {ending}",
    )
    assert done.returncode != 0
    assert "descentry" not in done.stderr.splitlines()[-1]
    assert len(run["loss"]) == 7
    assert [g.kind for g in run.gaps if g.kind == "died"] == ["died"]


def test_what_is_held_by_nobody_else_is_freed_and_written_at_once(tmp_path):
    gc.collect()
    gc.disable()
    try:
        model = mlp()
        optimizer = sgd(model)
        one = watched(model, optimizer, run_dir=tmp_path, name="a")
        train(model, optimizer, one, 3)
        session = weakref.ref(one._session)
        refs = weakref.ref(model), weakref.ref(optimizer)
        del one, model, optimizer
        assert [r() for r in refs] == [None, None]
        assert session() is None
    finally:
        gc.enable()
    run = descentry.read(tmp_path / "a")
    assert len(run["loss"]) == len(run["gradient-norm"]) == 3
    assert not run.gaps


def test_a_watch_that_nobody_keeps_goes_on_with_its_optimizer(tmp_path):
    model = mlp()
    optimizer = sgd(model)
    watched(model, optimizer, run_dir=tmp_path, name="a")
    train(model, optimizer, None, 5)
    del optimizer
    gc.collect()
    run = descentry.read(tmp_path / "a")
    assert run["gradient-norm"].step.tolist() == [0, 2, 3, 4]  # at the second it turns out that nobody calls
    assert run["lr"].value.tolist() == [0.1]


def test_no_graph_is_kept(tmp_path):
    model = mlp()
    optimizer = sgd(model)
    with watched(model, optimizer) as one:
        train(model, optimizer, one, 3)
        loss = F.cross_entropy(model(batch()[0]), batch()[1])
        loss.backward()
        optimizer.step()
        one.step(loss)
        del loss
        gc.collect()
        held = [t for t in gc.get_objects() if issubclass(type(t), torch.Tensor) and t.grad_fn is not None]
        assert held == []


def test_after_the_end_everything_is_as_before_and_calls_do_nothing():
    model = mlp()
    optimizer = sgd(model)
    one = watched(model, optimizer)
    train(model, optimizer, one, 3)
    one.close()
    one.close()
    train(model, optimizer, one, 3)
    one.log(val_loss=1.0)
    assert one.updates == 3
    assert len(one.run()["loss"]) == 3
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks


def test_copies_of_a_model_that_is_measured_are_plain():
    model = mlp()
    optimizer = sgd(model)
    with watched(model, optimizer) as one:
        assert one.is_measuring
        average = torch.optim.swa_utils.AveragedModel(model)
        again = copy.deepcopy(optimizer)
        loaded = pickle.loads(pickle.dumps(model))
        torch.save(model, stream := io.BytesIO())
        for copied in (average, loaded, torch.load(io.BytesIO(stream.getvalue()), weights_only=False)):
            copied(batch()[0]).sum().backward()
        average.update_parameters(model)
        again.step()
        assert one.updates == 0
        train(model, optimizer, one, 3)
        assert len(one.run()["sharpness"]) >= 1
        assert one.run().gaps == ()


def test_a_step_that_raised_is_no_step():
    model = mlp()
    optimizer = sgd(model)
    with watched(model, optimizer) as one:
        train(model, optimizer, one, 2)
        model[0].weight.grad = None
        optimizer.param_groups[0]["lr"] = "fast"
        model[2].weight.grad = torch.ones(3, 16)
        with pytest.raises(TypeError):
            optimizer.step()
        optimizer.param_groups[0]["lr"] = 0.1
        train(model, optimizer, one, 2)
        assert one.updates == 4
        assert len(one.run()["loss"]) == 4


def test_steps_within_steps_are_one():
    class Twice(torch.optim.Adam):
        def step(self, closure=None):
            return super().step(closure)

    model = mlp()
    torch.optim.Adam(mlp().parameters()).step()
    optimizer = Twice(model.parameters())
    with watched(model, optimizer) as one:
        train(model, optimizer, one, 3)
        assert one.updates == 3
        assert len(one.run()["update-ratio"]) == 3


def test_an_optimizer_without_hooks_is_counted_by_the_calls():
    class Plain:
        def __init__(self, model):
            self.defaults, self.param_groups = {"lr": 0.1}, [{"params": [*model.parameters()], "lr": 0.1}]

        def zero_grad(self):
            for p in self.param_groups[0]["params"]:
                p.grad = None

        def step(self):
            with torch.no_grad():
                for p in self.param_groups[0]["params"]:
                    p -= 0.1 * p.grad

    model = mlp()
    optimizer = Plain(model)
    with watched(model, optimizer) as one:
        losses = train(model, optimizer, one, 12)
        run = one.run()
    assert run["loss"].value.tolist() == losses
    assert [g.what for g in run.gaps if "cannot be seen" in g.what]


def test_skipped_steps_of_mixed_precision_are_not_counted():
    model = mlp()
    optimizer = sgd(model)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    with watched(model, optimizer, scaler=scaler) as one:
        for step in range(6):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                loss = F.cross_entropy(model(batch()[0]), batch()[1])
            scaler.scale(loss if step != 2 else loss * torch.inf).backward()
            scaler.step(optimizer)
            scaler.update()
            one.step(loss)
        run = one.run()
        assert one.updates == 5
    assert run["loss-scale"].value.tolist()[-1] == 2.0**9
    assert run["loss-scale/skips"].value.tolist()[-1] == 1
    assert run["gradient-norm"].step.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_workers_that_are_forked_leave_the_run_alone(tmp_path):
    model = mlp()
    optimizer = sgd(model)
    with watched(model, optimizer, run_dir=tmp_path, name="a") as one:
        train(model, optimizer, one, 2)
        assert one.is_measuring
        child = os.fork()
        if child == 0:
            one.step(99.0)
            optimizer.step()
            one.close()
            os._exit(0 if one.updates == 2 else 1)
        assert os.waitpid(child, 0)[1] == 0
        train(model, optimizer, one, 2)
    run = descentry.read(tmp_path / "a")
    assert len(run["loss"]) == len(run["gradient-norm"]) == 4


def test_values_on_a_device_come_over_in_rows_and_keep_their_order():
    rows = []
    ring = Ring(lambda step, values, when: rows.append((step, values, when)))
    value = torch.tensor(1.0)
    for step in range(5):
        ring.put(step, {"loss": value, "scale": torch.tensor(step, dtype=torch.float64)})
        value += 1  # what was put in is a copy
    assert rows == []
    ring.bring(wait=True)
    assert [(s, v) for s, v, _ in rows] == [(i, {"loss": i + 1.0, "scale": float(i)}) for i in range(5)]
    assert [w for *_, w in rows] == sorted(w for *_, w in rows)
    for step in range(10_000):
        ring.put(step, {"loss": value})
    assert len(rows) > 5_000


def test_a_module_list_without_parameters_can_be_watched():
    model = nn.Sequential(nn.Flatten(), nn.ReLU())
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], 0.1)
    with watched(model, optimizer) as one:
        train(model, optimizer, one, 3, lambda model: (model(torch.ones(2, 1)) * weight - 1).square().mean())
        run = one.run()
    assert len(run["loss"]) == 3
    assert run["wiring/not-in-model"].value[0] == 1
