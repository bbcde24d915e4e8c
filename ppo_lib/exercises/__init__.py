"""The exercises of the notebooks: one `check_...` each, which names the mistake that it recognises.

`checking` is the machinery. Every other module holds the exercises of the notebook of its name, with their solutions.
"""

from ppo_lib.exercises.advantage_estimation import check_gae, check_normalize, check_td_errors

__all__ = ["check_gae", "check_normalize", "check_td_errors"]
