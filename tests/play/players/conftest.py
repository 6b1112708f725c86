"""Forward passes on one thread, as the worker runs them: more only wait for each other on busy cores."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> None:
    """For all tests of this folder."""
    torch.set_num_threads(1)
