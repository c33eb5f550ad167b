"""`descentry run`: scripts of many shapes are watched alike."""

import os

import pytest
from tests._processes import LOOPBACK
from tests.unit.live._scripts import FREELY, PLAIN, REPORT, TRAINING, WATCHED, call, same, values

import descentry

pytest.importorskip("torch")
pytestmark = pytest.mark.slow


def test_a_loss_that_is_nan_is_said_at_once_and_only_once(script):
    text = TRAINING.replace("lr=0.05", "lr=1e30") + "train(30)\nprint('still running', file=sys.stderr)\n"
    done = call(*WATCHED, script(text))
    during, _, after = done.stderr.partition("still running")
    assert during.count("\n") == 1
    assert during.startswith("descentry: the loss is ")
    assert "FAILING" in after


def test_classes_of_the_script_are_pickled_and_workers_are_left_alone(script):
    text = """
import multiprocessing, os, pickle
import torch
from torch.utils.data import DataLoader, Dataset

class Squares(Dataset):
    def __len__(self): return 64
    def __getitem__(self, i): return torch.tensor([i / 64.0]), torch.tensor([(i / 64.0) ** 2])

class Net(torch.nn.Linear):
    pass

if __name__ == "__main__":
    torch.manual_seed(0)
    net = pickle.loads(pickle.dumps(Net(1, 1)))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    for method in ("spawn", "fork") if os.name != "nt" else ("spawn",):
        loader = DataLoader(Squares(), batch_size=4, num_workers=1, multiprocessing_context=method)
        for x, y in loader:
            optimizer.zero_grad()
            loss = ((net(x) - y) ** 2).mean()
            loss.backward()
            optimizer.step()
            print(loss.item())
    torch.save(net, "net.pt")
    print(type(torch.load("net.pt", weights_only=False)).__module__)
"""
    bare, watched, said = same(script(text))
    assert watched == bare
    assert len(REPORT.findall(said)) == 1
    assert said.count("descentry:") == 1
    assert os.listdir("runs") == ["train"]
    assert len(values()) == (32 if os.name != "nt" else 16)


def test_two_optimizers_are_told_apart_by_name(script):
    text = """
import torch
torch.manual_seed(0)
generator, critic = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
both = torch.nn.ModuleList([generator, critic])
opt_g = torch.optim.Adam(generator.parameters(), lr=0.01)
opt_c = torch.optim.Adam(critic.parameters(), lr=0.02)
for step in range(20):
    real, fake = torch.randn(32, 2) + 2, generator(torch.randn(32, 2))
    opt_c.zero_grad()
    one, two = critic(fake.detach()).square().mean(), (critic(real) - 1).square().mean()
    one.backward(); two.backward()
    opt_c.step()
    opt_g.zero_grad()
    loss = (critic(fake) - 1).square().mean()
    loss.backward()
    opt_g.step()
    print((one + two).item(), loss.item())
"""
    bare, watched, said = same(script(text, "gan.py"))
    assert watched == bare
    assert len(REPORT.findall(said)) == 2
    printed = [[float(v) for v in line.split()] for line in bare.splitlines()]
    assert values(folder="runs/gan-critic") == pytest.approx([c for c, _ in printed])
    assert values(folder="runs/gan-generator") == [g for _, g in printed]
    for name in ("gan-critic", "gan-generator"):
        report = descentry.explain(f"runs/{name}")
        assert report.verdict == "not examined"
        assert "one side of a contest" in report.headline


def test_parts_of_one_model_with_an_optimizer_each_are_no_contest(script):
    text = """
import torch
torch.manual_seed(0)
body, head = torch.nn.Linear(2, 8), torch.nn.Linear(8, 1)
both = torch.optim.SGD(body.parameters(), lr=0.05), torch.optim.Adam(head.parameters(), lr=0.01)
x, y = torch.randn(64, 2), torch.randn(64, 1)
for step in range(30):
    for one in both:
        one.zero_grad()
    loss = (head(body(x).tanh()) - y).square().mean()
    loss.backward()
    for one in both:
        one.step()
    print(loss.item())
"""
    bare, watched, _ = same(script(text, "parts.py"))
    assert watched == bare
    runs = [descentry.read(f"runs/{name}") for name in os.listdir("runs")]
    assert len(runs) == 2
    assert not any("contest" in run.config for run in runs)


