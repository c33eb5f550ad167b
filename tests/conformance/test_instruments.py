"""What every instrument must do, tried on trainings of every kind.

An instrument is exempt from a check by naming it, with the reason, in ``Instrument.exempt``: ``waiting``.
"""

from __future__ import annotations

import dataclasses
import functools
import gc
import re
import typing
import weakref

import pytest
import torch
from tests._nets import NETS
from tests._probes import Training, state
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from descentry.core import catalog
from descentry.instruments import _entry
from descentry.instruments._probe import Probe

ENTRIES = catalog.entries("instruments")
MODULES = catalog.modules("instruments")
CHECKS = {"waiting"}
HEADINGS = ["What it is", "How it is measured", "Cost", "How to read it", "Limits", "Sources"]
STEPS = 3

every_instrument = pytest.mark.parametrize("instrument", ENTRIES.values(), ids=lambda i: i.id)
every_net = pytest.mark.parametrize("make", NETS.values(), ids=list(NETS))


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(1)


def run(make, instrument):
    """The readings of each step, and the state in which the training ended."""
    training, memory = make(), {}
    readings = [training.step(instrument, memory) for _ in range(STEPS)]
    return readings, state(training)


@functools.cache
def bare(make):
    """The state in which the training ends when nobody looks."""
    return run(make, None)[1]


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_page_and_entry_are_complete(module):
    entry = module.INSTRUMENT
    assert entry.id == module.__name__.rsplit(".", 1)[-1].replace("_", "-")
    assert re.findall(r"^## (.+)$", module.__doc__, re.MULTILINE) == HEADINGS
    assert module.__doc__.splitlines()[0].endswith((".", "?"))
    assert all(re.search(rf"^## {h}\n\n(?!## )\s*\S", module.__doc__, re.MULTILINE) for h in HEADINGS)
    assert entry.needs <= set(typing.get_args(_entry.Need))
    assert entry.moment in typing.get_args(_entry.Moment)
    assert entry.how_often in typing.get_args(_entry.Frequency)
    assert entry.consecutive >= 1
    assert set(entry.exempt) <= CHECKS


@every_instrument
def test_what_is_read_at_every_step_costs_next_to_nothing(instrument):
    if instrument.how_often == "every-step":
        assert instrument.cost == _entry.Cost()
        assert not instrument.needs & {"batch", "activations", "weights-before"}


@every_net
@every_instrument
def test_it_reads_single_numbers_and_leaves_the_training_to_the_bit_what_it_is(instrument, make):
    steps, end = run(make, instrument)
    assert end == bare(make)
    for readings in steps:
        check(readings)


def check(readings):
    """Single numbers without a graph, each under a name of its own."""
    names = [r.name for r in readings]
    assert len(set(names)) == len(names)
    for reading in readings:
        assert isinstance(reading.name, str)
        for number in (reading.value, reading.error):
            if isinstance(number, torch.Tensor):
                assert number.numel() == 1
                assert not number.requires_grad
            else:
                assert number is None or type(number) is float
        assert reading.error is None or not float(reading.error) < 0


@every_instrument
def test_something_is_read(instrument):
    kinds = ("dropout and batch norm", "mixed precision", "recurrent with spectral norm")
    assert any(readings for kind in kinds for readings in run(NETS[kind], instrument)[0])


def graphs():
    """Every tensor that a graph hangs on, by identity."""
    gc.collect()
    found = [t for t in gc.get_objects() if issubclass(type(t), torch.Tensor)]
    return {id(t): t for t in found if t.grad_fn is not None}


@every_instrument
@pytest.mark.parametrize("kind", ["dropout and batch norm", "sparse embedding", "attention"])
def test_no_graph_and_no_model_is_kept(instrument, kind):
    before = graphs().keys()
    training, memory = NETS[kind](), {}
    kept = [training.step(instrument, memory) for _ in range(STEPS)]
    for module in training.model.modules():
        module.__dict__.pop("last", None)  # a net that keeps its own graph
    assert graphs().keys() - before == set()
    model = weakref.ref(training.model)
    del training, module
    gc.collect()
    assert model() is None
    assert len(kept) == STEPS


