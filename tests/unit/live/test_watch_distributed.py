"""Several processes that train one model: the first one measures, and the others do as they would."""

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

rank, folder, watched = int(sys.argv[1]), sys.argv[2], sys.argv[3] == "watched"
distributed.init_process_group("gloo", init_method="file://" + folder + "/meet", rank=rank, world_size=2)
torch.set_num_threads(1)
torch.manual_seed(0)
model = nn.parallel.DistributedDataParallel(
    nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 3))
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
torch.manual_seed(rank)
if watched:
    from descentry.live._clock import VirtualClock
    from descentry.live.watch import watch
    one = watch(model, optimizer, run_dir=folder + "/runs", name="a", _clock=VirtualClock())
for _ in range(6):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(torch.randn(8, 6)), torch.randint(3, (8,)))
    loss.backward()
    optimizer.step()
    if watched:
        one.step(loss)
if watched:
    assert (one.folder is None) == (rank > 0)
    assert len(one.run()["loss"]) == 6
    one.close()
print([p.double().sum().item().hex() for p in model.parameters()], torch.rand(1).item())
distributed.barrier()  # who leaves first breaks the connection of who is still at it
distributed.destroy_process_group()
"""


def trained(folder, kind):
    folder.mkdir()
    return [out for out, _ in two_ranks(SCRIPT, str(folder), kind)]


@pytest.mark.slow
@pytest.mark.skipif(not torch.distributed.is_available() or os.name == "nt", reason="there is no gloo")
def test_only_the_first_process_measures_and_all_train_as_without_it(tmp_path):
    assert trained(tmp_path / "watched", "watched") == trained(tmp_path / "bare", "bare")
    run = descentry.read(tmp_path / "watched" / "runs" / "a")
    assert len(run["gradient-norm"]) == 6
    assert len(run["sharpness"]) >= 1
    assert "gradient-norm/0.weight" in {s.name for s in run.series}
    assert os.listdir(tmp_path / "watched" / "runs") == ["a"]
