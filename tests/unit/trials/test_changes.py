"""Each remedy that can be tried does what it says, alone; where it makes no sense, the reason is said."""

import math
import warnings

import pytest
import torch
from tests.unit.trials._tasks import classes, cross_entropy, network, remedy, sgd, squared, values
from torch import nn

import descentry
from descentry.core import catalog
from descentry.trials._lanes import BY_HAND
from descentry.trials.changes import changes


@pytest.fixture(autouse=True)
def _seeded():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def tried(one, model, optimizer, batches, loss, steps=60, seeds=3, **more):
    return descentry.try_remedies(model, optimizer, batches, loss, [one], steps=steps, seeds=seeds, **more)


def test_every_remedy_is_tried_or_has_a_reason():
    known = set(catalog.entries("remedies"))
    assert known == set(changes()) | set(BY_HAND)
    assert not set(changes()) & set(BY_HAND)


def test_a_softmax_too_many_is_taken_out_and_both_are_judged_by_the_probabilities_they_state():
    model = network(4, 3, nn.Softmax(dim=1))
    found = tried(remedy("use-logits", outputs="logits"), model, sgd(model, 0.5), classes(), cross_entropy)
    assert found.best.title == "taking the softmax out of the end of the model"
    assert found.best.judged_by == found.best.title
    assert found["control"].loss.mean() > 0.55  # softmax twice cannot fall below ln(e + 2) − 1
    assert found.best.loss.mean() < 0.55
    assert "In brackets: the control arm by the loss of the arm beside it" in " ".join(str(found).split())


def test_a_sigmoid_too_many_is_told_though_the_loss_is_at_its_floor():
    model = network(4, 1, nn.Sigmoid())
    batches = [(x, (y == 0).float()[:, None]) for x, y in classes()]

    def loss(model, batch):
        return nn.functional.binary_cross_entropy_with_logits(model(batch[0]), batch[1])

    found = tried(remedy("use-logits", outputs="logits"), model, sgd(model, 0.5), batches, loss, steps=100)
    assert found.best.title == "taking the sigmoid out of the end of the model"


def test_a_softmax_in_the_forward_is_found_too():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = network()

        def forward(self, x):
            return torch.softmax(self.body(x), -1).view(len(x), 3)

    model = Own()
    found = tried(remedy("use-logits", outputs="logits"), model, sgd(model, 0.5), classes(), cross_entropy)
    assert found.best is not None
    applied = found.apply(found.best.id)
    x, y = classes()[0]
    assert applied.compute_loss(model, (x, y)).item() == pytest.approx(
        nn.functional.cross_entropy(model.body(x), y).item()
    )


def test_raw_scores_under_nll_are_judged_by_cross_entropy():
    model = network()

    def loss(model, batch):
        return nn.functional.nll_loss(model(batch[0]), batch[1])

    found = tried(remedy("use-logits", loss="cross_entropy"), model, sgd(model), classes(), loss)
    assert found.best.judged_by
    assert 0 < found.best.loss.mean() < found.best.control.mean()


