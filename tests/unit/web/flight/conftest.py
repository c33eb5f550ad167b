"""The simulator flies PyTorch models; without it there is nothing to test."""

import pytest

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
