"""What holds for every test: the same random numbers in every run, and no judging by how long it takes."""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, settings

# A busy machine makes data slowly; an example that was never seen before belongs on a desk, and not in CI.
settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


@pytest.fixture(autouse=True)
def seeded():
    """PyTorch's random numbers do not depend on which tests came before."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(0)
