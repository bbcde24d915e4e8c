"""The exercises of notebook 3: rewards to go, the loss of REINFORCE and the gradient of log softmax by hand."""

from ppo_lib.exercises.policy_gradient.grad_log_softmax import check_grad_log_softmax
from ppo_lib.exercises.policy_gradient.reinforce_loss import check_reinforce_loss
from ppo_lib.exercises.policy_gradient.rewards_to_go import check_rewards_to_go

__all__ = ["check_grad_log_softmax", "check_reinforce_loss", "check_rewards_to_go"]
