"""The exercises of notebook 6: rollout, loss, update and loop of a learner, and how far a critic can be trusted."""

from ppo_lib.exercises.training_loop.annealed_learning_rate import check_annealed_learning_rate
from ppo_lib.exercises.training_loop.explained_variance import check_explained_variance
from ppo_lib.exercises.training_loop.loop import check_loop
from ppo_lib.exercises.training_loop.rollout import check_rollout
from ppo_lib.exercises.training_loop.total_loss import check_total_loss
from ppo_lib.exercises.training_loop.update import check_update

__all__ = [
    "check_annealed_learning_rate",
    "check_explained_variance",
    "check_loop",
    "check_rollout",
    "check_total_loss",
    "check_update",
]
