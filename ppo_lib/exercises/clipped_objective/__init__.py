"""The exercises of notebook 5: the clipped objective, the estimate of the KL, the clip fraction, weights of drives."""

from ppo_lib.exercises.clipped_objective.clip_fraction import check_clip_fraction
from ppo_lib.exercises.clipped_objective.clipped_loss import check_clipped_loss
from ppo_lib.exercises.clipped_objective.drive_weights import check_drive_weights
from ppo_lib.exercises.clipped_objective.kl import check_kl

__all__ = ["check_clip_fraction", "check_clipped_loss", "check_drive_weights", "check_kl"]
