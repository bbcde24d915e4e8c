"""What torch is told depends on what was said before, so each case is a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ppo_lib.threads import _own_choices

ROOT = Path(__file__).parent.parent
AFTERWARDS = "import ppo_lib.networks; print(torch.get_num_threads())"


def threads(code, **environment):
    unset = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    process = subprocess.run(
        [sys.executable, "-c", code], env=unset | environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(process.stdout)


@pytest.mark.parametrize("first", ["import torch", "import ppo_lib, torch", "import torch; torch.ones(9999).sum()"])
def test_it_is_one_thread_whichever_is_imported_first(first):
    assert threads(f"{first}; {AFTERWARDS}") == 1


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "MKL_NUM_THREADS"])
def test_the_environment_says_otherwise(name):
    assert threads(f"import torch; torch.set_num_threads(2); {AFTERWARDS}", **{name: "2"}) == 2


def test_the_user_says_otherwise_before():
    assert threads(f"import torch; torch.set_num_threads(97); {AFTERWARDS}") == 97  # as no machine would by itself


def test_the_user_says_otherwise_afterwards_and_nothing_takes_it_back():
    again = "from ppo_lib.threads import limit_threads; limit_threads(); print(torch.get_num_threads())"
    cores = os.cpu_count()
    assert threads(f"import torch, ppo_lib.networks; torch.set_num_threads({cores}); {again}") == cores


def test_torchs_own_choice_is_known_as_such():
    choice = threads("import torch; print(torch.get_num_threads())")
    assert choice in _own_choices()
