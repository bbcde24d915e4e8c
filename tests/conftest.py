import matplotlib
import pytest
import torch

matplotlib.use("agg")


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """The networks of the tests are too small to share, and several test processes share the cores."""
    torch.set_num_threads(1)
