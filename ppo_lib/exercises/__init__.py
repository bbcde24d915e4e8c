"""The exercises of the notebooks: one `check_...` each, which names the mistake that it recognises.

`checking` is the machinery. Every other module holds the exercises of the notebook of its name, with their solutions.
"""

from ppo_lib.exercises.advantage_estimation import check_gae, check_normalize, check_td_errors
from ppo_lib.exercises.evaluation import check_bootstrap_interval, check_crash_rate, check_wilson_interval

__all__ = [
    "check_bootstrap_interval",
    "check_crash_rate",
    "check_gae",
    "check_normalize",
    "check_td_errors",
    "check_wilson_interval",
]