def test_targets_that_are_broadcast_are_given_the_shape_of_the_outputs():
    model = network(3, 1)
    batches = [(x, y[:, 0]) for x, y in values()]

    def loss(model, batch):
        out, target = model(batch[0]), batch[1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch warns of just this
            return nn.functional.mse_loss(out, target)

    found = tried(remedy("match-shapes", targets="unsqueeze(1)"), model, sgd(model, 0.05), batches, loss)
    assert found.best.judged_by == "giving outputs and targets one shape"
    assert found.best.loss.mean() < 0.3 * found.best.control.mean()


def test_one_output_under_cross_entropy_becomes_a_yes_or_no():
    model = network(4, 1)
    batches = [(x, (y == 0).long()) for x, y in classes()]

    def loss(model, batch):
        return nn.functional.cross_entropy(model(batch[0]), torch.zeros_like(batch[1]) * batch[1])

    single = remedy("match-loss", loss="binary_cross_entropy_with_logits")
    found = tried(single, model, sgd(model), batches, loss)
    assert "BCEWithLogitsLoss" in found.arms[1].title


def test_large_targets_are_standardised_and_the_loss_stays_in_their_units():
    model = network(3, 1)
    batches = values(scale=100.0, offset=1000.0)
    found = tried(
        remedy("standardise-targets", targets="standardise"),
        model,
        sgd(model, 1e-3),
        batches,
        squared,
        seeds=6,
    )
    assert found.best.remedy == "standardise-targets"
    assert found.start > 1e5
    applied = found.apply(found.best.id)
    x, y = batches[0]
    assert model(x).mean().item() == pytest.approx(1000, rel=0.1)
    assert applied.compute_loss(model, (x, y)).item() == pytest.approx(
        (squared(model, (x, y)) / torch.cat([b[1] for b in batches]).var()).item(), rel=0.3
    )
    applied.undo()
    assert model(x).mean().item() < 10


def test_standardised_inputs_have_mean_zero_and_spread_one_by_channel():
    seen = {}

    def watched(model, batch):
        return nn.functional.cross_entropy(
            model(batch[0]).flatten(1).mean(1, keepdim=True).expand(-1, 2), batch[1]
        )

    class Look(nn.Conv2d):
        def forward(self, x):
            seen["x"] = x.detach()
            return super().forward(x)

    model = nn.Sequential(Look(3, 2, 3))
    x = torch.rand(64, 3, 6, 6) * torch.tensor([1.0, 10.0, 100.0]).view(3, 1, 1) + 5
    found = tried(
        remedy("standardise-inputs", inputs="standardise"),
        model,
        sgd(model),
        [(x, torch.zeros(64, dtype=torch.long))],
        watched,
        steps=10,
        seeds=1,
    )
    applied = found.apply("standardise-inputs")
    watched(model, (x, torch.zeros(64, dtype=torch.long)))
    assert torch.allclose(seen["x"].mean((0, 2, 3)), torch.zeros(3), atol=1e-4)
    assert torch.allclose(seen["x"].std((0, 2, 3)), torch.ones(3), atol=1e-2)
    applied.undo()


def test_decorrelated_inputs_are_uncorrelated_and_constant_columns_stay_finite():
    x = torch.randn(400, 2)
    x = torch.stack([x[:, 0], x[:, 0] + 0.01 * x[:, 1], torch.full((400,), 3.0)], 1)
    batches = [(part, part[:, :1] - 100 * (part[:, 1:2] - part[:, :1])) for part in x.split(40)]
    model = nn.Linear(3, 1)
    found = tried(
        remedy("decorrelate-inputs", inputs="decorrelate"),
        model,
        sgd(model, 0.1),
        batches,
        squared,
        steps=100,
    )
    assert found.best.remedy == "decorrelate-inputs"
    assert found.best.loss.mean() < 0.2 * found.best.control.mean()


def test_layers_that_begin_alike_are_drawn_anew_and_differently_for_each_seed():
    model = network()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0.0)
    found = tried(
        remedy("reinitialise", init="kaiming_normal_"), model, sgd(model, 0.2), classes(), cross_entropy
    )
    assert found.best.remedy == "reinitialise"
    assert len(set(found.best.loss.tolist())) == found.seeds


def test_frozen_layers_learn_and_missing_ones_are_given_to_the_optimizer():
    model = network()
    model[0].requires_grad_(False)
    found = tried(remedy("unfreeze", requires_grad=True), model, sgd(model, 0.5), classes(), cross_entropy)
    assert found.best.remedy == "unfreeze"
    assert not model[0].weight.requires_grad
    model = network()
    optimizer = torch.optim.SGD(model[2].parameters(), 0.5)
    found = tried(remedy("register-parameters", parameters="all"), model, optimizer, classes(), cross_entropy)
    assert found.best.remedy == "register-parameters"
    assert len(optimizer.param_groups) == 1
    applied = found.apply("register-parameters")
    assert len(optimizer.param_groups) == 2
    applied.undo()
    assert len(optimizer.param_groups) == 1


def test_a_summed_loss_is_divided_by_the_number_of_examples():
    model = network(3, 1)

    def loss(model, batch):
        return nn.functional.mse_loss(model(batch[0]), batch[1], reduction="sum")

    found = tried(remedy("use-mean-loss", reduction="mean"), model, sgd(model, 0.05), values(size=64), loss)
    assert found.best.remedy == "use-mean-loss"
    x = values(size=64)[0]
    applied = found.apply("use-mean-loss")
    assert applied.compute_loss(model, x).item() == pytest.approx(loss(model, x).item() / 64)


def test_bad_batches_are_skipped():
    batches = classes()
    bad = batches[3][0].clone()
    bad[0, 0] = math.nan
    batches[3] = (bad, batches[3][1])

    def loss(model, batch):
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    model = network()
    found = tried(remedy("guard-batches", skip_non_finite=True), model, sgd(model), batches, loss)
    assert found.best.remedy == "guard-batches"
    assert "without it the loss ran away" in found.best.sentence


@pytest.mark.parametrize(
    ("one", "setting", "value"),
    [
        (remedy("add-momentum", momentum=0.9), "momentum", 0.9),
        (remedy("lower-weight-decay", weight_decay=1e-4), "weight_decay", 1e-4),
        (remedy("lower-lr", lr=0.05), "lr", 0.05),
        (remedy("raise-lr", lr_factor=2.0), "lr", 0.2),
        (remedy("flip-sign", maximize=False), "maximize", False),
    ],
)
def test_settings_are_applied_and_taken_back(one, setting, value):
    model = network()
    optimizer = sgd(model, weight_decay=0.01, maximize=one.id == "flip-sign")
    before = optimizer.param_groups[0][setting]
    found = tried(one, model, optimizer, classes(), cross_entropy, steps=10, seeds=1)
    assert optimizer.param_groups[0][setting] == before
    applied = found.apply(one.id)
    assert optimizer.param_groups[0][setting] == pytest.approx(value)
    applied.undo()
    assert optimizer.param_groups[0][setting] == before