def test_accumulated_gradients_closures_and_scaled_losses_are_one_step_each(script):
    text = """
import torch
torch.manual_seed(0)
x, y = torch.randn(32, 3), torch.randn(32, 1)
model = torch.nn.Linear(3, 1)
sgd = torch.optim.SGD(model.parameters(), lr=0.05)
scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
for step in range(10):
    sgd.zero_grad()
    for half in (slice(16), slice(16, 32)):
        scaler.scale(((model(x[half]) - y[half]) ** 2).mean() / 2).backward()
    print(((model(x) - y) ** 2).mean().item())
    scaler.step(sgd)
    scaler.update()
lbfgs = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5)
def closure():
    lbfgs.zero_grad()
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    return loss
for step in range(10):
    print(lbfgs.step(closure).item())
"""
    bare, watched, _ = same(script(text))
    assert watched == bare
    printed = [float(line) for line in bare.splitlines()]
    assert values() == pytest.approx(printed[:10], rel=1e-5)
    (second,) = [f for f in os.listdir("runs") if f != "train"]
    assert values(folder=f"runs/{second}") == pytest.approx(printed[10:], rel=1e-5)


def test_losses_go_to_the_optimizers_whose_gradients_they_change(script):
    text = """
import torch
torch.manual_seed(0)
one, two = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
first, second = torch.optim.SGD(one.parameters(), lr=0.01), torch.optim.SGD(two.parameters(), lr=0.01)
x = torch.randn(32, 2)
for step in range(12):
    first.zero_grad(); second.zero_grad()
    a = (two(one(x)) - 1).square().mean()
    a.backward(inputs=list(one.parameters()))
    b = two(one(x).detach()).square().mean()
    b.backward()
    first.step(); second.step()
    print(a.item(), b.item())
"""
    bare, watched, _ = same(script(text, "pair.py"))
    assert watched == bare
    printed = [[float(v) for v in line.split()] for line in bare.splitlines()][1:]
    # Before their first steps nothing is known of them.
    assert values(folder="runs/pair-one")[1:] == [a for a, _ in printed]
    assert values(folder="runs/pair-two")[1:] == [b for _, b in printed]


def test_a_step_that_is_skipped_leaves_no_loss_behind(script):
    text = """
import torch
torch.manual_seed(0)
model = torch.nn.Linear(3, 1)
sgd = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(20):
    sgd.zero_grad()
    loss = (model(torch.randn(8, 3)) ** 2).mean() * (float("inf") if step == 7 else 1)
    loss.backward()
    if step % 5 != 2 or step == 7:
        if loss.isfinite():
            sgd.step()
            print(loss.item())
"""
    bare, watched, _ = same(script(text))
    assert watched == bare
    assert values() == [float(line) for line in bare.splitlines()]


@pytest.mark.parametrize("gradient", ["loss.backward()", "w.grad, = torch.autograd.grad(loss, [w])"])
@pytest.mark.parametrize("optimizer", [True, False])
def test_plain_tensors_train_with_an_optimizer_and_without(script, gradient, optimizer):
    update = "sgd.step()" if optimizer else "w.data -= 0.1 * w.grad"
    text = f"""
import torch
torch.manual_seed(0)
w = torch.zeros(3, requires_grad=True)
sgd = torch.optim.SGD([w], lr=0.1) if {optimizer} else None
x = torch.randn(64, 3)
for step in range(40):
    w.grad = None
    loss = ((x @ w - x[:, 0]) ** 2).mean()
    {gradient}
    {update}
    print(loss.item())
"""
    bare, watched, said = same(script(text))
    assert watched == bare
    assert values() == [float(line) for line in bare.splitlines()]
    assert ("no optimizer of PyTorch's made a step" in said) is not optimizer


def test_a_loss_written_by_hand_is_measured_as_one_of_the_library_is(script):
    hand = TRAINING.replace("torch.nn.functional.mse_loss(model(x), y)", "((model(x) - y) ** 2).mean()")
    seen = {}
    for name, text in (("library", TRAINING), ("hand", hand)):
        done = call(*WATCHED, "--overhead", "0.9", script(FREELY + text + "train(60)\n", f"{name}.py"))
        assert REPORT.search(done.stderr)
        series = descentry.read(f"runs/{name}").series
        seen[name] = {
            s.name for s in series if s.name.split("/")[0] in ("sharpness", "noise-scale", "after-step")
        }
    assert seen["hand"] == seen["library"] != set()


def test_a_script_that_forgets_the_backward_pass_is_told_that_nothing_can_learn(script):
    forgets = TRAINING.replace("loss.backward()", "pass")
    assert forgets != TRAINING
    done = call(*WATCHED, script(FREELY + forgets + "train(200)\n"))
    assert "cannot learn" in done.stderr
    assert "get no gradient" in done.stderr


