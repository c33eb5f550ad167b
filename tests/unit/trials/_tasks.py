"""Small trainings with one known fault, and remedies as a report would have them."""

import torch
from torch import nn

from descentry.core.data import Diagnosis, Remedy


def remedy(id, **change):
    return Remedy(id, change, "", "", "advise")


def diagnosis(cause, *remedies, probability=0.9, status="supported"):
    return Diagnosis(cause, cause, status, probability, remedies=remedies)


def cross_entropy(model, batch):
    return nn.functional.cross_entropy(model(batch[0]), batch[1])


def squared(model, batch):
    return nn.functional.mse_loss(model(batch[0]), batch[1])


def classes(scale=1.0, offset=0.0, batches=12, size=16, seed=0):
    """Batches of three classes that a line can tell apart, on features that may be badly scaled."""
    stream = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(batches):
        x = torch.randn(size, 4, generator=stream)
        y = x[:, :3].argmax(1)
        found.append((x * torch.tensor([1.0, 1.0, 1.0, scale]) + offset, y))
    return found


def values(scale=1.0, offset=0.0, batches=12, size=16, seed=0):
    """Batches of a regression whose targets may be badly scaled."""
    stream = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(batches):
        x = torch.randn(size, 3, generator=stream)
        found.append((x, scale * (x @ torch.tensor([[1.0], [-2.0], [0.5]])) + offset))
    return found


def network(inputs=4, outputs=3, *last, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(inputs, 16), nn.ReLU(), nn.Linear(16, outputs), *last)


def sgd(model, lr=0.1, **more):
    return torch.optim.SGD(model.parameters(), lr, **more)