@every_instrument
def test_memory_does_not_grow(instrument):
    training, memory, sizes = NETS["dropout and batch norm"](), {}, []

    def size(value):
        if isinstance(value, torch.Tensor):
            return value.untyped_storage().nbytes()
        if isinstance(value, dict):
            return len(value) + sum(map(size, value.values()))
        if isinstance(value, (list, tuple, set)):
            return len(value) + sum(map(size, value))
        return size(vars(value)) if hasattr(value, "__dict__") and not isinstance(value, type) else 1

    for _ in range(8):
        training.step(instrument, memory)
        sizes.append(size(memory))
    assert sizes[-1] <= sizes[2]


class Passes(nn.Module):
    """Counts passes over the batch: forward, backward, and backward through the backward pass."""

    def __init__(self, rows):
        super().__init__()
        counted = self.counted = {"forward": 0.0, "backward": 0.0, "second": 0.0}

        def add(kind, tensor):
            counted[kind] += len(tensor) / rows

        class Back(torch.autograd.Function):
            @staticmethod
            def forward(ctx, gradient):
                add("backward", gradient)
                return gradient.clone()

            @staticmethod
            def backward(ctx, gradient):
                add("second", gradient)
                return gradient.clone()

        class Through(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                add("forward", x)
                return x.clone()

            @staticmethod
            def backward(ctx, gradient):
                return Back.apply(gradient)

        self.through = Through

    def forward(self, x):
        return self.through.apply(x)

    @property
    def gradients(self):
        return (self.counted["forward"] + 2 * self.counted["backward"] + 4 * self.counted["second"]) / 3


@every_instrument
@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam])
def test_cost_is_within_its_declaration(instrument, kind):
    passes = Passes(rows=16)
    # The second derivative of what follows the counter must not vanish, or nothing would be counted.
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), passes, nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3))
    training = Training(
        model, kind(model.parameters(), 0.01), F.cross_entropy, (torch.randn(16, 6),), torch.randint(3, (16,))
    )
    memory = {}
    for _ in range(STEPS):
        passes.counted.update(dict.fromkeys(passes.counted, 0.0))
        training.step(instrument, memory)
        assert passes.gradients - 1 <= instrument.cost.gradients + 1e-9
        if "batch" not in instrument.needs:
            assert passes.gradients == pytest.approx(1)


class Waits(TorchDispatchMode):
    """Notes each operation that would make a GPU wait, or be waited for."""

    NAMES = (
        "_local_scalar_dense",
        "nonzero",
        "equal",
        "_unique2",
        "unique_dim",
        "masked_select",
        "is_nonzero",
    )

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.__name__.partition(".")[0]
        masks = name == "index" and any(i is not None and i.dtype == torch.bool for i in args[1])
        if name in self.NAMES or masks:
            self.seen.append(name)
        return func(*args, **(kwargs or {}))


@every_instrument
@pytest.mark.parametrize(
    "kind", ["dropout and batch norm", "groups with a frozen layer and one outside", "bfloat16"]
)
def test_nothing_waits_for_the_device(instrument, kind):
    if "waiting" in instrument.exempt:
        pytest.skip(instrument.exempt["waiting"])
    training, memory, waits = NETS[kind](), {}, Waits()

    def measure(probe):
        with waits:
            return [*instrument.measure(probe)]

    watched = dataclasses.replace(instrument, measure=measure)
    for _ in range(STEPS):
        training.step(watched, memory)
    assert waits.seen == []


@every_instrument
@pytest.mark.parametrize("make", [NETS["dropout and batch norm"], NETS["a batch of one number"]])
def test_without_what_it_needs_it_says_nothing_or_why(instrument, make):
    training = make()
    parameters = dict(training.model.named_parameters())
    probe = Probe(0, training.model, training.optimizer, parameters)
    try:
        readings = [*instrument.measure(probe)]
    except RuntimeError:
        return
    assert all(isinstance(r, _entry.Reading) for r in readings)
