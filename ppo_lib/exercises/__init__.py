"""The exercises of the notebooks: one `check_...` each, which names the mistake that it recognises.

`checking` is the machinery. Every other module holds the exercises of the notebook of its name, with their solutions.
"""

from ppo_lib.exercises.actor_and_critic import (
    check_action_log_probs,
    check_action_probabilities,
    check_conv_layer,
    check_entropy,
)
from ppo_lib.exercises.advantage_estimation import check_gae, check_normalize, check_td_errors
from ppo_lib.exercises.clipped_objective import check_clip_fraction, check_clipped_loss, check_kl

__all__ = [
    "check_action_log_probs",
    "check_action_probabilities",
    "check_clip_fraction",
    "check_clipped_loss",
    "check_conv_layer",
    "check_entropy",
    "check_gae",
    "check_kl",
    "check_normalize",
    "check_td_errors",
]
