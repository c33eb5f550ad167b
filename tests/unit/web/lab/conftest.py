"""The lab's engine is PyTorch; without it there is nothing to test."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("starlette")


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
