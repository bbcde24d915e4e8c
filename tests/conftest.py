import multiprocessing

import matplotlib
import pytest
import torch

matplotlib.use("agg")


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """The networks of the tests are too small to share, and several test processes share the cores."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="module")
def _no_process_left_behind():
    """A process that a file of tests leaves running holds pipes open that others wait for the end of."""
    yield
    left = multiprocessing.active_children()
    for process in left:
        process.kill()
    assert not left, f"{len(left)} processes were left running"
