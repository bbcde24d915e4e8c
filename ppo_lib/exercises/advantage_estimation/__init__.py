"""The exercises of notebook 4: TD errors, GAE and the normalisation of advantages."""

from ppo_lib.exercises.advantage_estimation.gae import check_gae
from ppo_lib.exercises.advantage_estimation.normalize import check_normalize
from ppo_lib.exercises.advantage_estimation.td_errors import check_td_errors

__all__ = ["check_gae", "check_normalize", "check_td_errors"]
