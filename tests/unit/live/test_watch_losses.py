"""How a loss follows from what the model returns is found out, however the loop is written, or not at all."""

from __future__ import annotations

import pytest
import torch
from tests.unit.live._loops import batch, mlp, sgd, train, watched
from torch import nn
from torch.nn import functional as F
from torch.nn.functional import cross_entropy

STEPS = 3


class Tokens(nn.Module):
    """Logits for each of some tokens."""

    def __init__(self):
        super().__init__()
        self.embed, self.out = nn.Embedding(7, 4), nn.Linear(4, 7)

    def forward(self, x):
        return self.out(self.embed(x))


class WithLoss(Tokens):
    def forward(self, x):
        logits = super().forward(x)
        return {"loss": F.cross_entropy(logits.view(-1, 7), x.view(-1)), "logits": logits}


class Own(nn.Module):
    """A loss that is nobody else's."""

    def forward(self, outputs, targets):
        return (outputs.logsumexp(1) - outputs.gather(1, targets[:, None])[:, 0]).sum() / 12


def classes(loss_of):
    return lambda: (mlp(), lambda model: loss_of(*_called(model)))


def tokens(model, loss_of):
    def loss(model):
        x = torch.randint(7, (6, 5))
        return loss_of(model(x), x)

    return lambda: (model(), loss)


def _called(model):
    x, y = batch()
    return model(x), y


SEEN = {
    "functional": (classes(lambda out, y: F.cross_entropy(out, y)), "cross_entropy"),
    "imported by name": (classes(lambda out, y: cross_entropy(out, y)), "cross_entropy"),
    "a module": (classes(nn.CrossEntropyLoss(label_smoothing=0.1)), "cross_entropy"),
    "by hand": (
        classes(lambda out, y: (out.log_softmax(1) * F.one_hot(y, 3)).sum(1).mean().neg()),
        "written by hand",
    ),
    "scaled for accumulation": (classes(lambda out, y: F.cross_entropy(out, y) / 4), "written by hand"),
    "tokens in one row": (
        tokens(Tokens, lambda out, x: F.cross_entropy(out.view(-1, 7), x.view(-1))),
        "cross_entropy",
    ),
    "classes in the middle": (
        tokens(Tokens, lambda out, x: F.cross_entropy(out.transpose(1, 2), x)),
        "cross_entropy",
    ),
    "in the model": (tokens(WithLoss, lambda out, x: out["loss"]), "model"),
    "another precision": (classes(lambda out, y: F.cross_entropy(out.double(), y)), "cross_entropy"),
}


@pytest.mark.parametrize(("make", "name"), SEEN.values(), ids=list(SEEN))
def test_the_loss_is_computed_again_as_the_loop_did(make, name):
    torch.manual_seed(3)
    model, loss_of = make()
    optimizer = sgd(model, lr=0.01)
    with watched(model, optimizer) as one:
        losses = train(model, optimizer, one, STEPS, loss_of)
        run = one.run()
    assert run.config["loss_function"] == name
    after, decrease = run["after-step"], run["after-step/decrease"]
    assert (after.value + decrease.value).tolist() == pytest.approx(losses, rel=1e-5)
    assert run["after-step/ratio"].value == pytest.approx(1.0, abs=0.1)
    assert run["wiring/left-over"].value == pytest.approx(0.0, abs=1e-3)
    assert len(run["sharpness"]) >= 1


@pytest.mark.parametrize("kind", ["tokens in one row", "classes in the middle"])
def test_a_batch_of_tokens_can_be_parted(kind):
    model, loss_of = SEEN[kind][0]()
    optimizer = sgd(model, lr=0.01)
    with watched(model, optimizer) as one:
        train(model, optimizer, one, 1, loss_of)
        run = one.run()
    assert run["noise-scale/noise"].value[0] > 0
    assert run.config["batch_size"] == 6
    assert run["batch-size/targets"].value[0] == 30


def test_a_loss_function_of_the_users_own_is_seen_where_it_is_given():
    model, loss_fn = mlp(), Own()
    optimizer = sgd(model)
    with watched(model, optimizer, loss_fn=loss_fn) as one:
        train(model, optimizer, one, STEPS, lambda model: loss_fn(*_called(model)))
        run = one.run()
        assert not loss_fn._forward_hooks or one.is_measuring
    assert not loss_fn._forward_hooks
    assert run.config["loss_function"] == "Own"
    assert len(run["sharpness"]) >= 1


def two_models(model):
    other = nn.Linear(6, 3)
    x, y = batch()
    return F.cross_entropy(model(x) + other(x), y)


def two_calls(model):
    return F.cross_entropy(*_called(model)) + F.cross_entropy(*_called(model))


def weights_in_it(model):
    return F.cross_entropy(*_called(model)) + 0.1 * model[0].weight.square().sum()


def not_called(model):
    x, y = batch()
    return F.cross_entropy(F.linear(model[1](model[0](x)), model[2].weight, model[2].bias), y)


@pytest.mark.parametrize("loss_of", [two_models, two_calls, weights_in_it, not_called])
def test_where_more_is_in_the_loss_nothing_wrong_is_measured(loss_of):
    model = mlp()
    optimizer = sgd(model)
    with watched(model, optimizer) as one:
        train(model, optimizer, one, STEPS, loss_of)
        run = one.run()
    assert len(run["gradient-norm"]) == STEPS
    assert not {"sharpness", "after-step", "noise-scale"} & {s.name for s in run.series}
    (gap,) = [g.what for g in run.gaps if "sharpness" in g.what]
    assert "was not seen" in gap or "not seen to be called" in gap


def test_clipping_is_seen():
    model = mlp()
    optimizer = sgd(model)
    with watched(model, optimizer) as one:
        for _ in range(3):
            optimizer.zero_grad()
            loss = F.cross_entropy(*_called(model))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.05)
            optimizer.step()
            one.step(loss)
        run = one.run()
    assert run["learning-rate/clipping"].value[0] == pytest.approx(0.05)
    assert run["gradient-norm"].value == pytest.approx(0.05, rel=1e-3)


def test_what_was_wrapped_to_listen_is_put_back():
    before = F.cross_entropy, nn.utils.clip_grad_norm_, torch.Tensor.backward, torch.autograd.backward
    model = mlp()
    optimizer = sgd(model)
    one = watched(model, optimizer)
    assert F.cross_entropy is not before[0]
    model(batch()[0])  # and no backward
    one.close()
    assert (
        F.cross_entropy, nn.utils.clip_grad_norm_, torch.Tensor.backward, torch.autograd.backward
    ) == before  # fmt: skip
    assert torch._C._len_torch_function_stack() == 0
    assert not model._forward_hooks


def test_an_evaluation_without_end_is_not_listened_to():
    model = mlp()
    optimizer = sgd(model)
    with watched(model, optimizer) as one:
        train(model, optimizer, one, 2)
        assert one.is_measuring
        for _ in range(20):
            model(batch()[0])
        assert not model._forward_hooks
        assert torch._C._len_torch_function_stack() == 0
        train(model, optimizer, one, 2)
        assert len(one.run()["gradient-norm"]) == 4
