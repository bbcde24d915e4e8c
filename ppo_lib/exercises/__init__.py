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
from ppo_lib.exercises.environment import check_future_values, check_stack_images, check_step_reward

__all__ = [
    "check_action_log_probs",
    "check_action_probabilities",
    "check_conv_layer",
    "check_entropy",
    "check_future_values",
    "check_gae",
    "check_normalize",
    "check_stack_images",
    "check_step_reward",
    "check_td_errors",
]
