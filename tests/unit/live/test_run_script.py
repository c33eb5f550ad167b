"""`descentry run`, as a person meets it: real processes, compared with what plain Python does."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import descentry

pytest.importorskip("torch")
pytestmark = pytest.mark.slow

PLAIN = [sys.executable]
WATCHED = [sys.executable, "-m", "descentry.cli", "run"]
REPORT = re.compile(r"^[✓✗!?•·–-]* ?(HEALTHY|ATTENTION|FAILING|NOT EXAMINED)  ", re.MULTILINE)

TRAINING = """
import sys
import torch
torch.manual_seed(1)
from torch.nn import Dropout, Linear, Sequential, Tanh
model = Sequential(Linear(4, 8), Dropout(0.2), Tanh(), Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
x = torch.randn(64, 4)
y = x.sum(1, keepdim=True)
def train(steps, after=lambda step: None):
    for step in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        print(repr(loss.item()), flush=True)
        after(step)
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Writes a script into a folder of its own, where the test is."""
    monkeypatch.chdir(tmp_path)

    def write(text, name="train.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    return write


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")


def call(*words, given=""):
    return subprocess.run(
        [str(w) for w in words], input=given, capture_output=True, text=True, encoding="utf-8", timeout=120
    )


def start(*words):
    return subprocess.Popen(
        [str(w) for w in words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def values(name="loss", folder="runs/train"):
    return descentry.read(folder)[name].value.tolist()


def test_a_training_prints_the_same_numbers_and_is_explained(script):
    train = script(TRAINING + "train(40)\nprint(torch.rand(3).tolist())\n")
    bare, watched = call(*PLAIN, train), call(*WATCHED, train)
    assert (watched.returncode, watched.stdout) == (bare.returncode, bare.stdout)
    assert REPORT.search(watched.stderr)
    assert "the run is in runs/train" in watched.stderr.replace(os.sep, "/")
    assert values() == [float(line) for line in bare.stdout.splitlines()[:40]]


# A script that imports no torch: what can be compared without waiting for it.

SURROUNDINGS = """
import atexit, os, signal, sys
print(sys.argv, sys.path, __name__, __file__, __package__, __spec__, __builtins__)
print(os.getcwd(), sorted(os.environ.items()), sys.flags, sorted({*sys.modules} - {"sitecustomize"}))
print(signal.getsignal(signal.SIGTERM), sys.excepthook, sys.stdin.read())
atexit.register(print, "at the exit")
"""


def same(*words, given="", plain=PLAIN):
    bare, watched = call(*plain, *words, given=given), call(*WATCHED, *words, given=given)
    assert watched.returncode == bare.returncode
    assert watched.stderr.startswith(bare.stderr)
    return bare.stdout, watched.stdout, watched.stderr[len(bare.stderr) :]


def test_a_script_finds_everything_as_python_leaves_it(script):
    bare, watched, said = same(script(SURROUNDINGS), "--lr", "1", "-m", "--quiet", given="typed")
    # The loaders of __main__ are objects of one kind at two addresses.
    assert re.sub(r"0x\w+", "", watched) == re.sub(r"0x\w+", "", bare)
    assert "typed" in bare
    assert said == "descentry: nothing was watched: the script did not import torch.\n"


def test_modules_of_the_script_are_not_hidden_by_ours(script):
    for name in ("json", "signal", "dataclasses", "descentry_helper"):
        script(f"print('my own {name}')", f"code/{name}.py")
    bare, watched, _ = same(script("import json, signal, dataclasses, descentry_helper", "code/train.py"))
    assert watched == bare
    assert "my own json" in watched


def test_environment_of_children_is_untouched(script, monkeypatch):
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import os; print(os.environ)'])"
    for path in (
        os.environ.get("PYTHONPATH", ""),
        f"{os.environ.get('PYTHONPATH', '')}{os.pathsep}elsewhere",
    ):
        monkeypatch.setenv("PYTHONPATH", path)
        bare, watched, _ = same(script(child))
        assert watched == bare
        assert "DESCENTRY" not in watched


@pytest.mark.parametrize(
    "ending",
    [
        "",
        "import sys; sys.exit()",
        "import sys; sys.exit(3)",
        "import sys; sys.exit('said at the end')",
        "raise SystemExit(None)",
        "def f():\n    raise KeyError('lost')\nf()",
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise RuntimeError('twice') from error",
        "raise KeyboardInterrupt",
        "this is no python",
        "import os; os._exit(5)",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    ],
)
def test_exit_code_and_traceback_are_those_of_python(script, ending):
    bare, watched, _ = same(script(ending))
    assert watched == bare


def test_a_module_of_a_package_runs(script):
    script("", "package/__init__.py")
    script(
        "import sys; print(sys.argv[1:], sys.path[0], __name__, __package__, __spec__.name)",
        "package/train.py",
    )
    bare, watched, _ = same("-m", "package.train", "--lr", "1")
    assert watched == bare
    assert watched.startswith("['--lr', '1']")
    assert "No module named" in call(*WATCHED, "-m", "package.trian").stderr


def test_a_script_from_standard_input_runs():
    bare, watched, _ = same("-", "word", given="import sys; print(sys.argv)")
    assert watched == bare == "['-', 'word']\n"


def test_what_cannot_be_run_is_said(script):
    for words, what in (
        ([], "no SCRIPT to run"),
        (["-m"], "no SCRIPT to run"),
        (["missing.py"], "missing.py: there is no such script"),
        (["--overhead", "2", script("")], "--overhead 2 is no share of the time"),
        (["--quite", script("")], "there is no option --quite"),
    ):
        done = call(*WATCHED, *words)
        assert done.returncode == 2
        assert done.stderr.startswith(f"descentry: {what}")
    assert "Did you mean --quiet?" in done.stderr


# How a training ends.


def test_an_error_in_training_is_told_as_python_tells_it_and_the_run_explained(script):
    train = script(TRAINING + "train(12)\nloss = model(x).sum()\nloss.backward()\nloss.backward()\n")
    bare, watched = call(*PLAIN, train), call(*WATCHED, train)
    assert watched.returncode == bare.returncode == 1
    assert watched.stdout == bare.stdout
    assert watched.stderr.startswith(bare.stderr)
    assert "backward through the graph a second time" in bare.stderr
    assert REPORT.search(watched.stderr)


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_is_explained_and_ends_as_python_does(script, number):
    train = script(TRAINING + "import time\ntrain(10**6, lambda step: step > 20 and time.sleep(0.01))\n")
    codes = []
    for words in (PLAIN, WATCHED):
        process = start(*words, train)
        for _ in range(30):
            process.stdout.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        codes.append(process.returncode)
        assert ("KeyboardInterrupt" in err) == (number == signal.SIGINT)
        assert "descentry/live" not in err.replace(os.sep, "/")
    assert codes == [-number, -number]
    assert REPORT.search(err)
    assert len(values()) >= 29


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_a_script_keeps_its_own_handlers(script):
    own = "import os, signal\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\n"
    done = call(*WATCHED, script(TRAINING + own + "train(10)\nos.kill(os.getpid(), signal.SIGTERM)\n"))
    assert done.returncode == 9
    assert REPORT.search(done.stderr)


def test_a_loss_that_is_nan_is_said_at_once_and_only_once(script):
    text = TRAINING.replace("lr=0.05", "lr=1e30") + "train(30)\nprint('still running', file=sys.stderr)\n"
    done = call(*WATCHED, script(text))
    during, _, after = done.stderr.partition("still running")
    assert during.count("\n") == 1
    assert during.startswith("descentry: the loss is ")
    assert "FAILING" in after


# Shapes of scripts.


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


def test_a_change_of_the_working_directory_moves_neither_run_nor_page(script):
    text = "import os\nos.mkdir('deep')\nos.chdir('deep')\n" + TRAINING + "train(20)\nprint(os.getcwd())\n"
    done = call(*WATCHED, "--quiet", "--html=page.html", "--run-dir", "kept", script(text))
    assert done.stdout.splitlines()[-1].endswith("deep")
    assert len(values(folder="kept/train")) == 20
    assert "train" in Path("page.html").read_text(encoding="utf-8")
    verdict, *notes = done.stderr.splitlines()
    assert REPORT.match(verdict)
    assert len(notes) == 2


def test_a_folder_that_cannot_be_written_ends_neither_training_nor_report(script):
    script("not a folder", "taken")
    done = call(*WATCHED, "--run-dir", "taken", script(TRAINING + "train(20)\n"))
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 20
    assert REPORT.search(done.stderr)
    assert "kept in memory only" in done.stderr


def test_torch_without_training_is_said(script):
    done = call(*WATCHED, script("import torch\nprint(torch.__name__)\n"))
    assert (done.returncode, done.stdout) == (0, "torch\n")
    assert (
        done.stderr == "descentry: nothing was watched: no PyTorch optimizer made a step in this process.\n"
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot become another process")
def test_a_killed_training_leaves_its_run(script):
    train = script(TRAINING + "import time\ntrain(10**6, lambda step: step > 20 and time.sleep(0.01))\n")
    process = start(*WATCHED, train)
    for _ in range(25):
        process.stdout.readline()
    time.sleep(5)  # what is measured is brought over every two seconds, and written every two
    process.kill()
    process.communicate(timeout=60)
    assert len(values()) >= 25


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
        done = call(*WATCHED, "--overhead", "0.9", script(text + "train(60)\n", f"{name}.py"))
        assert REPORT.search(done.stderr)
        series = descentry.read(f"runs/{name}").series
        seen[name] = {
            s.name for s in series if s.name.split("/")[0] in ("sharpness", "noise-scale", "after-step")
        }
    assert seen["hand"] == seen["library"] != set()


def test_a_script_that_forgets_the_backward_pass_is_told_that_nothing_can_learn(script):
    forgets = TRAINING.replace("loss.backward()", "pass")
    assert forgets != TRAINING
    done = call(*WATCHED, script(forgets + "train(200)\n"))
    assert "cannot learn" in done.stderr
    assert "get no gradient" in done.stderr


def test_a_shape_mistake_in_a_loss_written_by_hand_is_found(script):
    hand = TRAINING.replace("torch.nn.functional.mse_loss(model(x), y)", "((model(x) - y[:, 0]) ** 2).mean()")
    done = call(*WATCHED, script(hand + "train(200)\n"))
    assert "broadcast" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_a_script_that_catches_the_interrupt_goes_on_and_is_explained(script):
    own = "try:\n    train(10**6)\nexcept KeyboardInterrupt:\n    print('caught')\ntrain(5)\n"
    process = start(*WATCHED, script(TRAINING + own))
    for _ in range(30):
        process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.partition("caught\n")[2].count("\n") == 5
    assert REPORT.search(err)


def test_a_process_that_ends_at_once_leaves_its_run(script):
    text = TRAINING + "train(20)\nimport os, time\ntime.sleep(4)\nos._exit(5)\n"
    done = call(*WATCHED, script(text))
    assert done.returncode == 5
    assert len(values()) == 20


@pytest.mark.skipif(os.name == "nt", reason="gloo needs a network interface there")
def test_of_a_distributed_training_the_first_rank_is_watched(script):
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


# With a pilot.


def test_a_pilot_leaves_a_healthy_script_its_numbers_and_says_nothing(script):
    train = script(TRAINING + "train(60)\nprint(torch.rand(3).tolist())\n")
    bare, flown = call(*PLAIN, train), call(*WATCHED, "--pilot", train)
    assert (flown.returncode, flown.stdout) == (bare.returncode, bare.stdout)
    assert REPORT.search(flown.stderr)
    assert "descentry: step" not in flown.stderr


def test_a_pilot_leaves_a_bad_batch_of_a_script_out_and_finds_a_rate_for_it(script):
    bad = TRAINING.replace("lr=0.05", "lr=50.0").replace("model(x)", "model(x * bad(step))")
    bad += "bad = lambda step: float('nan') if step == 180 else 1.0\ntrain(200)\n"
    bad += "print(torch.nn.functional.mse_loss(model(x), y).item())\n"
    done = call(*WATCHED, "--pilot", "--quiet", script(bad))
    assert float(done.stdout.splitlines()[-1]) < 2.0
    assert "other rates are tried" in done.stderr
    assert "step 180: The loss of step 180 is nan" in done.stderr
    again = call(sys.executable, "-m", "descentry.cli", "replay", "runs/train")
    assert "the same as its pilot made" in again.stdout


def test_a_length_without_a_pilot_is_a_mistake(script):
    done = call(*WATCHED, "--total-steps", "100", script(TRAINING))
    assert done.returncode == 2
    assert "--pilot" in done.stderr
