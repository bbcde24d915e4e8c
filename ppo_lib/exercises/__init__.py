"""The exercises of the notebooks: one `check_...` each, which names the mistake that it recognises.

`checking` is the engine, with what it needs. The packages hold the exercises of the notebooks of their names, one in
each module, with their solutions.
"""

from ppo_lib.exercises.actor_and_critic import (
    check_action_log_probs,
    check_action_probabilities,
    check_conv_layer,
    check_entropy,
)
from ppo_lib.exercises.advantage_estimation import check_gae, check_normalize, check_td_errors
from ppo_lib.exercises.clipped_objective import check_clip_fraction, check_clipped_loss, check_drive_weights, check_kl
from ppo_lib.exercises.environment import check_future_values, check_plan, check_stack_images, check_step_reward
from ppo_lib.exercises.evaluation import (
    check_bootstrap_interval,
    check_crash_rate,
    check_same_roads,
    check_wilson_interval,
)
from ppo_lib.exercises.hints import Hints
from ppo_lib.exercises.policy_gradient import check_grad_log_softmax, check_reinforce_loss, check_rewards_to_go
from ppo_lib.exercises.training_loop import (
    check_annealed_learning_rate,
    check_explained_variance,
    check_loop,
    check_rollout,
    check_total_loss,
    check_update,
)

# By the name that its check_..., hints and grades go by, in the order of the notebooks.
CHECKS = {
    check.name: check
    for check in (
        check_step_reward,
        check_stack_images,
        check_future_values,
        check_plan,
        check_action_probabilities,
        check_action_log_probs,
        check_entropy,
        check_conv_layer,
        check_rewards_to_go,
        check_reinforce_loss,
        check_grad_log_softmax,
        check_td_errors,
        check_gae,
        check_normalize,
        check_clipped_loss,
        check_kl,
        check_clip_fraction,
        check_drive_weights,
        check_rollout,
        check_total_loss,
        check_update,
        check_annealed_learning_rate,
        check_loop,
        check_explained_variance,
        check_bootstrap_interval,
        check_wilson_interval,
        check_crash_rate,
        check_same_roads,
    )
}
hint = Hints(CHECKS)

__all__ = [
    "CHECKS",
    "check_action_log_probs",
    "check_action_probabilities",
    "check_annealed_learning_rate",
    "check_bootstrap_interval",
    "check_clip_fraction",
    "check_clipped_loss",
    "check_conv_layer",
    "check_crash_rate",
    "check_drive_weights",
    "check_entropy",
    "check_explained_variance",
    "check_future_values",
    "check_gae",
    "check_grad_log_softmax",
    "check_kl",
    "check_loop",
    "check_normalize",
    "check_plan",
    "check_reinforce_loss",
    "check_rewards_to_go",
    "check_rollout",
    "check_same_roads",
    "check_stack_images",
    "check_step_reward",
    "check_td_errors",
    "check_total_loss",
    "check_update",
    "check_wilson_interval",
    "hint",
]