def test_a_shape_mistake_in_a_loss_written_by_hand_is_found(script):
    hand = TRAINING.replace("torch.nn.functional.mse_loss(model(x), y)", "((model(x) - y[:, 0]) ** 2).mean()")
    done = call(*WATCHED, script(FREELY + hand + "train(200)\n"))
    assert "broadcast" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="gloo needs a network interface there")
def test_of_a_distributed_training_the_first_rank_is_watched(script, monkeypatch):
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", LOOPBACK)
    text = """
import torch, torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
dist.init_process_group("gloo")
torch.manual_seed(dist.get_rank())
model = DistributedDataParallel(torch.nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(30):
    x = torch.randn(16, 4)
    optimizer.zero_grad()
    loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
    loss.backward()
    optimizer.step()
    if dist.get_rank() == 0:
        print(loss.item(), flush=True)
dist.barrier()  # or the rank that is done first hangs up on the other
dist.destroy_process_group()
"""
    launch = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "0", "--standalone"]
    launch += ["--local-addr", "127.0.0.1"]  # names of hosts are not always known
    name = script(text)
    bare, watched = call(*PLAIN, *launch, name), call(*WATCHED, *launch, name)
    assert bare.returncode == 0, bare.stderr
    assert (watched.returncode, watched.stdout) == (0, bare.stdout), watched.stderr
    assert len(REPORT.findall(watched.stderr)) == 1
    assert watched.stderr.count("descentry:") == 1
    assert os.listdir("runs") == ["train"]
    assert values() == [float(line) for line in bare.stdout.splitlines()]


def test_a_compiled_model_trains_the_same_and_is_compiled_as_often(script):
    count = "from torch._dynamo.utils import counters\nprint(counters['stats']['unique_graphs'])\n"
    text = TRAINING.replace("optimizer =", "model = torch.compile(model, backend='eager')\noptimizer =", 1)
    bare, watched, said = same(script(text + "train(40)\n" + count))
    assert watched == bare
    assert REPORT.search(said)


def test_an_optimizer_that_looks_ahead_of_its_steps_is_no_contest(script):
    text = """
import torch
torch.manual_seed(0)
net = torch.nn.Linear(4, 1)
sgd = torch.optim.SGD(net.parameters(), lr=0.05)
x, y = torch.randn(64, 4), torch.randn(64, 1)
for step in range(30):
    loss = (net(x) - y).square().mean()
    loss.backward()  # where it points to; then thrown away
    sgd.zero_grad()
    (net(x + 0.01) - y).square().mean().backward()
    sgd.step()
    sgd.zero_grad()
    print(loss.item())
"""
    bare, watched, _ = same(script(text, "ahead.py"))
    assert watched == bare
    assert "contest" not in descentry.read("runs/ahead").config


def test_a_model_of_torchscript_is_measured_where_it_can_be(script):
    text = """
import torch
torch.manual_seed(0)
net = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1)))
adam = torch.optim.Adam(net.parameters(), lr=0.01)
x, y = torch.randn(64, 4), torch.randn(64, 1)
for step in range(60):
    loss = (net(x) - y).square().mean()
    adam.zero_grad()
    loss.backward()
    adam.step()
    print(loss.item())
"""
    bare, watched, _ = same(script(FREELY + text, "scripted.py"))
    assert watched == bare
    run = descentry.read("runs/scripted")
    assert {"gradient-norm", "update-ratio"} <= {s.name for s in run.series}
    assert any("TorchScript" in gap.what for gap in run.gaps)


def test_modules_that_are_trained_together_are_parts_of_one_model(script):
    text = """
import torch
torch.manual_seed(0)
encoder = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
decoder = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.ReLU(), torch.nn.Linear(16, 6))
scale = torch.nn.Parameter(torch.ones(1))
adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters(), scale], lr=0.01)
x = torch.randn(64, 6)
for step in range(60):
    batch = x[torch.randint(64, (16,))]
    loss = torch.nn.functional.mse_loss(scale * decoder(encoder(batch)), batch)
    adam.zero_grad()
    loss.backward()
    adam.step()
    print(loss.item())
"""
    bare, watched, _ = same(script(FREELY + text, "pair.py"))
    assert watched == bare
    run = descentry.read("runs/pair")
    names = {s.name for s in run.series}
    assert {"dead-units/encoder.1", "dead-units/decoder.1", "gradient-norm/decoder.0.weight"} <= names
    assert run["input-scale/size"].value[0] > 0
    assert run["batch-size"].value[0] == 16
    assert run["wiring/can-learn"].value[-1] == 1
    assert run.config["batch_size"] == 16
