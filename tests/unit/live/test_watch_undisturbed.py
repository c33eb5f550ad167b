"""A training that is watched is to the bit what it is without."""

from __future__ import annotations

import functools

import pytest
import torch
from tests._nets import NETS
from tests._probes import state

from descentry.live._clock import VirtualClock
from descentry.live.watch import watch

STEPS = 6


def trained(make, watched, **options):
    """The losses and the state in which the training ends, and the run if it was watched."""
    training = make()
    losses = []
    gradients = training._gradients

    def noted():
        losses.append(gradients())
        return losses[-1]

    training._gradients = noted
    run = None
    if not watched:
        for _ in range(STEPS):
            training.step()
    else:
        with watch(training.model, training.optimizer, run_dir=None, _clock=VirtualClock(), **options) as one:
            for _ in range(STEPS):
                before = len(losses)
                training.step()
                one.step(losses[before])
            run = one.run()
            assert one.updates == STEPS
    return [loss.item() for loss in losses], state(training), run


@functools.cache
def bare(make):
    losses, end, _ = trained(make, False)
    return losses, end


@pytest.mark.parametrize("make", NETS.values(), ids=list(NETS))
def test_weights_losses_buffers_and_random_numbers_are_the_same_to_the_bit(make):
    torch.manual_seed(5)
    losses, end, run = trained(make, True)
    assert losses == bare(make)[0]
    assert end == bare(make)[1]
    assert len(run["loss"]) == STEPS
    assert len(run["gradient-norm"]) == STEPS
    assert not [g for g in run.gaps if "could not be read" in g.what or "was not measured" in g.what]
