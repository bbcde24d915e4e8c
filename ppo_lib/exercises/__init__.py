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
from ppo_lib.exercises.environment import check_future_values, check_stack_images, check_step_reward
from ppo_lib.exercises.evaluation import check_bootstrap_interval, check_crash_rate, check_wilson_interval
from ppo_lib.exercises.training_loop import check_annealed_learning_rate, check_explained_variance, check_total_loss

__all__ = [
    "check_action_log_probs",
    "check_action_probabilities",
    "check_annealed_learning_rate",
    "check_bootstrap_interval",
    "check_clip_fraction",
    "check_clipped_loss",
    "check_conv_layer",
    "check_crash_rate",
    "check_entropy",
    "check_explained_variance",
    "check_future_values",
    "check_gae",
    "check_kl",
    "check_normalize",
    "check_stack_images",
    "check_step_reward",
    "check_td_errors",
    "check_total_loss",
    "check_wilson_interval",
]
