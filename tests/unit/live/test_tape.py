"""A loss that was listened to is the loss: the same value and gradient, at other outputs too."""

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402

from descentry.live._tape import Tape  # noqa: E402


def heard(write, *, made=None, rows=8, columns=3):
    """What was heard of ``write(outputs, targets)``, with the loss that it gave."""
    torch.manual_seed(0)
    outputs = torch.randn(rows, columns, requires_grad=True) * 1.0
    targets = torch.randn(rows, columns) if made is None else made
    tape = Tape(outputs)
    tape.start()
    try:
        loss = write(outputs, targets)
    finally:
        tape.stop()
    assert torch._C._len_torch_function_stack() == 0
    return tape.ending_in(loss), loss, outputs, targets


def in_place(outputs, targets):
    loss = torch.zeros(())
    for column in range(3):
        loss += (outputs[:, column] - targets[:, column]).abs().mean()
    loss /= 2
    return loss


def weighted(outputs, targets):
    with torch.no_grad():
        weights = outputs.softmax(1)
    return -(weights * outputs.log_softmax(1)).sum(1).mean() + 0 * targets.sum()


CLASSES = torch.arange(8) % 3
LOSSES = {
    "a squared error": (lambda o, t: ((o - t) ** 2).mean(), None),
    "its half, from the right": (lambda o, t: 0.5 * (t - o).pow(2).sum() / 8, None),
    "a library loss, scaled and with a constant": (lambda o, t: F.cross_entropy(o, t) / 4 + 1, CLASSES),
    "log of a softmax by hand": (
        lambda o, t: -torch.log(torch.softmax(o, dim=1))[torch.arange(len(o)), t].mean(),
        CLASSES,
    ),
    "one-hot": (lambda o, t: -(F.one_hot(t, 3) * o.log_softmax(-1)).sum(-1).mean(), CLASSES),
    "added up in place": (in_place, None),
    "with weights that have no gradient": (weighted, None),
    "of parts": (
        lambda o, t: sum((a - b).square().sum() for a, b in zip(o.chunk(2), t.chunk(2), strict=True)),
        None,
    ),
    "the largest": (lambda o, t: (o.max(1).values - t.max(1)[0]).abs().mean(), None),
}


@pytest.mark.parametrize(("write", "made"), LOSSES.values(), ids=LOSSES)
def test_value_and_gradient_are_those_of_the_script_wherever_they_are_taken(write, made):
    found, loss, outputs, targets = heard(write, made=made)
    function, given, meant = found
    assert torch.equal(function(given, meant), loss)
    elsewhere = (3 * outputs.detach() - 1).requires_grad_()
    again, true = function([elsewhere], meant), write(elsewhere, targets)
    assert torch.equal(again, true)
    pairs = [torch.autograd.grad(v, elsewhere, create_graph=True)[0] for v in (again, true)]
    assert torch.equal(*pairs)


def test_a_loss_without_targets_and_one_that_the_model_returns():
    function, given, meant = heard(lambda o, t: (o**2).mean())[0]
    assert meant == ()
    assert function([2 * given[0]], ()).item() == pytest.approx(4 * function(given, ()).item())
    loss = torch.randn(4, requires_grad=True).sum()
    function, given, meant = Tape({"logits": torch.ones(2), "loss": loss}).ending_in(loss)
    assert function(given, meant) is not None
    assert function([torch.zeros(2), torch.tensor(7.0)], ()) == 7


def test_one_target_is_told_as_what_it_is():
    _, _, meant = heard(lambda o, t: ((o - t) ** 2).mean() * torch.tensor(2.0))[0]
    assert isinstance(meant, torch.Tensor)
    assert meant.shape == (8, 3)


@pytest.mark.parametrize(
    ("write", "cuts"),
    [
        (lambda o, t: ((o - t) ** 2).mean(), True),
        (lambda o, t: 0.3 * (o - t).abs().sum(1).mean() / 3, True),
        (lambda o, t: ((o - t) ** 2).sum() / len(o), False),
        (lambda o, t: ((o - t) ** 2).sum() * (1 / len(o)), False),
        (lambda o, t: (o - t).reshape(8, 3).square().mean(), False),
        (lambda o, t: (o - t)[torch.arange(8)].square().mean(), False),
    ],
)
def test_what_knows_how_many_examples_there_are_is_not_asked_about_fewer(write, cuts):
    (function, (outputs,), targets), *_ = heard(write)
    if cuts:
        assert torch.isfinite(function([outputs[:3]], targets[:3]))
    else:
        with pytest.raises(RuntimeError, match="whole batch"):
            function([outputs[:3]], targets[:3])


def written_into(o, t):
    o[:, 0] = 0
    return o.mean()


WEIGHT = torch.ones(3, requires_grad=True)


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, g):
        return 2 * g


@pytest.mark.parametrize(
    "write",
    [
        lambda o, t: (o - t).mean() + (WEIGHT**2).sum(),
        lambda o, t: Doubled.apply(o).mean(),
        lambda o, t: o.mul_(2).mean(),
        written_into,
        lambda o, t: (t * WEIGHT).mean(),
        lambda o, t: [o := o * 1.0 for _ in range(2000)][-1].mean(),
    ],
    ids=["weights", "custom function", "outputs overwritten", "set", "no outputs", "endless"],
)
def test_what_was_not_heard_in_full_is_no_loss(write):
    assert heard(write)[0] is None


def test_modes_of_the_script_stay_what_they_are():
    tape = Tape(torch.ones(2))
    tape.start()
    with torch.device("meta"):
        tape.stop()
        assert torch.zeros(1).device.type == "meta"
        assert not Tape.can_start()
    assert torch._C._len_torch_function_stack() == 0
    assert Tape.can_start()
    assert torch.zeros(1).device.type == "cpu"


def test_numbers_are_unchanged_and_errors_are_the_scripts():
    value = heard(lambda o, t: (o - t).exp().sum())[1]
    torch.manual_seed(0)
    o, t = torch.randn(8, 3) * 1.0, torch.randn(8, 3)
    assert torch.equal(value, (o - t).exp().sum())
    with pytest.raises(RuntimeError, match=r"shape|size"):
        heard(lambda o, t: o @ t)
    assert torch._C._len_torch_function_stack() == 0
