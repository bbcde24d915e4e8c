"""The exercises of notebook 2: probabilities, their logarithms and entropy, and the size of a convolution."""

from ppo_lib.exercises.actor_and_critic.action_log_probs import check_action_log_probs
from ppo_lib.exercises.actor_and_critic.action_probabilities import check_action_probabilities
from ppo_lib.exercises.actor_and_critic.conv_layer import check_conv_layer
from ppo_lib.exercises.actor_and_critic.entropy import check_entropy

__all__ = ["check_action_log_probs", "check_action_probabilities", "check_conv_layer", "check_entropy"]
