"""The exercises of notebook 6: the loss of both networks, the learning rate on its way down, explained variance."""

from ppo_lib.exercises.training_loop.annealed_learning_rate import check_annealed_learning_rate
from ppo_lib.exercises.training_loop.explained_variance import check_explained_variance
from ppo_lib.exercises.training_loop.total_loss import check_total_loss

__all__ = ["check_annealed_learning_rate", "check_explained_variance", "check_total_loss"]
