"""Mistakes between outputs, targets and loss are told, and ordinary trainings are left in peace."""

from __future__ import annotations

import math
import warnings

import pytest
import torch
from tests.unit.instruments._steps import probe, read
from torch import nn
from torch.nn import functional as F

from descentry.instruments import _loss_calls
from descentry.instruments._last_operation import last_operation
from descentry.instruments.batch_size import INSTRUMENT as BATCH_SIZE
from descentry.instruments.loss_reduction import INSTRUMENT as REDUCTION
from descentry.instruments.output_check import INSTRUMENT

N = 64


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def net(width, *last):
    return nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, width), *last)


def images(width):
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, width))


class Tagger(nn.Module):
    """A class for each position: classes last, as language models give them."""

    def __init__(self):
        super().__init__()
        self.embed, self.out = nn.Embedding(11, 8), nn.Linear(8, 11)

    def forward(self, x):
        return self.out(torch.relu(self.embed(x)))


class Squeezed(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = net(1)

    def forward(self, x):
        return self.net(x).squeeze(1)


def inputs():
    return torch.randn(N, 10)


def labels(kinds=5):
    return torch.arange(N) % kinds


def tokens_loss(outputs, targets):
    return F.cross_entropy(outputs.reshape(-1, 11), targets.reshape(-1))


HEALTHY = {
    "cross-entropy": lambda: (net(5), inputs(), labels(), nn.CrossEntropyLoss()),
    "weights, smoothing and padding": lambda: (
        net(5),
        inputs(),
        labels().masked_fill(torch.arange(N) < 9, -100),
        nn.CrossEntropyLoss(torch.rand(5) + 0.5, label_smoothing=0.1),
    ),
    "soft labels": lambda: (net(5), inputs(), torch.rand(N, 5).softmax(1), F.cross_entropy),
    "log-softmax and nll": lambda: (net(5, nn.LogSoftmax(1)), inputs(), labels(), nn.NLLLoss()),
    "log-softmax in the loss": lambda: (
        net(5),
        inputs(),
        labels(),
        lambda o, t: F.nll_loss(F.log_softmax(o, 1), t),
    ),
    "yes or no": lambda: (Squeezed(), inputs(), labels(2).float(), nn.BCEWithLogitsLoss()),
    "sigmoid and bce": lambda: (net(3, nn.Sigmoid()), inputs(), torch.rand(N, 3).round(), nn.BCELoss()),
    "regression": lambda: (net(1), inputs(), torch.randn(N, 1), nn.MSELoss()),
    "robust regression": lambda: (net(2), inputs(), torch.randn(N, 2), nn.HuberLoss()),
    "regression by hand": lambda: (Squeezed(), inputs(), torch.randn(N), lambda o, t: ((o - t) ** 2).mean()),
    "images": lambda: (images(5), torch.randn(N, 1, 8, 8), labels(), nn.CrossEntropyLoss()),
    "text": lambda: (Tagger(), torch.randint(11, (N, 7)), torch.randint(11, (N, 7)), tokens_loss),
    "tanh and its range": lambda: (net(2, nn.Tanh()), inputs(), torch.rand(N, 2) * 2 - 1, nn.MSELoss()),
    "margin": lambda: (Squeezed(), inputs(), labels(2) * 2.0 - 1, nn.SoftMarginLoss()),
    "autoencoder": lambda: (net(10, nn.Sigmoid()), (x := torch.rand(N, 10)), x.clone(), nn.MSELoss()),
    "logarithm of a sum": lambda: (
        net(2),
        inputs(),
        torch.randn(N, 2),
        lambda o, t: torch.log(1 + (o - t) ** 2).mean(),
    ),
}


@pytest.mark.parametrize("case", HEALTHY.values(), ids=list(HEALTHY))
def test_ordinary_trainings_are_left_in_peace(case):
    for _ in range(5):
        found = read(INSTRUMENT, *case())
        assert found
        guess = found.pop("loss-over-guess", 1.0)
        assert 0.5 < guess < 2
        assert set(found.values()) <= {0.0}, found


FAULTY = {
    "softmax twice": (
        "already-probabilities",
        1.0,
        lambda: (net(5, nn.Softmax(1)), labels(), F.cross_entropy),
    ),
    "softmax twice, in the loss": (
        "already-probabilities",
        1.0,
        lambda: (net(5), labels(), lambda o, t: F.cross_entropy(o.softmax(1), t)),
    ),
    "softmax, then log-softmax": (
        "already-probabilities",
        1.0,
        lambda: (net(5, nn.Softmax(1)), labels(), lambda o, t: F.nll_loss(o.log_softmax(1), t)),
    ),
    "softmax over the batch": (
        "already-probabilities",
        1.0,
        lambda: (net(5, nn.Softmax(0)), labels(), nn.CrossEntropyLoss()),
    ),
    "sigmoid twice": (
        "already-probabilities",
        1.0,
        lambda: (net(1, nn.Sigmoid(), nn.Flatten(0)), labels(2).float(), nn.BCEWithLogitsLoss()),
    ),
    "sigmoid twice, in the loss": (
        "already-probabilities",
        1.0,
        lambda: (
            Squeezed(),
            labels(2).float(),
            lambda o, t: F.binary_cross_entropy_with_logits(o.sigmoid(), t),
        ),
    ),
    "tanh before cross-entropy": (
        "clipped-logits",
        1.0,
        lambda: (net(5, nn.Tanh()), labels(), F.cross_entropy),
    ),
    "probabilities for nll": (
        "not-log-probabilities",
        1.0,
        lambda: (net(5, nn.Softmax(1)), labels(), nn.NLLLoss()),
    ),
    "softmax of one output": (
        "single-class",
        1.0,
        lambda: (net(1, nn.Softmax(1)), labels(2).float().unsqueeze(1), nn.BCELoss()),
    ),
    "one class": ("single-class", 1.0, lambda: (net(1), labels(1), nn.CrossEntropyLoss())),
    "labels 1 and 2": (
        "targets-out-of-range",
        0.5,
        lambda: (Squeezed(), labels(2) + 1.0, nn.BCEWithLogitsLoss()),
    ),
    "several labels for cross-entropy": (
        "targets-out-of-range",
        1.0,
        lambda: (net(5), torch.ones(N, 5), nn.CrossEntropyLoss()),
    ),
    "margin with 0 and 1": (
        "targets-out-of-range",
        0.5,
        lambda: (Squeezed(), labels(2).float(), nn.SoftMarginLoss()),
    ),
    "targets beyond tanh": (
        "targets-out-of-range",
        1.0,
        lambda: (net(1, nn.Tanh()), torch.full((N, 1), 3.0) + torch.rand(N, 1), nn.MSELoss()),
    ),
    "squared error on classes": (
        "class-indices",
        5.0,
        lambda: (net(1), labels().float().unsqueeze(1), nn.MSELoss()),
    ),
    "broadcast": ("broadcast", float(N), lambda: (net(1), torch.randn(N), nn.MSELoss())),
    "broadcast by hand": (
        "broadcast",
        float(N),
        lambda: (net(1), torch.randn(N), lambda o, t: (t - o).square().mean()),
    ),
    "several outputs, one target": (
        "broadcast",
        1.0,
        lambda: (net(5), torch.randn(N, 1), nn.MSELoss()),
    ),
    "logarithm of zero": (
        "log-of-zero",
        1.0,
        lambda: (net(3), torch.ones(N, 3), lambda o, t: -(t * torch.log(o - o.detach())).mean()),
    ),
}


@pytest.mark.parametrize(("name", "size", "case"), FAULTY.values(), ids=list(FAULTY))
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_mistakes_are_told(name, size, case):
    model, targets, loss_fn = case()
    assert read(INSTRUMENT, model, inputs(), targets, loss_fn)[name] == pytest.approx(size)


def test_a_rectifier_before_cross_entropy_leaves_zeros():
    found = probe(net(5, nn.ReLU()), inputs(), labels(), F.cross_entropy)
    by_name = {r.name: float(r.value) for r in INSTRUMENT.measure(found)}
    assert by_name["clipped-logits"] == pytest.approx(float((found.outputs == 0).float().mean()))
    assert by_name["clipped-logits"] > 0.2


def test_where_the_last_operation_is_not_known_the_values_decide_or_leave_it_open():
    def reading(outputs):
        found = probe(Squeezed(), inputs(), labels(2).float(), nn.BCEWithLogitsLoss())
        found.outputs, found.made_by = outputs, ""
        return {r.name: float(r.value) for r in INSTRUMENT.measure(found)}["already-probabilities"]

    assert reading(torch.randn(N)) == 0
    assert math.isnan(reading(torch.rand(N)))


def test_classes_are_counted_over_the_batches():
    model, memory, y = net(1), {}, torch.arange(400.0)[torch.randperm(400)].remainder(10).unsqueeze(1)
    seen = [
        read(INSTRUMENT, model, torch.randn(16, 10), y[i : i + 16], nn.MSELoss(), memory=memory)
        for i in range(0, 160, 16)
    ]
    assert seen[0]["class-indices"] == 0
    assert seen[-1]["class-indices"] == 10
    y[-16:] = 0.5
    assert (
        read(INSTRUMENT, model, torch.randn(16, 10), y[-16:], nn.MSELoss(), memory=memory)["class-indices"]
        == 0
    )


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_a_fresh_network_is_as_good_as_a_guess_and_an_outsized_one_is_far_worse(classes):
    model, y = net(classes), torch.randint(classes, (N,))
    assert read(INSTRUMENT, model, inputs(), y, F.cross_entropy)["loss-over-guess"] == pytest.approx(
        1, abs=0.1
    )
    with torch.no_grad():
        model[2].weight.mul_(300)
    assert read(INSTRUMENT, model, inputs(), y, F.cross_entropy)["loss-over-guess"] > 3


def test_the_guess_for_a_squared_error_is_the_mean_of_the_targets():
    x, y = inputs(), 100 + torch.randn(N, 1)
    found = probe(net(1), x, y, nn.MSELoss())
    ratio = {r.name: float(r.value) for r in INSTRUMENT.measure(found)}["loss-over-guess"]
    assert ratio == pytest.approx(float(found.loss / y.var(correction=0)), rel=1e-5)
    assert ratio > 1000


def test_a_summed_loss_is_compared_with_a_summed_guess():
    mean, total = (
        read(INSTRUMENT, net(5).requires_grad_(), x, labels(), nn.CrossEntropyLoss(reduction=r))[
            "loss-over-guess"
        ]
        for x in [inputs()]
        for r in ("mean", "sum")
    )
    assert mean == pytest.approx(total, abs=0.1)


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_outputs_targets_and_warnings_are_left_alone():
    def loss_fn(outputs, targets):
        return F.mse_loss(outputs.mul_(1.0).add_(1), targets)

    found = probe(net(1), inputs(), torch.randn(N), nn.MSELoss())
    found.loss_fn = loss_fn
    before = found.outputs.clone(), found.targets.clone(), torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert INSTRUMENT.measure(found)
    assert torch.equal(found.outputs, before[0])
    assert torch.equal(found.targets, before[1])
    assert torch.equal(torch.get_rng_state(), before[2])


def test_of_large_outputs_the_first_examples_are_examined(monkeypatch):
    monkeypatch.setattr(_loss_calls, "EXAMINED", 50)
    found = probe(net(5, nn.Softmax(1)), inputs(), labels(), nn.CrossEntropyLoss())
    assert len(_loss_calls.heard(found).calls[0].input) == 10
    monkeypatch.setattr(_loss_calls, "TOO_MANY", 4)
    with pytest.raises(RuntimeError, match="too many"):
        _loss_calls.heard(found)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: x.softmax(1), "softmax"),
        (lambda x: x.sigmoid().view(-1).double(), "sigmoid"),
        (lambda x: torch.tanh(x)[:, :2].T, "tanh"),
        (lambda x: F.relu(x).squeeze(), "relu"),
        (lambda x: x.log_softmax(1), "log-softmax"),
        (lambda x: x * 2, "other"),
        (lambda x: x.detach(), ""),
        (lambda x: {"logits": x}, ""),
    ],
)
def test_the_last_operation_is_read_off_the_graph(function, name):
    assert last_operation(function(torch.randn(4, 3, requires_grad=True))) == name