def test_groups_keep_their_proportions():
    model = network()
    optimizer = torch.optim.SGD(
        [{"params": model[0].parameters(), "lr": 0.01}, {"params": model[2].parameters()}], 0.1
    )
    found = tried(remedy("lower-lr", lr=0.05), model, optimizer, classes(), cross_entropy, steps=10, seeds=1)
    found.apply("lower-lr")
    assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([0.005, 0.05])


def test_a_clip_that_is_applied_works_in_the_users_own_loop():
    model = network()
    optimizer = sgd(model, 1.0)
    found = tried(
        remedy("clip-gradients", max_grad_norm=1e-3),
        model,
        optimizer,
        classes(),
        cross_entropy,
        steps=10,
        seeds=1,
    )
    applied = found.apply("clip-gradients")
    before = torch.cat([p.detach().flatten() for p in model.parameters()]).clone()
    cross_entropy(model, classes()[0]).backward()
    optimizer.step()
    after = torch.cat([p.detach().flatten() for p in model.parameters()])
    assert float((after - before).norm()) == pytest.approx(1e-3, rel=1e-3)
    applied.undo()
    now = torch.cat([p.detach().flatten() for p in model.parameters()])
    assert torch.equal(now, before)


def test_a_schedule_that_is_applied_counts_from_then_on():
    model = network()
    optimizer = sgd(model, 1.0)
    found = tried(
        remedy("warm-up", warmup_steps=4), model, optimizer, classes(), cross_entropy, steps=10, seeds=1
    )
    applied = found.apply("warm-up")
    rates = []
    for batch in classes()[:6]:
        cross_entropy(model, batch).backward()
        optimizer.step()
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])
    applied.undo()
    assert optimizer.param_groups[0]["lr"] == 1.0


def test_another_optimizer_is_handed_over():
    model = network()
    optimizer = sgd(model)
    adam = remedy("switch-to-adam", optimizer="Adam", lr=1e-3)
    applied = tried(adam, model, optimizer, classes(), cross_entropy, steps=10, seeds=1).apply(
        "switch-to-adam"
    )
    assert isinstance(applied.optimizer, torch.optim.Adam)
    assert "applied.optimizer" in str(applied)


def test_larger_batches_cost_what_they_cost():
    model = network()
    found = tried(remedy("larger-batch", batch_size=64), model, sgd(model), classes(), cross_entropy, 10, 1)
    arm = found["larger-batch"]
    assert arm.title == "enlarging the batch to 64"
    assert arm.gradients == pytest.approx(40 + 3 * 3 / 3)  # three looks in ten steps, three batches each


@pytest.mark.parametrize(
    ("one", "make", "why"),
    [
        (remedy("use-logits", outputs="logits"), network, "no softmax, sigmoid"),
        (remedy("match-shapes"), network, "none of PyTorch's for regression"),
        (remedy("standardise-targets"), network, "none of PyTorch's for regression"),
        (remedy("unfreeze"), network, "no parameter is frozen"),
        (remedy("register-parameters"), network, "holds every parameter"),
        (remedy("lower-dropout", dropout=0.2), network, "no dropout module"),
        (remedy("flip-sign", loss_factor=-1.0), network, "which sign is meant"),
        (remedy("match-loss", loss="cross_entropy", outputs=3), network, "needs other outputs"),
        (remedy("lower-lr"), network, "no rate to begin from"),
        (remedy("larger-batch", batch_size=16), network, "as large already"),
        (remedy("change-activation", activation="ReLU"), lambda: nn.Linear(4, 3), "no activation module"),
        (remedy("change-activation", activation="ReLU"), network, "ReLU already"),
    ],
)
def test_what_makes_no_sense_is_not_tried_and_the_reason_is_said(one, make, why):
    model = make()
    found = tried(one, model, sgd(model), classes(), cross_entropy, steps=10)
    assert len(found.arms) == 1
    assert found.stopped == "There was nothing that could be tried."
    assert why in dict(found.untried)[one.id]


def test_tokens_are_not_standardised():
    model = nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(8, 3))
    batches = [(torch.randint(10, (16, 2)), torch.randint(3, (16,))) for _ in range(6)]
    found = tried(
        remedy("standardise-inputs", inputs="standardise"), model, sgd(model), batches, cross_entropy, 10
    )
    assert "no real numbers" in dict(found.untried)["standardise-inputs"]


def test_the_control_arm_cannot_be_applied():
    model = network()
    found = tried(remedy("lower-lr", lr_factor=0.5), model, sgd(model), classes(), cross_entropy, 10, 1)
    with pytest.raises(descentry.DescentryError, match="changes nothing"):
        found.apply("control")
    with pytest.raises(descentry.DescentryError, match="Did you mean 'lower-lr'"):
        found.apply("lower-rl")
