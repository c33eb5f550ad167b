"""Several processes that train one model: what one of them sees goes wrong, all of them answer alike."""

from __future__ import annotations

import os

import pytest
import torch
from tests._processes import two_ranks

import descentry

SCRIPT = f"""
import os, sys
sys.path[:0] = {[os.getcwd()]!r}
import torch
from torch import distributed, nn
from torch.nn import functional as F

rank, folder, piloted, rate = int(sys.argv[1]), sys.argv[2], sys.argv[3] == "piloted", float(sys.argv[4])
distributed.init_process_group("gloo", init_method="file://" + folder + "/meet", rank=rank, world_size=2)
torch.set_num_threads(1)
torch.manual_seed(0)
model = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3)))
optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
torch.manual_seed(rank)
teacher = torch.linspace(-1, 1, 18).reshape(6, 3)
if piloted:
    from descentry.control.pilot import pilot
    one = pilot(model, optimizer, run_dir=folder + "/runs", name="a", overhead=0)
for step in range(220):
    optimizer.zero_grad()
    x = torch.randn(16, 6)
    y = (x @ teacher).argmax(1)
    if step == 210 and rank == 1 and rate != 0.05:
        x = x * float("nan")
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    if piloted:
        one.step(loss)
        assert not one._helm.failure, one._helm.failure
if piloted:
    print([(d.step, d.policy, dict(d.remedy.change)) for d in one.decisions if d.applied])
    one.close()
print([p.double().sum().item().hex() for p in model.parameters()])
distributed.barrier()  # who leaves first breaks the connection of who is still at it
distributed.destroy_process_group()
"""


def trained(folder, kind, rate):
    folder.mkdir()
    return two_ranks(SCRIPT, str(folder), kind, str(rate))


@pytest.mark.slow
@pytest.mark.skipif(not torch.distributed.is_available() or os.name == "nt", reason="there is no gloo")
def test_all_processes_decide_alike_and_only_the_first_says_so(tmp_path):
    (first, said), (second, silent) = trained(tmp_path / "bad", "piloted", 1e-6)
    assert first == second
    assert "'find-rate'" in first
    assert "(210, " in first
    assert "'restore': 200" in first
    assert "nan" not in first.splitlines()[-1]
    assert "descentry: step 210" in said
    assert "descentry: step" not in silent
    assert os.listdir(tmp_path / "bad" / "runs") == ["a"]
    run = descentry.read(tmp_path / "bad" / "runs" / "a")
    assert len(run["loss"]) + len(run["trial-loss"]) == 220


@pytest.mark.slow
@pytest.mark.skipif(not torch.distributed.is_available() or os.name == "nt", reason="there is no gloo")
def test_a_healthy_training_is_what_it_is_without_a_pilot(tmp_path):
    flown = trained(tmp_path / "flown", "piloted", 0.05)
    alone = trained(tmp_path / "alone", "alone", 0.05)
    assert [out.splitlines()[0] for out, _ in flown] == ["[]", "[]"]
    assert [out.splitlines()[1] for out, _ in flown] == [out.splitlines()[0] for out, _ in alone]