@pytest.mark.parametrize("rows", [64, 63, 2])
@pytest.mark.parametrize(
    ("make", "power"),
    [
        (lambda r: nn.CrossEntropyLoss(reduction=r), {"mean": 0, "sum": 1}),
        (lambda r: lambda o, t: getattr((o[:, 0] - t) ** 2, r)(), {"mean": 0, "sum": 1}),
    ],
    ids=["module", "by hand"],
)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_sum_grows_with_the_batch_and_a_mean_does_not(make, power, reduction, rows):
    model = nn.Sequential(nn.Linear(10, 3), nn.Dropout(0.5), nn.BatchNorm1d(3))
    found = read(REDUCTION, model, inputs()[:rows], labels(3)[:rows], make(reduction))
    assert found[""] == pytest.approx(power[reduction], abs=1e-4)
    assert found["factor"] == pytest.approx(1, rel=1e-4)


def test_what_the_training_does_to_the_loss_is_its_factor():
    found = probe(net(3), inputs(), labels(3), nn.CrossEntropyLoss())
    found.loss = found.loss / 4
    assert {r.name: float(r.value) for r in REDUCTION.measure(found)}["factor"] == pytest.approx(0.25)


def test_a_batch_of_one_and_a_negative_loss_are_not_examined():
    assert "" not in read(REDUCTION, net(3), inputs()[:1], labels(3)[:1], F.cross_entropy)
    assert math.isnan(read(REDUCTION, net(3), inputs(), labels(3), lambda o, t: -F.cross_entropy(o, t))[""])


def test_the_batch_size_is_read_when_it_changes():
    memory = {}
    sizes = [
        read(BATCH_SIZE, net(3), inputs()[:n], labels(3)[:n], F.cross_entropy, memory=memory)
        for n in (64, 64, 10)
    ]
    assert sizes == [{"": 64.0}, {}, {"": 10.0}]


def test_the_tokens_of_a_batch_are_counted():
    x, y = torch.randint(11, (4, 7)), torch.randint(11, (4, 7))
    assert read(BATCH_SIZE, Tagger(), x, y, tokens_loss) == {"": 4.0, "targets": 28.0}
